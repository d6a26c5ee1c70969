using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>Malformed HTTP requests to an MCP address, as they go over the wire: bent headers, bodies, lengths and lines.</summary>
/// <param name="sessions">Ids of sessions that are there.</param>
internal sealed class MalformedRequests(int seed, Known known, string host, string token, IReadOnlyList<string> sessions)
{
    private const int BodyLimit = 4 * 1024 * 1024;

    private static readonly string[] Names = ["Host", "Accept", "Content-Type", "Authorization", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Origin", "Last-Event-ID", "X-MCP-Readonly", "X-MCP-Toolsets", "X-MCP-Tools", "X-Forwarded-For", "Expect", "Upgrade", "Connection", "Content-Encoding", "Accept-Encoding", "Range", "Cookie", "If-None-Match"];

    private static readonly string[] Values =
    [
        "", " ", "*/*", "text/html", "application/json; charset=utf-16", "application/json;charset=\"", "multipart/form-data; boundary=x", "text/event-stream;q=0", "Bearer", "Bearer ", "Basic YTpi", "Bearer mrt_AAAA", "bearer x y z", "2024-11-05", "2025-11-25", "2026-07-28", "1999-01-01", "2026-07-28, 2026-07-28",
        "http://evil.example", "null", "https://127.0.0.1", "http://localhost:1", "evil.example", "127.0.0.1:99999", "[::1", "a b", "localhost@evil.example", "tools/call", "tools/list", "=?base64?Y2h1cm4=?=", "=?base64?====?=", "true", "registrar", "default,registrar,nope", "list_models,", "100-continue", "h2c", "websocket", "gzip", "bytes=0-", "keep-alive", "-1", "0", "99999999999999999999",
    ];

    private static readonly string[] Targets = ["/mcp", "/mcp", "/mcp", "//mcp", "/mcp/", "/MCP", "/%6dcp", "/mcp?x=%00", "/mcp/../mcp", "/mcp%2f", "/", "*", "/health", "/health/ready", "/metrics", "/%", "/mcp#x", "http://evil.example/mcp", "/\u00e9", "/../../etc/passwd"];

    private static readonly string[] Verbs = ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "post", "FOO", "P\0ST", ""];

    private readonly MalformedMessages _messages = new(seed, known);

    /// <summary>The bytes of one request.</summary>
    public byte[] this[int index]
    {
        get
        {
            var random = new Random(unchecked(seed * 31 + index * 7_919));
            if (random.Next(50) == 0)
                return Noise(random);
            var body = random.Next(2) == 0 ? _messages[index] : Encoding.UTF8.GetBytes(ValidMessages.Any(random, known, index).ToJsonString());
            var headers = Headers(body, random);
            var (verb, target, version) = ("POST", "/mcp", "HTTP/1.1");
            var framing = Framed(body, random.Next(5) > 0 ? 0 : random.Next(1, 10), random);
            for (var bends = random.Next(4); bends > 0; bends--)
                switch (random.Next(8))
                {
                    case 0:
                        verb = Verbs[random.Next(Verbs.Length)];
                        break;
                    case 1:
                        target = Targets[random.Next(Targets.Length)];
                        break;
                    case 2 when random.Next(6) == 0:
                        version = ((string[])["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/11", "http/1.1", "", "HTTP/1.1 x"])[random.Next(7)];
                        break;
                    case 3:
                        headers.RemoveAt(random.Next(headers.Count));
                        break;
                    case 4:
                        headers.Add(headers[random.Next(headers.Count)] is var (name, _) && random.Next(2) == 0 ? (name, Value(random)) : headers[random.Next(headers.Count)]);
                        break;
                    case 5 when random.Next(5) == 0:
                        // More than a server takes.
                        for (var i = 0; i < 150; i++)
                            headers.Add(($"X-{i}", new string('v', random.Next(1, 400))));
                        break;
                    default:
                        headers.Add((Names[random.Next(Names.Length)], Value(random)));
                        break;
                }
            if (headers.Count == 0)
                headers.Add(("Host", host));
            return Written(random, $"{verb} {target} {version}", [.. headers, .. framing.Headers], framing.Body);
        }
    }

