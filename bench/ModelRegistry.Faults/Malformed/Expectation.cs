using System.Text.Json;

namespace ModelRegistry.Fuzz;

/// <summary>
/// How many answers one line has to get and to which id, found without the code under test (JSON-RPC 2.0, sections 4 and 5).
/// </summary>
/// <param name="Id">The id as JSON; <c>null</c> for an error that belongs to no request.</param>
/// <param name="Least">0 where the message leaves room: who cancels, subscribes or says two things at once may get nothing.</param>
/// <param name="OrNobody">Whether the answer may also be an error to nobody: whose the message is, is not beyond doubt.</param>
internal sealed record Expectation(string Id, int Least, int Most, bool OrNobody)
{
    public const string Nobody = "null";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly Expectation Nothing = new(Nobody, 0, 0, false), Wrong = new(Nobody, 1, 1, false);

    public static Expectation Of(ReadOnlyMemory<byte> line)
    {
        if (line.Span.Trim(" \t\r"u8).IsEmpty)
            return Nothing;
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Of(Members(document.RootElement), Clear(line)) : Wrong;
        }
        catch (JsonException)
        {
            return Wrong;
        }
    }

    /// <summary>Members by name, the last one of a name; without those whose name holds half a character.</summary>
    private static Dictionary<string, JsonElement> Members(JsonElement message)
    {
        var members = new Dictionary<string, JsonElement>();
        foreach (var member in message.EnumerateObject())
            try
            {
                members[member.Name] = member.Value;
            }
            catch (InvalidOperationException)
            {
                // Nobody can look for it.
            }
        return members;
    }

    private static Expectation Of(Dictionary<string, JsonElement> message, bool clear)
    {
        var id = IdOf(message);
        var (method, answer) = (Member(message, "method"), message.ContainsKey("result") || message.ContainsKey("error"));
        if (id is null)
            return clear && !answer && !message.ContainsKey("id") && method is not null && Member(message, "jsonrpc") == "2.0" && (!message.TryGetValue("params", out var given) || given.ValueKind == JsonValueKind.Object)
                ? Nothing : new Expectation(Nobody, 0, 1, true);
        // A listener is answered when it ends, and this one ends by being cancelled.
        return answer || !clear ? new Expectation(id, 0, 1, true) : new Expectation(id, method == "subscriptions/listen" ? 0 : 1, 1, false);
    }

    /// <summary>Whether everybody reads the same in it: no member twice, no half characters.</summary>
    private static bool Clear(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, Strict);
            return line.Span.IndexOf("\\ud"u8) < 0 && line.Span.IndexOf("\\uD"u8) < 0;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>An id that an answer can be told by: a text, or a whole number of 64 bits.</summary>
    private static string? IdOf(Dictionary<string, JsonElement> message)
    {
        if (!message.TryGetValue("id", out var id))
            return null;
        return id.ValueKind == JsonValueKind.String ? Member(message, "id") is { } text ? Nasty.Quoted(text) : null
            : id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var whole) ? whole.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    private static string? Member(Dictionary<string, JsonElement> message, string member)
    {
        try
        {
            return message.TryGetValue(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
