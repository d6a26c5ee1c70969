using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>What requests over HTTP hit before they are bent.</summary>
internal sealed record Reached(string Host, string Token, string Promotion, IReadOnlyList<string> Cursors, IReadOnlyList<string> Blobs)
{
    private static readonly string[] Credentials = ["Bearer ", "Basic YTpi", "Bearer mrt_" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "bearer x y z"];

    /// <summary>The headers that every request needs; now and then with another credential beside the right one, or in its place.</summary>
    public List<(string Name, string Value)> Headers(Random random)
    {
        List<(string Name, string Value)> headers = [("Host", Host), ("Connection", "close")];
        if (random.Next(12) > 0)
            headers.Add(("Authorization", $"Bearer {Token}"));
        if (random.Next(25) == 0)
            headers.Add(("Authorization", Nasty.Pick(random, Credentials)));
        return headers;
    }

    /// <summary>A value that may be right for a name.</summary>
    public string Value(string name, Random random) => name switch
    {
        "model" or "model_name" or "name" => Nasty.Pick(random, ["churn", "Churn", "fraud", "made " + random.Next(200)]),
        "version" or "to_version" or "card_from" or "against" or "edit" => Nasty.Pick(random, ["1", "v1", "v2", "latest", "@champion", "default", "3"]),
        "versions" => "v1,v2",
        "id" or "change_id" => Nasty.Pick(random, [Promotion, "prm_0", "dep_0", "1"]),
        "sha256" or "digest" or "statement_sha256" or "shown_against" => Nasty.Pick(random, Blobs),
        "path" => Nasty.Pick(random, ["churn-1.onnx", "a/b.bin"]),
        "cursor" or "page_token" => Nasty.Pick(random, Cursors),
        "stage" => Nasty.Pick(random, ["development", "validation", "staging", "production", "archived"]),
        "at" or "measured_at" => "2026-01-31T12:00:00Z",
        // Whoever waits is not malformed.
        "wait" => "0",
        "person" or "by" or "owner" => Nasty.Pick(random, ["ana", "ben"]),
        "deployment_target" or "target" => "production",
        "decision" or "verdict" => Nasty.Pick(random, ["approve", "reject"]),
        "metric" => "accuracy",
        "events" => "promotion.applied",
        "versioning" => "auto",
        "accuracy" or "precision" or "recall" or "f1_score" or "mAP" => "0.5",
        "input_shape" or "output_shape" => "[1,3]",
        "metadata" => """{"framework":"none","tags":{"a":"b"}}""",
        "metrics" => """{"accuracy":0.5}""",
        "hyperparameters" or "signature" or "lineage" or "tags" => """{"a":"b"}""",
        "dependencies" => "[]",
        "tag" => "a:b",
        _ => "a text",
    };
}

/// <summary>Malformed REST requests: right ones as the server's own OpenAPI document describes them, bent.</summary>
internal sealed class RestCases
{
    private readonly int _seed;
    private readonly Reached _reached;
    private readonly List<(string Method, string Path, JsonNode Operation)> _operations;
    private readonly string[] _elsewhere = ["/", "*", "/health", "/health/ready", "/metrics", "/openapi/v1.json", "/models/churn/versions/v1/", "//models", "/MODELS", "/models/..", "/models/%2e%2e/audit", "http://evil.example/models", "/api/2.0/mlflow/registered-models/search", "/mcp"];

