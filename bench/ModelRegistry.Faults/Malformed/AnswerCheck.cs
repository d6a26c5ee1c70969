using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ModelRegistry.Fuzz;

/// <summary>What one message of the server is, and what is wrong with it.</summary>
/// <param name="Id">As <see cref="Expectation.Id"/>; for a notification null.</param>
/// <param name="Done">Whether it says that something was done.</param>
internal sealed partial record AnswerCheck(string? Id, string? Method, bool Done, string? Problem)
{
    /// <param name="secrets">Texts that no error may show.</param>
    public static AnswerCheck Of(ReadOnlyMemory<byte> line, IReadOnlyList<string> secrets)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var message = document.RootElement;
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("jsonrpc", out var version) || version.GetString() != "2.0")
                return new(null, null, false, "not a JSON-RPC 2.0 message");
            var method = message.TryGetProperty("method", out var said) ? said.GetString() : null;
            var id = message.TryGetProperty("id", out var given) ? IdOf(given) : null;
            return new(id, method, method is null && !Failed(message), ProblemOf(message, method, id) ?? Leak(line.Span, Failed(message) ? secrets : []));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return new(null, null, false, $"not JSON, not Unicode or not whole: {e.Message}");
        }
    }

    private static string IdOf(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.String => Nasty.Quoted(id.GetString()!),
        JsonValueKind.Number when id.TryGetInt64(out var whole) => whole.ToString(CultureInfo.InvariantCulture),
        _ => "null",
    };

    private static string? ProblemOf(JsonElement message, string? method, string? id)
    {
        var (result, error) = (message.TryGetProperty("result", out var said), message.TryGetProperty("error", out var wrong));
        if (method is not null)
            return result || error ? "a request that answers" : null;
        if (id is null || result == error)
            return "neither request nor answer";
        if (error)
            return !wrong.TryGetProperty("code", out var code) || code.ValueKind != JsonValueKind.Number || !wrong.TryGetProperty("message", out var text) || text.ValueKind != JsonValueKind.String || text.GetString()!.Length < 5 ? "an error that says nothing"
                : code.GetInt32() == -32603 ? "an internal error" : null;
        if (!said.TryGetProperty("isError", out var failed) || failed.ValueKind != JsonValueKind.True)
            return null;
        var told = said.GetProperty("content")[0].GetProperty("text").GetString()!;
        return told.StartsWith("error: internal_error", StringComparison.Ordinal) ? "a failure of the registry"
            : said.TryGetProperty("structuredContent", out _) ? "an error with structured content"
            : Remedied().IsMatch(told) ? null : "an error without code or remedy";
    }

    // What was done may name its place: the command that a person approves with does.
    private static bool Failed(JsonElement message) => !message.TryGetProperty("result", out var result) || (result.TryGetProperty("isError", out var failed) && failed.ValueKind == JsonValueKind.True);

    /// <summary>What of the server's inside can be seen.</summary>
    private static string? Leak(ReadOnlySpan<byte> line, IReadOnlyList<string> secrets)
    {
        var text = System.Text.Encoding.UTF8.GetString(line);
        return secrets.FirstOrDefault(s => text.Contains(s, StringComparison.Ordinal)) is { } secret ? $"shows {secret}"
            : Trace().IsMatch(text) ? "shows a stack trace" : null;
    }

    [GeneratedRegex(@"\Aerror: [a-z_]+\n\S[\s\S]*\nNext: \S")]
    private static partial Regex Remedied();

    [GeneratedRegex(@"   at (ModelRegistry|System|Microsoft|ModelContextProtocol)\.|\.cs:line \d|System\.\w+Exception")]
    private static partial Regex Trace();
}
