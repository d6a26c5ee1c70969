using System.Text.Json;

namespace ModelRegistry.Fuzz;

/// <summary>
/// How many answers one line has to get and to which id, found without the code under test (JSON-RPC 2.0, sections 4 and 5).
/// </summary>
/// <param name="Id">The id as JSON; <c>null</c> for an error that belongs to no request.</param>
/// <param name="Least">0 where the message leaves room: who cancels, subscribes or says two things at once may get nothing.</param>
internal sealed record Expectation(string Id, int Least, int Most)
{
    private static readonly Expectation Nothing = new("null", 0, 0), Error = new("null", 1, 1), Unclear = new("null", 0, 1);

    public static Expectation Of(ReadOnlySpan<byte> line)
    {
        if (line.Trim(" \t\r"u8).IsEmpty)
            return Nothing;
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            return reader.Read() ? Error : Of(document.RootElement);
        }
        catch (JsonException)
        {
            return Error;
        }
    }

    private static Expectation Of(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
            return Error;
        var members = message.EnumerateObject().Select(Name).ToList();
        if (members.Distinct().Count() < members.Count || members.Contains(null))
            return Unclear with { Id = UsableId(message) ?? "null" };
        var (id, request, answer) = (UsableId(message), Is(message, "method", JsonValueKind.String), message.TryGetProperty("result", out _) || message.TryGetProperty("error", out _));
        if (answer)
            return Unclear with { Id = id ?? "null" };
        if (id is null)
            return message.TryGetProperty("id", out _) || !request || !Version(message) || !Parameters(message) ? Unclear : Nothing;
        // Only an answer can say that a listener was taken, and it comes when it ends.
        var listens = request && Text(message.GetProperty("method")) == "subscriptions/listen";
        return new Expectation(id, listens ? 0 : 1, 1);
    }

    /// <summary>An id that an answer can be told by: a text, or a whole number of 64 bits.</summary>
    private static string? UsableId(JsonElement message)
    {
        if (!message.TryGetProperty("id", out var id))
            return null;
        return id.ValueKind switch
        {
            JsonValueKind.String => Text(id) is { } text ? Nasty.Quoted(text) : null,
            JsonValueKind.Number => id.TryGetInt64(out var whole) ? whole.ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
            _ => null,
        };
    }

    private static bool Version(JsonElement message) => Is(message, "jsonrpc", JsonValueKind.String) && Text(message.GetProperty("jsonrpc")) == "2.0";

    private static bool Parameters(JsonElement message) => !message.TryGetProperty("params", out var given) || given.ValueKind == JsonValueKind.Object;

    private static bool Is(JsonElement message, string member, JsonValueKind kind) => message.TryGetProperty(member, out var value) && value.ValueKind == kind;

    private static string? Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