    public RestCases(int seed, JsonNode document, Reached reached)
    {
        (_seed, _reached) = (seed, reached);
        _operations = [.. from path in document["paths"]!.AsObject() from operation in path.Value!.AsObject() select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!)];
    }

    public byte[] this[int index]
    {
        get
        {
            var random = Nasty.Case(_seed, index);
            if (random.Next(60) == 0)
                return BentRequest.Noise(random);
            var (method, path, operation) = Nasty.Pick(random, _operations);
            var headers = _reached.Headers(random);
            var bends = random.Next(8) == 0 ? 0 : random.Next(1, 4);
            var request = new BentRequest(method, Target(path, operation, random, bends > 0), headers, Body(operation, headers, random, bends));
            for (; bends > 0; bends--)
                if (random.Next(3) == 0)
                    request.Bend(random, _elsewhere);
            return request.Written(random, framed: random.Next(8) == 0);
        }
    }

    private string Target(string path, JsonNode operation, Random random, bool bent)
    {
        var query = new List<string>();
        foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
        {
            var name = (string)parameter!["name"]!;
            var value = bent && random.Next(6) == 0 ? Nasty.Text(random) : Usual(name, parameter["schema"]!, random);
            // Not everything is escaped by who should.
            var written = random.Next(30) == 0 ? value.Replace(" ", "+", StringComparison.Ordinal) : Uri.EscapeDataString(value);
            if ((string)parameter["in"]! == "path")
                path = path.Replace($"{{{name}}}", written.Length == 0 ? "%20" : written, StringComparison.Ordinal);
            else if ((string)parameter["in"]! == "query" && random.Next(3) == 0)
                query.AddRange(Enumerable.Repeat($"{name}={written}", random.Next(15) == 0 ? 2 : 1));
        }
        if (bent && random.Next(20) == 0)
            query.Add(random.Next(2) == 0 ? Uri.EscapeDataString(Nasty.Text(random)) : $"{Uri.EscapeDataString(Nasty.Text(random))}={Uri.EscapeDataString(Nasty.Text(random))}");
        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }

    private byte[] Body(JsonNode operation, List<(string Name, string Value)> headers, Random random, int bends)
    {
        var content = operation["requestBody"]?["content"];
        if (content?["application/json"] is { } json)
        {
            headers.Add(("Content-Type", "application/json"));
            var tree = Object(json["schema"]!, random);
            var bent = new BentJson(tree);
            for (var i = 0; i < bends; i++)
                if (random.Next(4) > 0)
                    bent.Bend(random);
            var bytes = BentJson.Encoded(BentJson.Wrapped(bent.Text(), random), random);
            return bends > 0 && random.Next(8) == 0 ? BentJson.Scrambled(bytes, random) : bytes;
        }
        if (content?["application/octet-stream"] is null)
            return [];
        headers.Add(("Content-Type", "application/octet-stream"));
        if (random.Next(3) == 0)
            headers.Add(("Content-Range", ((string[])["bytes 0-3/19", "bytes 4-", "bytes 4-18/19", "bytes 0-", "bytes 19-", "bytes 0-18/*", "bytes 3-1/19", "octets 0-3/19"])[random.Next(8)]));
        return Encoding.UTF8.GetBytes($"weights of churn {random.Next(1, 4)}");
    }

    private JsonObject Object(JsonNode schema, Random random)
    {
        var required = schema["required"]?.AsArray().Select(r => (string)r!).ToHashSet() ?? [];
        var tree = new JsonObject();
        foreach (var (name, member) in schema["properties"]?.AsObject() ?? [])
            // A proof costs the server a tenth of a second; it is for other tests to try many.
            if (name is "proof" or "by" ? random.Next(40) == 0 : required.Contains(name) || random.Next(5) == 0)
                tree[name] = Value(name, member!, random);
        return tree;
    }

    private JsonNode? Value(string name, JsonNode schema, Random random) => (schema["type"] is JsonArray either ? (string?)either[random.Next(either.Count)] : (string?)schema["type"]) switch
    {
        "integer" => random.Next(1, 30),
        "number" => 0.5,
        "boolean" => random.Next(2) == 0,
        "array" => new JsonArray(_reached.Value(name, random)),
        "object" when schema["properties"] is not null => Object(schema, random),
        "object" => new JsonObject { ["accuracy"] = schema["additionalProperties"]?["type"] is JsonValue type && type.TryGetValue(out string? number) && number == "number" ? 0.5 : "b" },
        _ => Usual(name, schema, random),
    };

    private string Usual(string name, JsonNode schema, Random random) => name != "wait" && schema["enum"] is JsonArray choices ? choices[random.Next(choices.Count)]!.ToString()
        : (schema["type"] as JsonValue)?.GetValue<string>() switch { "integer" when name != "wait" => "2", "boolean" => "true", _ => _reached.Value(name, random) };
}
