using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// The short way for calls of tools that only read: from the message to the desk and back, without a server of the SDK's for each
/// (2026-07-28) or its channels (sessions), which cost more than the call itself. What it answers is what the SDK would have
/// answered, byte for byte; whatever it is not sure of goes the long way.
/// </summary>
internal sealed class DirectCalls(ToolDesk desk, Func<JsonRpcMessage, ToolSurface> offered, Func<JsonRpcMessage, string?, ToolCaller> who)
{
    private static readonly JsonSerializerOptions Wire = McpJsonUtilities.DefaultOptions;

    // What ends a result of 2026-07-28.
    private static readonly byte[] Complete =
        [.. ",\"resultType\":\"complete\",\"_meta\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(new JsonObject { [MetaKeys.ServerInfo] = JsonSerializer.SerializeToNode(RegistryServer.Info, Wire) }, Wire), .. "}"u8];

    /// <summary>Answers a message if it can be answered directly; false: nothing was done.</summary>
    /// <param name="protocol">The version it is spoken in.</param>
    /// <param name="client">The name the session's client gave itself; null where every request says it.</param>
    /// <param name="stop">Ends the call: its client left, or its session ended.</param>
    public async ValueTask<bool> TryAnswerAsync(HttpContext http, JsonRpcMessage message, string? protocol, string? client, bool stateless, CancellationToken stop)
    {
        if (message is not JsonRpcRequest { Method: RequestMethods.ToolsCall, Params: JsonObject parameters } request
            || !Names(parameters, stateless, ref client, out var name, out var arguments)
            || offered(request).Find(name) is not { Hints.ReadOnly: true } tool)
            return false;
        CallToolResult? result = null;
        async Task CallAsync() => result = await desk.CallAsync(tool, arguments, () => new(who(request, client)), null, stop);
        var call = Operations.IsWatched ? Operations.WatchAsync(CallAsync, request, protocol, "tcp") : CallAsync();
        // The end of a session is not held up by a database that does not answer.
        await (stateless ? call : call.WaitAsync(stop));
        await Replies.JsonAsync(http, Response(request.Id, result!, stateless));
        return true;
    }

    private static ReadOnlyMemory<byte> Response(RequestId id, CallToolResult result, bool stateless)
    {
        var (said, asked) = (JsonSerializer.SerializeToUtf8Bytes(result, Wire), JsonSerializer.SerializeToUtf8Bytes(id, Wire));
        var bytes = new ArrayBufferWriter<byte>(said.Length + Complete.Length + asked.Length + 32);
        bytes.Write("{\"result\":"u8);
        // The members that end a result stand in place of its brace.
        bytes.Write(stateless ? said.AsSpan(..^1) : said);
        if (stateless)
            bytes.Write(Complete);
        bytes.Write(",\"id\":"u8);
        bytes.Write(asked);
        bytes.Write(",\"jsonrpc\":\"2.0\"}"u8);
        return bytes.WrittenMemory;
    }

    /// <summary>Reads a call that has nothing but what every call has. What is written in another shape the SDK judges.</summary>
    private static bool Names(JsonObject parameters, bool stateless, ref string? client, out string name, out Dictionary<string, JsonElement>? arguments)
    {
        (name, arguments) = ("", null);
        var meta = (JsonObject?)null;
        foreach (var (member, value) in parameters)
            switch (member)
            {
                case "name" when Text(value) is { } text:
                    name = text;
                    break;
                case "arguments" when value is JsonObject given:
                    arguments = new(given.Count, StringComparer.Ordinal);
                    foreach (var (argument, said) in given)
                        arguments[argument] = said is null ? Null : said.Deserialize<JsonElement>();
                    break;
                case "_meta" when value is JsonObject said:
                    meta = said;
                    break;
                default:
                    return false;
            }
        return name.Length > 0 && (meta is null ? !stateless : Plain(meta, stateless, ref client));
    }

    private static readonly JsonElement Null = JsonSerializer.SerializeToElement<string?>(null);

    private static bool Plain(JsonObject meta, bool stateless, ref string? client)
    {
        foreach (var (member, value) in meta)
            switch (member)
            {
                // Nothing is told of the progress of what only reads.
                case "progressToken" when value is JsonValue token && (Text(value) is not null || token.TryGetValue<long>(out _)):
                case "traceparent" or "tracestate" when Text(value) is not null:
                case MetaKeys.ProtocolVersion when stateless && Text(value) is not null:
                    break;
                case MetaKeys.ClientCapabilities when stateless && value is JsonObject able && Empty(able, deep: 2):
                    break;
                case MetaKeys.ClientInfo when stateless && value is JsonObject info && Text(info["name"]) is { } said && Text(info["version"]) is not null
                    && info.All(m => m.Key is "name" or "version" or "title" && Text(m.Value) is not null):
                    client = said;
                    break;
                default:
                    return false;
            }
        return true;
    }

    /// <summary>Capabilities as they mostly are: named, and nothing said about them.</summary>
    private static bool Empty(JsonObject able, int deep) => able.Count == 0
        || (deep > 0 && able.All(c => c.Key is "elicitation" or "form" or "url" or "sampling" or "roots" && c.Value is JsonObject inner && Empty(inner, deep - 1)));

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
