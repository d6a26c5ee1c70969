using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Bytes on a connection, as no well-behaved client would send them.</summary>
internal sealed class RawHttp : IDisposable
{
    private readonly TcpClient _tcp = new();

    /// <summary>A call of list_models as 2026-07-28 writes it.</summary>
    public static string Call { get; } = new JsonObject
    {
        ["jsonrpc"] = "2.0", ["id"] = 7, ["method"] = "tools/call",
        ["params"] = new JsonObject
        {
            ["name"] = "list_models",
            ["_meta"] = new JsonObject { ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28", ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject() },
        },
    }.ToJsonString();

    public static string Chunked { get; } = $"{Call.Length:x}\r\n{Call}\r\n0\r\n\r\n";

    public static async Task<RawHttp> ConnectAsync(Uri address)
    {
        var it = new RawHttp();
        await it._tcp.ConnectAsync(address.DnsSafeHost, address.Port);
        return it;
    }

    /// <summary>Sends one request and gives all that comes back until the server closes.</summary>
    public static async Task<string> AskAsync(Uri address, string request)
    {
        using var connection = await ConnectAsync(address);
        await connection.SendAsync(request);
        return await connection.RestAsync();
    }

    /// <summary>A POST to <c>/mcp</c> with the headers that the call takes, and these.</summary>
    public static string Post(string body, string version = "1.1", params string[] headers) => string.Join("\r\n",
        [$"POST /mcp HTTP/{version}", "Host: localhost", "Accept: application/json, text/event-stream", "Content-Type: application/json", "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: list_models", .. headers, "", body]);

    /// <summary>Sends what the server takes; it may close before the end.</summary>
    public async Task<bool> SendAsync(string text)
    {
        try
        {
            await _tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The beginning of what comes back within a time; null when nothing does.</summary>
    public async Task<string?> AnswerAsync(TimeSpan within)
    {
        var buffer = new byte[8_192];
        using var time = new CancellationTokenSource(within);
        try
        {
            return Encoding.UTF8.GetString(buffer, 0, await _tcp.GetStream().ReadAsync(buffer, time.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    public async Task<string> RestAsync()
    {
        var (all, buffer) = (new StringBuilder(), new byte[8_192]);
        try
        {
            while (await _tcp.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60)) is > 0 and var count)
                all.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Closed on what was still being sent.
        }
        return all.ToString();
    }

    public void Dispose() => _tcp.Dispose();
}
