using System.Globalization;
using System.Text;

namespace ModelRegistry.Fuzz;

/// <summary>An HTTP request that is right, bent a little at a time, and written as it goes over the wire: bent lines, headers, lengths and chunks.</summary>
internal sealed class BentRequest(string method, string target, List<(string Name, string Value)> headers, byte[] body)
{
    private const int BodyLimit = 4 * 1024 * 1024;

    private static readonly string[] Names =
    [
        "Host", "Accept", "Content-Type", "Authorization", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Origin", "Last-Event-ID", "X-MCP-Readonly", "X-MCP-Toolsets", "X-MCP-Tools", "X-Forwarded-For", "X-Forwarded-Prefix", "Expect", "Upgrade", "Connection",
        "Content-Encoding", "Accept-Encoding", "Range", "Cookie", "If-None-Match", "If-Match", "If-Range", "If-Modified-Since", "Idempotency-Key", "Content-Range", "Content-Length", "Upload-Offset", "X-HTTP-Method-Override", "X-Original-URL", "X-Request-Id", "traceparent",
    ];

    private static readonly string[] Values =
    [
        "", " ", "*/*", "text/html", "application/json", "application/json; charset=utf-16", "application/json;charset=\"", "application/octet-stream", "multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=\"", "text/event-stream;q=0", "Bearer", "Bearer ", "Basic YTpi", "Basic ====", "Bearer mrt_AAAA", "bearer x y z", "2024-11-05", "2025-11-25", "2026-07-28", "1999-01-01", "2026-07-28, 2026-07-28",
        "http://evil.example", "null", "https://127.0.0.1", "http://localhost:1", "evil.example", "127.0.0.1:99999", "[::1", "a b", "localhost@evil.example", "tools/call", "tools/list", "=?base64?Y2h1cm4=?=", "=?base64?====?=", "true", "registrar", "default,registrar,nope", "list_models,", "100-continue", "h2c", "websocket", "gzip", "bytes=0-", "bytes=-1", "bytes=5-2,0-,-99999999999999999999", "keep-alive", "-1", "0", "99999999999999999999",
        "bytes 0-0/1", "bytes 5-", "bytes 0-99/*", "bytes -1-5/4", "bytes 9223372036854775807-9223372036854775807/9223372036854775807", "bytes */0", "bytes 0-", "\"a\"", "W/\"a\"", "\"", "*", "Thu, 01 Jan 1970 00:00:00 GMT", "/a", "/../..", "00-00000000000000000000000000000000-0000000000000000-00",
    ];

    private static readonly string[] Verbs = ["GET", "DELETE", "PUT", "PATCH", "POST", "OPTIONS", "HEAD", "TRACE", "CONNECT", "post", "FOO", "P\0ST", ""];

    private static readonly string[] Escapes = ["%", "%2", "%zz", "%00", "%2e%2e%2f", "%2e%2e", "..%2f..%2f", "%c0%ae%c0%ae/", "%ff", "%ed%a0%80", "%e2%80", "%252e", "%5c", "%0d%0aX: y", "../", "../../etc/passwd", "..\\", "//", "/./", ";x=1", "\u00e9", "\u202e", "\0", " ", "#x", "?x=1", "&&", "{x}", "*", "%u0041", "+"];

    private static readonly string[] Versions = ["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/11", "http/1.1", "", "HTTP/1.1 x"];

    private string _method = method, _target = target, _version = "HTTP/1.1";

    public byte[] Body { get; set; } = body;

    /// <summary>Bends its line or its headers once.</summary>
    /// <param name="elsewhere">Targets that may come in the place of its own.</param>
    public void Bend(Random random, IReadOnlyList<string> elsewhere)
    {
        switch (random.Next(10))
        {
            case 0:
                _method = Nasty.Pick(random, Verbs);
                break;
            case 1 when elsewhere.Count > 0 && random.Next(3) == 0:
                _target = Nasty.Pick(random, elsewhere);
                break;
            case 1 or 2:
                _target = random.Next(40) == 0 ? _target + "/" + new string('a', random.Next(20_000)) : _target.Insert(random.Next(1, _target.Length + 1), Nasty.Pick(random, Escapes));
                break;
            case 3 when random.Next(6) == 0:
                _version = Nasty.Pick(random, Versions);
                break;
            case 4 when headers.Count > 0:
                headers.RemoveAt(random.Next(headers.Count));
                break;
            case 5 when headers.Count > 0:
                var (name, value) = Nasty.Pick(random, headers);
                headers.Add((name, random.Next(2) == 0 ? Value(random) : value));
                break;
            case 6 when headers.Count > 0:
                var at = random.Next(headers.Count);
                headers[at] = (headers[at].Name, Value(random));
                break;
            case 7 when random.Next(5) == 0:
                // More than a server takes.
                for (var i = 0; i < 150; i++)
                    headers.Add(($"X-{i}", new string('v', random.Next(1, 400))));
                break;
            default:
                headers.Add((Nasty.Pick(random, Names), Value(random)));
                break;
        }
    }

    /// <param name="framed">Whether lengths and chunks may be wrong.</param>
    public byte[] Written(Random random, bool framed)
    {
        var framing = Framed(Body, framed ? random.Next(1, 10) : 0, random);
        var end = random.Next(40) == 0 ? "\n" : "\r\n";
        var head = new StringBuilder($"{_method} {_target} {_version}").Append(end);
        foreach (var (name, value) in (IEnumerable<(string Name, string Value)>)[.. headers, .. framing.Headers])
            head.Append(name).Append(random.Next(60) == 0 ? ((string[])[" : ", ":", "", ":\r\n "])[random.Next(4)] : ": ").Append(value).Append(end);
        return [.. Encoding.UTF8.GetBytes(head.Append(end).ToString()), .. framing.Body];
    }

    /// <summary>What is no request at all.</summary>
    public static byte[] Noise(Random random)
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
            _ => body.Length == 0 ? ([], body) : ([("Content-Length", length)], body),
        };
    }

    private static byte[] Chunked(byte[] body, string end) =>
        [.. Encoding.ASCII.GetBytes(body.Length == 0 ? "" : $"{body.Length:x}\r\n"), .. body, .. Encoding.ASCII.GetBytes(body.Length == 0 ? end : "\r\n" + end)];

    private static string Value(Random random) => random.Next(3) == 0 ? Nasty.Text(random) : Nasty.Pick(random, Values);
}