    private List<(string Name, string Value)> Headers(byte[] body, Random random)
    {
        List<(string Name, string Value)> headers = [("Host", host), ("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json"), ("Authorization", $"Bearer {token}"), ("Connection", "close")];
        JsonObject? message = null;
        try
        {
            message = JsonNode.Parse(body) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
        }
        if (random.Next(3) == 0)
            headers.Add(("Mcp-Session-Id", sessions[random.Next(sessions.Count)]));
        else
        {
            headers.Add(("MCP-Protocol-Version", ValidMessages.Stateless));
            headers.Add(("Mcp-Method", Member(message, "method") ?? "tools/call"));
            if (Member(Parameters(message), "name") is { } name)
                headers.Add(("Mcp-Name", name));
        }
        return headers;
    }

    private static JsonObject? Parameters(JsonObject? message)
    {
        try
        {
            return message?["params"] as JsonObject;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // A member that is there twice, or bytes that are no text.
            return null;
        }
    }

    private static string? Member(JsonObject? of, string name)
    {
        try
        {
            return of?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static (List<(string Name, string Value)> Headers, byte[] Body) Framed(byte[] body, int how, Random random)
    {
        var length = body.Length.ToString(CultureInfo.InvariantCulture);
        return how switch
        {
            1 => ([("Content-Length", (body.Length + random.Next(1, 50)).ToString(CultureInfo.InvariantCulture))], body),
            2 => ([("Content-Length", (body.Length / 2).ToString(CultureInfo.InvariantCulture))], body),
            3 => ([("Content-Length", Value(random))], body),
            4 => ([("Content-Length", length), ("Content-Length", "3")], body),
            5 => ([("Transfer-Encoding", "chunked")], Chunked(body, "0\r\n\r\n")),
            6 => ([("Transfer-Encoding", "chunked")], Chunked(body, ((string[])["", "0\r\n", "zz\r\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", "5;ext=\"\r\nabc"])[random.Next(6)])),
            7 => ([("Transfer-Encoding", "chunked"), ("Content-Length", length)], Chunked(body, "0\r\n\r\n")),
            8 when random.Next(20) == 0 => ([("Content-Length", (BodyLimit + 10).ToString(CultureInfo.InvariantCulture))], new byte[BodyLimit + 10]),
            9 => ([("Transfer-Encoding", ((string[])["gzip", "chunked, chunked", "identity", "chunked, gzip", "\u000bchunked"])[random.Next(5)])], body),
            _ => ([("Content-Length", length)], body),
        };
    }

    private static byte[] Chunked(byte[] body, string end) =>
        [.. Encoding.ASCII.GetBytes(body.Length == 0 ? "" : $"{body.Length:x}\r\n"), .. body, .. Encoding.ASCII.GetBytes(body.Length == 0 ? end : "\r\n" + end)];

    private static string Value(Random random) => random.Next(3) == 0 ? Nasty.Text(random) : Values[random.Next(Values.Length)];

    private static byte[] Written(Random random, string line, List<(string Name, string Value)> headers, byte[] body)
    {
        var end = random.Next(40) == 0 ? "\n" : "\r\n";
        var head = new StringBuilder(line).Append(end);
        foreach (var (name, value) in headers)
            head.Append(name).Append(random.Next(60) == 0 ? ((string[])[" : ", ":", "", ":\r\n "])[random.Next(4)] : ": ").Append(value).Append(end);
        return [.. Encoding.UTF8.GetBytes(head.Append(end).ToString()), .. body];
    }

    private static byte[] Noise(Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();
            case 1:
                return [0x16, 0x03, 0x01, 0x00, 0xA5, 0x01, 0x00, 0x00, 0xA1, 0x03, 0x03];
            case 2:
                return Encoding.UTF8.GetBytes("GET /" + new string('a', random.Next(20_000)) + " HTTP/1.1\r\n\r\n");
            case 3:
                return "\r\n\r\n\r\n"u8.ToArray();
            default:
                var bytes = new byte[random.Next(1, 2_000)];
                random.NextBytes(bytes);
                return bytes;
        }
    }
}
