using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ModelRegistry.Fuzz;

/// <summary>What comes back over a connection, read strictly: whole responses and not a byte beside them.</summary>
internal static partial class HttpAnswers
{
    /// <summary>What the server's HTTP reader refuses by itself: who cannot be understood is told no more, and the connection ends.</summary>
    private static readonly int[] Unread = [400, 405, 408, 411, 413, 414, 417, 431, 501, 505];

    /// <summary>The status of the first answer, or what else there was, and what is wrong with any of it.</summary>
    /// <param name="secrets">Texts that no refusal may show.</param>
    public static (string Kind, string? Problem) Check(byte[] request, byte[] answer, IReadOnlyList<string> secrets)
    {
        if (answer.Length == 0)
            return ("no answer", Whole(request) ? "no answer to a whole request" : null);
        if (answer.AsSpan(0, Math.Min(answer.Length, 2_000)).IndexOf("text/event-stream\r\n"u8) >= 0)
            return ("200 stream", null);
        // HTTP/2 is told to go away in its own words (RFC 9113, section 6.8).
        if (request.AsSpan().StartsWith("PRI * HTTP/2.0"u8) && answer.AsSpan().StartsWith("\0\0\x08\x07"u8) && answer.Length == 17)
            return ("GOAWAY", null);
        var (kind, rest, first) = ("", (ReadOnlyMemory<byte>)answer, true);
        while (!rest.IsEmpty)
        {
            var read = HttpAnswer.Read(rest, headless: first && request.AsSpan().StartsWith("HEAD "u8));
            if (read is null)
                return (kind.Length > 0 ? kind : "rubbish", $"stray bytes: {MessageCampaign.Shown(rest.ToArray())}");
            rest = rest[read.Length..];
            if (read.Status is >= 100 and < 200)
                continue;
            if (first)
                kind = read.Status.ToString(CultureInfo.InvariantCulture);
            if (ProblemOf(request, read, first, secrets) is { } problem)
                return (kind, problem);
            first = false;
        }
        return (kind.Length > 0 ? kind : "only 100", null);
    }

    /// <summary>Whether a request is beyond doubt one that came whole, and so has to be answered.</summary>
    public static bool Whole(byte[] request)
    {
        var end = request.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end <= 0 || !Begun().IsMatch(Encoding.Latin1.GetString(request.AsSpan(0, Math.Min(end, 4_000)))))
            return false;
        var head = Encoding.Latin1.GetString(request.AsSpan(0, end));
        var lengths = Length().Matches(head);
        return !head.Contains("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && !head.Contains("Expect", StringComparison.OrdinalIgnoreCase) && !head.Contains("Upgrade", StringComparison.OrdinalIgnoreCase)
            && (lengths.Count == 0 ? !head.Contains("Content-Length", StringComparison.OrdinalIgnoreCase) : lengths.Count == 1 && int.TryParse(lengths[0].Groups[1].Value, out var length) && length <= request.Length - end - 4);
    }

    private static string? ProblemOf(byte[] request, HttpAnswer answer, bool first, IReadOnlyList<string> secrets)
    {
        var text = Encoding.UTF8.GetString(answer.Body.Span);
        if (answer.Status is >= 500 and not (501 or 503 or 505))
            return "a failure";
        if (answer.Status < 400)
            return answer.Header("Content-Type").StartsWith("application/json", StringComparison.Ordinal) && answer.Body.Length > 0 && !IsJson(answer.Body) ? "what is said to be JSON is none" : null;
        if (Trace().IsMatch(text))
            return "shows a stack trace";
        // What waits for a person says with which command they decide, and that has a place.
        if (!text.Contains("\"approve_command\"", StringComparison.Ordinal) && secrets.FirstOrDefault(s => text.Contains(s, StringComparison.Ordinal)) is { } secret)
            return $"shows {secret}";
        // Every answer of the application has this header; what lacks it never came to it.
        if (answer.Header("X-Content-Type-Options").Length == 0)
            return Unread.Contains(answer.Status) && answer.Body.IsEmpty && answer.Header("Connection") == "close" ? null : "a refusal from nobody";
        // A condition on a file that fails answers with the file's tag and without a body (RFC 9110, sections 13.1.1 and 15.5.17).
        if (answer.Headless || (answer.Status is 412 or 416 && answer.Body.IsEmpty && answer.Header("ETag").Length > 0))
            return null;
        var target = first && request.AsSpan().IndexOf((byte)' ') is > 0 and < 10 and var at ? Encoding.UTF8.GetString(request.AsSpan(at + 1, Math.Min(60, request.Length - at - 1))) : "";
        return RefusalProblem(answer, target);
    }

