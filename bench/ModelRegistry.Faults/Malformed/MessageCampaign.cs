using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;

namespace ModelRegistry.Fuzz;

/// <summary>
/// Sends malformed messages to one server over a pair of streams, a batch at a time, and holds what comes back against what
/// had to come: nothing missing, nothing twice, nothing that is no message.
/// </summary>
internal sealed class MessageCampaign : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Stream _toServer;
    private readonly IReadOnlyList<string> _secrets;
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly Channel<bool> _arrived = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _over = new();
    private readonly Task _reading;
    private readonly Dictionary<string, int> _late = [];
    private readonly List<Task> _replies = [];
    private int _questions;

    /// <param name="secrets">Texts that no error may show.</param>
    public MessageCampaign(Stream toServer, Stream fromServer, IReadOnlyList<string> secrets)
    {
        (_toServer, _secrets) = (toServer, secrets);
        _reading = ReadToEndAsync(PipeReader.Create(fromServer));
    }

    /// <summary>Answers so far that said something was done: not everything was refused.</summary>
    public int Done { get; private set; }

    /// <summary>Runs one batch; null, or what went wrong and the bytes that may have done it.</summary>
    public async Task<string?> RunAsync(MalformedMessages messages, int from, int count)
    {
        var expected = new Dictionary<string, (int Least, int Most)>();
        var listening = new List<string>();
        using var all = new MemoryStream();
        for (var index = from; index < from + count; index++)
        {
            var bytes = messages[index];
            all.Write(bytes);
            all.WriteByte((byte)'\n');
            foreach (var line in Lines(bytes))
            {
                var one = Expectation.Of(line);
                var sum = expected.GetValueOrDefault(one.Id);
                expected[one.Id] = (sum.Least + one.Least, sum.Most + one.Most);
                if (one.OrNobody)
                    expected[Expectation.Nobody] = (expected.GetValueOrDefault(Expectation.Nobody).Least, expected.GetValueOrDefault(Expectation.Nobody).Most + 1);
                else if (one is { Least: 0, Most: 1 })
                    listening.Add(one.Id);
            }
        }
        var end = $"end of {from}";
        expected[Nasty.Quoted(end)] = (1, 1);
        await WriteAsync(all.ToArray());
        foreach (var id in listening)
            await WriteAsync(Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{{id}}}}}""" + "\n"));
        await WriteAsync(Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","id":"{{{end}}}","method":"ping"}""" + "\n"));
        var missing = await ArriveAsync(expected);
        foreach (var id in _answers.Keys.ToList())
            if (_answers.TryRemove(id, out var times) && (_late.Remove(id, out var late) ? late : 0) + expected.GetValueOrDefault(id).Most is var most && times > most)
                _problems.Enqueue($"{times} answers to {id[..Math.Min(id.Length, 100)]}, not {most}");
            else if (id != Expectation.Nobody)
                expected.Remove(id);
        // What may be answered may be so later.
        foreach (var (id, times) in expected.Where(e => e.Key != Expectation.Nobody && e.Value.Most > 0))
            _late[id] = times.Most;
        if (missing is null && _problems.IsEmpty)
            return null;
        var report = new StringBuilder().AppendLine(missing).AppendJoin('\n', _problems.Take(10));
        for (var index = from; index < from + count; index++)
            report.Append("\ncase ").Append(index).Append(": ").Append(Shown(messages[index]));
        _problems.Clear();
        return report.ToString();
    }

    /// <summary>The lines that a reader of the stream sees.</summary>
    public static IEnumerable<byte[]> Lines(byte[] bytes)
    {
        for (var start = 0; ;)
        {
            var end = Array.IndexOf(bytes, (byte)'\n', start);
            yield return bytes[start..(end < 0 ? bytes.Length : end)];
            if (end < 0)
                yield break;
            start = end + 1;
        }
    }

    public static string Shown(byte[] bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes.AsSpan(0, Math.Min(bytes.Length, 2_000)))
            text.Append(b is >= 0x20 and < 0x7F and not (byte)'\\' ? ((char)b).ToString() : $"\\x{b:x2}");
        return bytes.Length > 2_000 ? $"{text}… ({bytes.Length} bytes)" : text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_replies).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _toServer.DisposeAsync();
        await _over.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _writing.Dispose();
        _over.Dispose();
    }

    /// <summary>Waits until everything that had to come has; null, or what did not.</summary>
    private async Task<string?> ArriveAsync(Dictionary<string, (int Least, int Most)> expected)
    {
        using var patience = new CancellationTokenSource(Patience);
        var open = expected.Where(e => e.Value.Least > 0).Select(e => (Id: e.Key, e.Value.Least)).ToList();
        while (true)
        {
            open.RemoveAll(o => _answers.GetValueOrDefault(o.Id) >= o.Least);
            if (open.Count == 0)
                return null;
            try
            {
                if (!await _arrived.Reader.WaitToReadAsync(patience.Token))
                    return $"The server is gone; no answer to {string.Join(", ", open.Select(o => o.Id[..Math.Min(o.Id.Length, 100)]))}";
                _arrived.Reader.TryRead(out _);
            }
            catch (OperationCanceledException)
            {
                return $"No answer to {string.Join(", ", open.Select(o => o.Id[..Math.Min(o.Id.Length, 100)]))}";
            }
        }
    }

    private async Task ReadToEndAsync(PipeReader output)
    {
        try
        {
            await ReadAsync(output);
            _arrived.Writer.Complete();
        }
        catch (Exception e)
        {
            _arrived.Writer.Complete(e);
        }
    }

    private async Task ReadAsync(PipeReader output)
    {
        for (var ended = false; !ended;)
        {
            var read = await output.ReadAsync(_over.Token);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                Take(rest.Slice(0, end));
                rest = rest.Slice(rest.GetPosition(1, end));
            }
            output.AdvanceTo(rest.Start, read.Buffer.End);
            ended = read.IsCompleted;
        }
    }

    private void Take(ReadOnlySequence<byte> sequence)
    {
        var line = sequence.IsSingleSegment ? sequence.First : sequence.ToArray();
        var answer = AnswerCheck.Of(line, _secrets);
        if (answer.Problem is not null)
            _problems.Enqueue($"{answer.Problem}: {Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, 2_000)])}");
        Done += answer.Done ? 1 : 0;
        if (answer is { Method: not null, Id: not null })
            // Whoever reads must not wait for whoever writes: the server may wait for both.
            _replies.Add(WriteAsync(Encoding.UTF8.GetBytes(Reply(answer.Id, _questions++))));
        else if (answer.Method is null && answer.Id is not null)
            _answers.AddOrUpdate(answer.Id, 1, (_, times) => times + 1);
        _arrived.Writer.TryWrite(true);
    }

    // The person at this client: says no, says nothing that can be understood, or something that is no answer at all.
    private static string Reply(string id, int turn) => $$"""{"jsonrpc":"2.0","id":{{id}},""" + (turn % 4) switch
    {
        0 => "\"result\":{\"action\":\"decline\"}}",
        1 => "\"error\":{\"code\":-32000,\"message\":\"no\"}}",
        2 => "\"result\":{\"action\":\"accept\",\"content\":{\"decision\":7}}}",
        _ => "\"result\":[]}",
    } + "\n";

    private async Task WriteAsync(byte[] bytes)
    {
        await _writing.WaitAsync();
        try
        {
            await _toServer.WriteAsync(bytes);
            await _toServer.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }
}
