using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Tools;

/// <summary>One message of a server's, as it came: what it is, and its text on one line.</summary>
internal readonly record struct Said(JsonRpcMessage Message, byte[] Line)
{
    // A server sends a comment four times in this time, where it has nothing else to say.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(75);

    /// <summary>
    /// The messages of a response, in order: the one that is its body, or those of its stream of events. Whatever else comes
    /// is a <see cref="ServerUnavailableException"/>; nothing but messages gets out.
    /// </summary>
    /// <param name="id">Of the request that was sent: an error that names none is about it.</param>
    public static async IAsyncEnumerable<Said> InAsync(HttpResponseMessage response, RequestId? id, [EnumeratorCancellation] CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400)
            throw ServerUnavailableException.Redirects(response.Headers.Location);
        switch (response.Content.Headers.ContentType?.MediaType)
        {
            case "application/json":
                yield return Of(await WholeAsync(response, cancel), id);
                break;
            case "text/event-stream" when response.IsSuccessStatusCode:
                await foreach (var data in EventsAsync(response, cancel))
                    yield return Of(data, null);
                break;
            default:
                if (!response.IsSuccessStatusCode)
                    throw ServerUnavailableException.Failed(status, null, null, null);
                if (id is not null)
                    throw ServerUnavailableException.Unreadable("something that is no MCP");
                break;
        }
    }

    private static Said Of(byte[] json, RequestId? id)
    {
        if (id is { } asked && Unnamed(json) is { } error)
        {
            error["id"] = JsonSerializer.SerializeToNode(asked.Id);
            json = JsonSerializer.SerializeToUtf8Bytes(error, Replies.Json);
        }
        var read = RpcReading.Of(new ReadOnlySequence<byte>(json));
        if (read.Message is null)
            throw ServerUnavailableException.Unreadable("something that is no message of MCP");
        // On stdio a line end is the end of a message; in JSON it is a blank.
        return new Said(read.Message, json.AsSpan().IndexOfAny((byte)'\n', (byte)'\r') < 0 ? json : JsonSerializer.SerializeToUtf8Bytes(JsonNode.Parse(json), Replies.Json));
    }

    /// <summary>An error that was given before the server knew what it is about; null when it is anything else.</summary>
    private static JsonObject? Unnamed(byte[] json)
    {
        try
        {
            return JsonNode.Parse(json) is JsonObject { Count: > 0 } message && message["error"] is JsonObject && message["id"] is null ? message : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static async Task<byte[]> WholeAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Silence);
        try
        {
            await response.Content.LoadIntoBufferAsync(MessageLines.MostBytes, patience.Token);
            return await response.Content.ReadAsByteArrayAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw ServerUnavailableException.Lost("fell silent");
        }
    }

    /// <summary>The data of each event (HTML, Server-sent events, 9.2.6).</summary>
    private static async IAsyncEnumerable<byte[]> EventsAsync(HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancel)
    {
        var data = new MemoryStream();
        var any = false;
        await foreach (var line in LinesAsync(await response.Content.ReadAsStreamAsync(cancel), cancel))
        {
            if (line.Length == 0 && any)
            {
                yield return data.ToArray();
                (data, any) = (new MemoryStream(), false);
            }
            if (!line.AsSpan().StartsWith("data:"u8))
                continue;
            if (any)
                data.WriteByte((byte)'\n');
            data.Write(line.AsSpan(line.Length > 5 && line[5] == ' ' ? 6 : 5));
            any = true;
            if (data.Length > MessageLines.MostBytes)
                throw ServerUnavailableException.Unreadable($"a message of more than {MessageLines.MostBytes} bytes");
        }
    }

    private static async IAsyncEnumerable<byte[]> LinesAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancel)
    {
        var (buffer, held) = (new byte[16 * 1024], 0);
        while (true)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Silence);
            int count;
            try
            {
                count = await stream.ReadAsync(buffer.AsMemory(held), patience.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw ServerUnavailableException.Lost("fell silent");
            }
            if (count == 0)
                yield break;
            held += count;
            var from = 0;
            for (int end; (end = buffer.AsSpan(from, held - from).IndexOf((byte)'\n')) >= 0; from += end + 1)
                yield return buffer.AsSpan(from, end > 0 && buffer[from + end - 1] == '\r' ? end - 1 : end).ToArray();
            held -= from;
            buffer.AsSpan(from, held).CopyTo(buffer);
            if (held == buffer.Length)
            {
                if (held > MessageLines.MostBytes)
                    throw ServerUnavailableException.Unreadable($"a line of more than {MessageLines.MostBytes} bytes");
                Array.Resize(ref buffer, held * 2);
            }
        }
    }
}