    private static string? RefusalProblem(HttpAnswer answer, string target)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            var refusal = document.RootElement;
            var type = answer.Header("Content-Type");
            if (refusal.TryGetProperty("jsonrpc", out _))
                return AnswerCheck.Of(answer.Body, []).Problem ?? (target.StartsWith("/mcp ", StringComparison.OrdinalIgnoreCase) || !Plain(target) ? null : "JSON-RPC where it was not asked for");
            if (!Said(refusal, "code") || !Said(refusal, "remedy"))
                return "a refusal without code or remedy";
            if (refusal.GetProperty("code").GetString() is "internal_error" or "storage_unavailable")
                return "a failure of the registry";
            if (refusal.TryGetProperty("error_code", out _))
                return type != "application/json" ? $"MLflow's form as {type}" : !Said(refusal, "error_code") || !Said(refusal, "message") ? "MLflow's form without its members" : Plain(target) && !Mlflow(target) ? "MLflow's form where it was not asked for" : null;
            return type != "application/problem+json" ? $"problem details as {type}"
                : !Said(refusal, "title") || !refusal.TryGetProperty("status", out var status) || status.GetInt32() != answer.Status ? "problem details without title or status"
                : Plain(target) && Mlflow(target) ? "problem details to a client of MLflow" : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return $"a refusal that is no JSON: {e.Message}";
        }
    }

    // A target that can be read in one way only.
    private static bool Plain(string target) => target.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end && PlainPath().IsMatch(target[..end]);

    private static bool Mlflow(string target) => target.StartsWith("/api/2.0/", StringComparison.OrdinalIgnoreCase) || target.StartsWith("/ajax-api/2.0/", StringComparison.OrdinalIgnoreCase);

    private static bool Said(JsonElement of, string member) => of.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String && text.GetString()!.Length > 3;

    private static bool IsJson(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"   at (ModelRegistry|System|Microsoft|ModelContextProtocol)\.|\.cs:line \d|System\.\w+Exception")]
    internal static partial Regex Trace();

    [GeneratedRegex(@"\A[A-Z]+ /[!-~]* HTTP/1\.1\r\n")]
    private static partial Regex Begun();

    [GeneratedRegex(@"^Content-Length: (\d+)\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Length();

    [GeneratedRegex(@"\A(/[A-Za-z0-9_-][A-Za-z0-9._~-]*)+\z")]
    private static partial Regex PlainPath();
}

/// <summary>One response (RFC 9112): its head, and the body that its head announces.</summary>
/// <param name="Headless">Whether it answers <c>HEAD</c>, and so has no body whatever it announces.</param>
/// <param name="Length">Bytes that it takes of the connection.</param>
internal sealed record HttpAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, ReadOnlyMemory<byte> Body, bool Headless, int Length)
{
    public string Header(string name) => Headers.FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    /// <summary>The response at the beginning of the bytes; null when there is none, or not the whole of it.</summary>
    public static HttpAnswer? Read(ReadOnlyMemory<byte> bytes, bool headless)
    {
        var end = bytes.Span.IndexOf("\r\n\r\n"u8);
        if (end < 0 || !bytes.Span.StartsWith("HTTP/1.1 "u8))
            return null;
        var lines = Encoding.Latin1.GetString(bytes.Span[..end]).Split("\r\n");
        if (lines[0].Length < 12 || !int.TryParse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            return null;
        var headers = new List<(string Name, string Value)>();
        foreach (var line in lines.Skip(1))
            if (line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon)
                headers.Add((line[..colon], line[(colon + 2)..]));
            else if (!line.EndsWith(':'))
                return null;
        var head = new HttpAnswer(status, headers, default, headless, end + 4);
        var rest = bytes[(end + 4)..];
        if (headless || status is (>= 100 and < 200) or 204 or 304)
            return head;
        if (head.Header("Transfer-Encoding") == "chunked")
            return Unchunked(rest) is var (body, taken) ? head with { Body = body, Length = end + 4 + taken } : null;
        if (!int.TryParse(head.Header("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            return head.Header("Content-Length").Length > 0 ? null : head with { Body = rest, Length = bytes.Length };
        return rest.Length < length ? null : head with { Body = rest[..length], Length = end + 4 + length };
    }

    private static (ReadOnlyMemory<byte> Body, int Taken)? Unchunked(ReadOnlyMemory<byte> bytes)
    {
        using var body = new MemoryStream();
        for (var at = 0; ;)
        {
            var line = bytes.Span[at..].IndexOf("\r\n"u8);
            if (line < 0 || !int.TryParse(Encoding.ASCII.GetString(bytes.Span.Slice(at, line)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || at + line + 2 + size + 2 > bytes.Length)
                return null;
            at += line + 2;
            body.Write(bytes.Span.Slice(at, size));
            at += size + 2;
            if (size == 0)
                return (body.ToArray(), at);
        }
    }
}
