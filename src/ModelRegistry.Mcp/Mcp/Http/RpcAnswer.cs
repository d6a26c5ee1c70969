using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>What the transport is about to send, looked at without being read whole.</summary>
/// <param name="Json">The message.</param>
/// <param name="ErrorCode">Of an error response; null for a result.</param>
internal readonly record struct RpcAnswer(ReadOnlyMemory<byte> Json, int? ErrorCode)
{
    /// <summary>The answer to a request, when that is what an event carries; null for anything else.</summary>
    /// <param name="sse">One whole event.</param>
    public static RpcAnswer? In(ReadOnlyMemory<byte> sse, RequestId id)
    {
        var json = DataOf(sse);
        var reader = new Utf8JsonReader(json.Span);
        var (same, code) = (false, (int?)null);
        if (json.IsEmpty || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("method"u8))
                return null;
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                same = id.Id switch
                {
                    long number => reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var said) && said == number,
                    string text => reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(text),
                    _ => false,
                };
            }
            else if (reader.ValueTextEquals("error"u8))
                code = CodeOf(ref reader);
            else
                reader.Skip();
        }
        return same ? new RpcAnswer(json, code) : null;
    }

    /// <summary>Whether an event carries a request of the server's, which waits for the client to answer it.</summary>
    /// <param name="sse">One whole event.</param>
    public static bool Asks(ReadOnlyMemory<byte> sse)
    {
        var json = DataOf(sse);
        var reader = new Utf8JsonReader(json.Span);
        var (method, id) = (false, false);
        if (json.IsEmpty || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            method |= reader.ValueTextEquals("method"u8);
            id |= reader.ValueTextEquals("id"u8);
            reader.Skip();
        }
        return method && id;
    }

    /// <summary>The single line of data of an event; empty when it has none or more.</summary>
    private static ReadOnlyMemory<byte> DataOf(ReadOnlyMemory<byte> sse)
    {
        var at = sse.Span.IndexOf("data: "u8);
        if (at < 0 || (at > 0 && sse.Span[at - 1] != '\n'))
            return default;
        var data = sse[(at + 6)..];
        var end = data.Span.IndexOf((byte)'\n');
        return end >= 0 && data.Span[end..].IndexOf("data: "u8) < 0 ? data[..end] : default;
    }

    private static int CodeOf(ref Utf8JsonReader reader)
    {
        var (code, depth) = (0, reader.CurrentDepth);
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("code"u8))
            {
                reader.Read();
                _ = reader.TryGetInt32(out code);
            }
        return code;
    }
}
