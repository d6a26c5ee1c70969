using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Why bytes are no message, said to the request they seem to be (JSON-RPC 2.0, section 5.1: else to null).</summary>
/// <param name="Id">The id as JSON.</param>
internal sealed record RpcProblem(string Id, McpErrorCode Code, string Message)
{
    /// <summary>The error response.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","id":{{{Id}}},"error":{"code":{{{(int)Code}}},"message":{{{JsonSerializer.Serialize(Message)}}}}}""");
}

/// <summary>One JSON-RPC 2.0 message read from bytes, or what is wrong with them. The same for every transport.</summary>
internal readonly record struct RpcReading(JsonRpcMessage? Message, RpcProblem? Problem)
{
    // A member that is there twice is refused (RFC 8259, section 4: what it means is anybody's guess): proxy and server must
    // not read two different requests, and a tree that is read lazily would throw wherever it is first looked at.
    private static readonly JsonTypeInfo<JsonRpcMessage> Shape = McpJsonUtilities.GetTypeInfo<JsonRpcMessage>(new JsonSerializerOptions(McpJsonUtilities.DefaultOptions) { AllowDuplicateProperties = false });

    public static RpcReading Of(ReadOnlySequence<byte> bytes)
    {
        try
        {
            return new(Parse(bytes), null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return new(null, Problems(bytes));
        }
    }

    private static JsonRpcMessage Parse(ReadOnlySequence<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        var message = JsonSerializer.Deserialize(ref reader, Shape) ?? throw new JsonException("null is no message.");
        if (reader.Read())
            throw new JsonException("There is more than one value.");
        // Half a character, escaped: JSON lets it pass, and everything that reads it later throws.
        if (message is JsonRpcRequest { Params: { } parameters } && Surrogate(bytes))
            _ = parameters.ToJsonString();
        return message;
    }

    private static bool Surrogate(ReadOnlySequence<byte> bytes)
    {
        var all = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        return all.IndexOf(@"\ud"u8) >= 0 || all.IndexOf(@"\uD"u8) >= 0;
    }

    private static RpcProblem Problems(ReadOnlySequence<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var id = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("id", out var said) && said.ValueKind is JsonValueKind.String or JsonValueKind.Number ? said.GetRawText() : "null";
            return new(id, McpErrorCode.InvalidRequest, root.ValueKind == JsonValueKind.Array ? "Batches are not taken; send one message at a time." : "This is not a JSON-RPC 2.0 message, in well-formed Unicode and with no member twice.");
        }
        catch (JsonException)
        {
            return new("null", McpErrorCode.ParseError, "This is not JSON. Send one JSON-RPC 2.0 message, in UTF-8.");
        }
    }
}
