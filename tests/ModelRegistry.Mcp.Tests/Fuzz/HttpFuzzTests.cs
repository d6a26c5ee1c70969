using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Fuzz;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Malformed requests to a real <c>serve</c> process, byte by byte as they go over the wire.</summary>
public sealed class HttpFuzzTests
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), More = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Whatever_is_posted_the_server_refuses_it_or_does_it_and_goes_on()
    {
        var cases = StdioFuzzTests.Number("MODELREGISTRY_FUZZ_REQUESTS", 2_000);
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.ChurnAsync();
        var token = await registry.TokenAsync("fuzzer");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--rate-limit", "0");
        await using var client = await HttpRawClient.ConnectAsync(server.Address, Era.Handshake, token: token);
        var tools = (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray();
        var requests = new MalformedRequests(StdioFuzzTests.Seed, await StdioFuzzTests.KnownAsync(registry, tools), server.Address.Authority, token, [client.Session!, new string('0', 64), "x"]);
        var (statuses, problems) = (new Dictionary<int, int>(), new List<string>());
        await Parallel.ForAsync(0, cases, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (index, cancel) =>
        {
            var bytes = requests[index];
            var answer = await ExchangeAsync(server.Address, bytes, index % 200 == 0, cancel);
            var status = answer is null ? -1 : Status(answer);
            lock (statuses)
            {
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                if ((answer is null ? "no end of it" : Problem(status, answer, registry.DataFolder)) is { } problem)
                    problems.Add($"case {index}: {problem}\n  sent {MessageCampaign.Shown(bytes)}\n  got {answer?[..Math.Min(answer.Length, 600)]}");
            }
        });
        Assert.True(problems.Count == 0, string.Join('\n', problems.Take(10)));
        // Both what was refused and what was done has to be among it, or the requests were no test.
        Assert.True(statuses.GetValueOrDefault(200) > cases / 20 && statuses.GetValueOrDefault(400) > cases / 20, string.Join(", ", statuses.Select(s => $"{s.Key}: {s.Value}")));

        foreach (var era in (Era[])[Era.Handshake, Era.Stateless])
        {
            await using var usual = await HttpRawClient.ConnectAsync(server.Address, era, token: token);
            Assert.False((await usual.CallAsync("get_serving_version", new JsonObject { ["model_name"] = "churn" })).IsError);
        }
        Assert.Equal(0, await server.EndAsync());
        Assert.Equal("", await server.Output);
        Assert.DoesNotMatch(@"error: \S* /\S* failed", server.Errors);
        Assert.True(SeededRegistry.Ok(await registry.Services.Audit.VerifyAsync(await registry.AgentAsync(), null)).Verified);
    }

    private static int Status(string answer) => answer.Length > 12 && int.TryParse(answer.AsSpan(9, 3), out var status) ? status : 0;

    private static string? Problem(int status, string answer, string dataFolder)
    {
        // 501 and 505: a transfer coding and an HTTP version that nobody speaks.
        if (status is >= 500 and not (501 or 505))
            return "a failure";
        if (!answer.Contains("application/json", StringComparison.Ordinal) || answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) is not > 0 and var at)
            return answer.Contains("   at ModelRegistry", StringComparison.Ordinal) ? "a stack trace" : null;
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        var (from, to) = (body.IndexOf('{', StringComparison.Ordinal), body.LastIndexOf('}'));
        return from < 0 || to < from || !body.Contains("\"jsonrpc\"", StringComparison.Ordinal) || answer.Contains("Transfer-Encoding", StringComparison.Ordinal) ? null
            : AnswerCheck.Of(Encoding.UTF8.GetBytes(body[from..(to + 1)]), [dataFolder]).Problem;
    }

    /// <summary>Sends and reads to the end, or to the beginning of a stream. Null: there was no end.</summary>
    private static async Task<string?> ExchangeAsync(Uri server, byte[] bytes, bool slowly, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var answer = new StringBuilder();
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, patience.Token);
            var sending = SendAsync(socket, bytes, slowly, patience.Token);
            var buffer = new byte[16 * 1024];
            var (reading, ended) = (socket.ReceiveAsync(buffer, patience.Token).AsTask(), false);
            while (true)
            {
                // A request that lacks its end is answered when it is clear that none will come.
                if (!ended && await Task.WhenAny(reading, Task.Delay(More, patience.Token)) != reading && sending.IsCompleted)
                {
                    socket.Shutdown(SocketShutdown.Send);
                    ended = true;
                }
                else if (await reading is > 0 and var read)
                {
                    answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
                    if (answer.ToString().Contains("text/event-stream\r\n", StringComparison.Ordinal))
                        return answer.ToString();
                    reading = socket.ReceiveAsync(buffer, patience.Token).AsTask();
                }
                else
                    return answer.ToString();
            }
        }
        catch (SocketException)
        {
            // The server will not hear the rest.
            return answer.ToString();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task SendAsync(Socket socket, byte[] bytes, bool slowly, CancellationToken cancel)
    {
        try
        {
            for (var at = 0; at < bytes.Length;)
            {
                var sent = await socket.SendAsync(bytes.AsMemory(at, slowly ? Math.Min(40, bytes.Length - at) : bytes.Length - at), cancel);
                at += sent;
                if (slowly && at < 2_000)
                    await Task.Delay(5, cancel);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It answered before it had heard everything.
        }
    }
}
