using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>Malformed uploads: forms with files (RFC 7578) as the server's OpenAPI document describes them, with parts and boundaries bent.</summary>
internal sealed class MultipartCases(int seed, JsonNode document, Reached reached)
{
    private static readonly string[] FileNames =
    [
        "model.onnx", "a/b.bin", "../../etc/passwd", "..\\..\\x", "/etc/passwd", "C:\\x", "a\0b", "", " ", ".", "..", "con", "nul.txt", "a//b", "a/./b", "x\u202Ennox.exe", "e\u0301", "%2e%2e%2fx", "a\"b", "a\\\"b", "a;b", "a\r\nX: y", "~", "model.onnx/", "\u00e9", "MODEL.ONNX", "file:///etc/shadow", "\\\\host\\share", "card.md",
    ];

    private static readonly string[] Encoded = ["UTF-8''%c3%a9.onnx", "UTF-8''..%2f..%2fetc%2fpasswd", "utf-16''a", "UTF-8''%ff%fe", "UTF-8''%", "UTF-8", "''", "iso-8859-1'en'%a3", "utf-7''a", "UTF-8''%00"];

    private static readonly string[] Paths = ["/models/churn/versions", "/models/made%20by%20form/versions", "/models/version", "/models/register", "/models/Churn/versions", "/models/%00/versions", "/models/nobody/versions"];

    private static readonly string[] Stray = ["Content-Type: text/plain; charset=utf-7", "Content-Type: ", "Content-Transfer-Encoding: base64", "Content-Encoding: gzip", "Content-Length: 3", "X", ": y", "Content-Disposition: form-data; name=\"b\"", "Content-Disposition: attachment", " folded: x"];

    private readonly string[] _fields = [.. document["paths"]!["/models/version"]!["post"]!["requestBody"]!["content"]!["multipart/form-data"]!["schema"]!["properties"]!.AsObject().Select(p => p.Key).Where(p => p != "file")];

    public byte[] this[int index]
    {
        get
        {
            var random = Nasty.Case(seed, index);
            var bends = random.Next(8) == 0 ? 0 : random.Next(1, 4);
            var (boundary, path) = ($"bound{random.Next(1_000)}", Nasty.Pick(random, Paths));
            var parts = Parts(path, random, bends);
            for (var i = 0; i < bends; i++)
                if (random.Next(2) == 0 && parts.Count > 0)
                    Bend(parts, random);
            var written = bends > 0 && random.Next(3) == 0 ? Broken(parts, boundary, random) : Whole(parts, boundary);
            if (bends > 0 && random.Next(12) == 0)
                written = BentJson.Scrambled(written, random);
            var headers = reached.Headers(random);
            headers.Add(("Content-Type", bends > 0 && random.Next(8) == 0 ? Types(boundary)[random.Next(Types(boundary).Length)] : $"multipart/form-data; boundary={boundary}"));
            if (random.Next(12) == 0)
                headers.Add(("Idempotency-Key", random.Next(3) == 0 ? Nasty.Text(random) : $"key {random.Next(50)}"));
            var request = new BentRequest("POST", path, headers, written);
            if (bends > 0 && random.Next(6) == 0)
                request.Bend(random, Paths);
            return request.Written(random, framed: bends > 0 && random.Next(5) == 0);
        }
    }

    /// <summary>One part: its header lines and its content.</summary>
    private sealed class Part(List<string> lines, byte[] content)
    {
        public List<string> Lines { get; } = lines;

        public byte[] Content { get; set; } = content;
    }

    private static string[] Types(string boundary) =>
    [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"", $"multipart/form-data; boundary={new string('b', 71)}", $"multipart/form-data; boundary=\"{boundary}", $"multipart/form-data; boundary={boundary}; boundary=x", "multipart/form-data; boundary=other", $"multipart/mixed; boundary={boundary}",
        $"MULTIPART/FORM-DATA; BOUNDARY={boundary}", $"multipart/form-data; boundary=\"{boundary} \"", "multipart/form-data; boundary=\u00e9", "application/x-www-form-urlencoded", "application/json", "", "multipart/form-data; boundary=--", "multipart/form-data; boundary=\"\\\"\"",
    ];

