using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
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
        var all = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        // A tree is made from bytes that are decoded when they are looked at; what is no UTF-8 would throw there.
        if (!Utf8.IsValid(all))
            throw new JsonException("This is not UTF-8.");
        var reader = new Utf8JsonReader(all);
        var message = JsonSerializer.Deserialize(ref reader, Shape) ?? throw new JsonException("null is no message.");
        if (reader.Read())
            throw new JsonException("There is more than one value.");
        // Half a character, escaped: JSON lets it pass, and everything that reads it later throws.
        if (message is JsonRpcRequest { Params: { } parameters } && Surrogate(all))
            _ = parameters.ToJsonString();
        return message;
    }

    private static bool Surrogate(ReadOnlySpan<byte> all) => all.IndexOf(@"\ud"u8) >= 0 || all.IndexOf(@"\uD"u8) >= 0;

    private static RpcProblem Problems(ReadOnlySequence<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return new(Id(root), McpErrorCode.InvalidRequest, root.ValueKind == JsonValueKind.Array ? "Batches are not taken; send one message at a time." : "This is not a JSON-RPC 2.0 message, in well-formed Unicode and with no member twice.");
        }
        catch (JsonException)
        {
            return new("null", McpErrorCode.ParseError, "This is not JSON. Send one JSON-RPC 2.0 message, in UTF-8.");
        }
    }

    /// <summary>The id that it says, where an answer can be told by it: a text or a whole number; half a character would make the answer as unreadable as the message.</summary>
    private static string Id(JsonElement message)
    {
        try
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("id", out var said))
                return "null";
            return said.ValueKind == JsonValueKind.String ? JsonSerializer.Serialize(said.GetString()) : said.ValueKind == JsonValueKind.Number && said.TryGetInt64(out _) ? said.GetRawText() : "null";
        }
        catch (InvalidOperationException)
        {
            // Half a character, in the id or in the name of any member that is looked at on the way to it.
            return "null";
        }
    }
}