    private List<Part> Parts(string path, Random random, int bends)
    {
        var parts = new List<Part>();
        if (path is "/models/version" or "/models/register")
            parts.Add(Field("model_name", reached.Value("model_name", random)));
        foreach (var name in _fields)
            if (name != "model_name" && random.Next(12) == 0)
                parts.Add(Field(name, bends > 0 && random.Next(4) == 0 ? Nasty.Text(random) : name == "version" ? $"v{random.Next(1, 1_000_000)}" : name is "bump" ? "minor" : reached.Value(name, random)));
        for (var files = random.Next(4); files > 0; files--)
            parts.Insert(random.Next(4) == 0 ? random.Next(parts.Count + 1) : parts.Count, FileOf(bends > 0 && random.Next(3) == 0 ? Nasty.Pick(random, FileNames) : $"file-{files}.bin", random));
        return parts;
    }

    private static Part Field(string name, string value) => new([$"Content-Disposition: form-data; name=\"{name}\""], Encoding.UTF8.GetBytes(value));

    // From a few contents: what is stored once is not stored again.
    private static Part FileOf(string name, Random random) =>
        new([$"Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"{(random.Next(20) == 0 ? "; filename*" + (random.Next(10) == 0 ? "" : "=" + Nasty.Pick(random, Encoded)) : "")}", "Content-Type: application/octet-stream"], Encoding.UTF8.GetBytes(new string('w', random.Next(1, 200))));

    private static void Bend(List<Part> parts, Random random)
    {
        var at = random.Next(parts.Count);
        var part = parts[at];
        switch (random.Next(13))
        {
            case 0:
                parts.RemoveAt(at);
                break;
            case 1:
                parts.Add(part);
                break;
            case 2:
                part.Lines.Clear();
                break;
            case 3:
                part.Lines.Add(Nasty.Pick(random, Stray));
                break;
            case 4:
                part.Lines[0..].ForEach(line => part.Lines[part.Lines.IndexOf(line)] = line.Replace("form-data", Nasty.Pick(random, ["attachment", "FORM-DATA", "", "form-data;;", "form-data; name"]), StringComparison.Ordinal));
                break;
            case 5:
                part.Content = random.Next(60) == 0 ? new byte[1_048_577] : random.Next(2) == 0 ? [] : [0, 0xFF, 0xFE, 0xC0, 0xAF];
                break;
            case 6:
                part.Content = Encoding.UTF8.GetBytes(Nasty.Text(random));
                break;
            case 7 when random.Next(10) == 0:
                for (var i = 0; i < 300; i++)
                    parts.Add(Field($"f{i}", "x"));
                break;
            case 8 when random.Next(20) == 0:
                for (var i = 0; i < 30; i++)
                    part.Lines.Add($"X-{i}: {new string('h', 800)}");
                break;
            case 9:
                parts.Insert(at, Field(Nasty.Text(random).Replace("\"", "%22", StringComparison.Ordinal), "x"));
                break;
            case 10:
                parts.Insert(0, Field("metadata", Nasty.Json(random)));
                break;
            case 11:
                parts.Insert(random.Next(2) == 0 ? 0 : parts.Count, new Part(["Content-Disposition: form-data; name=\"metadata\"; filename=\"m.json\"", "Content-Type: application/json"], Encoding.UTF8.GetBytes("""{"metrics":{"accuracy":1e999},"tags":[1]}""")));
                break;
            default:
                parts.Add(FileOf(Nasty.Pick(random, FileNames), random));
                break;
        }
    }

    private static byte[] Whole(List<Part> parts, string boundary)
    {
        using var body = new MemoryStream();
        foreach (var part in parts)
        {
            body.Write(Encoding.UTF8.GetBytes($"--{boundary}\r\n{string.Concat(part.Lines.Select(line => line + "\r\n"))}\r\n"));
            body.Write(part.Content);
            body.Write("\r\n"u8);
        }
        body.Write(Encoding.UTF8.GetBytes($"--{boundary}--\r\n"));
        return body.ToArray();
    }

    private static byte[] Broken(List<Part> parts, string boundary, Random random)
    {
        var whole = Encoding.Latin1.GetString(Whole(parts, boundary));
        return Encoding.Latin1.GetBytes(random.Next(10) switch
        {
            0 => whole.Replace("\r\n", "\n", StringComparison.Ordinal),
            1 => whole[..^(boundary.Length + 6)],
            2 => whole[..random.Next(whole.Length)],
            3 => $"preamble\r\n{whole}epilogue",
            4 => whole.Replace($"--{boundary}", boundary, StringComparison.Ordinal),
            5 => whole.Replace($"--{boundary}\r\n", $"--{boundary} \t\r\n", StringComparison.Ordinal),
            6 => whole + whole,
            7 => whole.Replace($"--{boundary}--", $"--{boundary}---", StringComparison.Ordinal),
            8 => "",
            _ => whole.Replace("\r\n\r\n", "\r\n", StringComparison.Ordinal),
        });
    }
}
