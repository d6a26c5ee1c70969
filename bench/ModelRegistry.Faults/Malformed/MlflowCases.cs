using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>Malformed requests of MLflow's clients: the registry, its webhooks, the proxy for artifacts and uploads in parts.</summary>
/// <param name="parts">Addresses that parts of an upload may be put to.</param>
internal sealed class MlflowCases(int seed, Reached reached, IReadOnlyList<string> parts)
{
    /// <summary>Every route: its method, its path behind the prefix, and the fields that it asks for.</summary>
    public static IReadOnlyList<(string Method, string Path, string[] Fields)> Routes { get; } =
    [
        ("POST", "mlflow/registered-models/create", ["name", "description", "tags"]),
        ("GET", "mlflow/registered-models/get", ["name"]),
        ("PATCH", "mlflow/registered-models/update", ["name", "description"]),
        ("POST", "mlflow/registered-models/rename", ["name", "new_name"]),
        ("DELETE", "mlflow/registered-models/delete", ["name"]),
        ("GET", "mlflow/registered-models/search", ["filter", "order_by", "max_results", "page_token"]),
        ("POST", "mlflow/registered-models/get-latest-versions", ["name", "stages"]),
        ("GET", "mlflow/registered-models/get-latest-versions", ["name", "stages"]),
        ("POST", "mlflow/registered-models/set-tag", ["name", "key", "value"]),
        ("DELETE", "mlflow/registered-models/delete-tag", ["name", "key"]),
        ("POST", "mlflow/registered-models/alias", ["name", "alias", "version"]),
        ("DELETE", "mlflow/registered-models/alias", ["name", "alias"]),
        ("GET", "mlflow/registered-models/alias", ["name", "alias"]),
        ("POST", "mlflow/model-versions/create", ["name", "source", "run_id", "run_link", "model_id", "description", "tags"]),
        ("GET", "mlflow/model-versions/get", ["name", "version"]),
        ("PATCH", "mlflow/model-versions/update", ["name", "version", "description"]),
        ("DELETE", "mlflow/model-versions/delete", ["name", "version"]),
        ("GET", "mlflow/model-versions/search", ["filter", "order_by", "max_results", "page_token"]),
        ("POST", "mlflow/model-versions/transition-stage", ["name", "version", "stage", "archive_existing_versions", "comment"]),
        ("POST", "mlflow/model-versions/set-tag", ["name", "version", "key", "value"]),
        ("DELETE", "mlflow/model-versions/delete-tag", ["name", "version", "key"]),
        ("GET", "mlflow/model-versions/get-download-uri", ["name", "version"]),
        ("GET", "mlflow-artifacts/artifacts", ["path"]),
        ("GET", "mlflow-artifacts/artifacts/{**path}", []),
        ("HEAD", "mlflow-artifacts/artifacts/{**path}", []),
        ("PUT", "mlflow-artifacts/artifacts/{**path}", []),
        ("DELETE", "mlflow-artifacts/artifacts/{**path}", []),
        ("POST", "mlflow-artifacts/mpu/create/{**path}", ["path", "num_parts"]),
        ("POST", "mlflow-artifacts/mpu/complete/{**path}", ["path", "upload_id", "parts"]),
        ("POST", "mlflow-artifacts/mpu/abort/{**path}", ["path", "upload_id"]),
        ("PUT", "mlflow-artifacts/mpu/part/{upload}/{number}", []),
        ("POST", "mlflow/webhooks", ["name", "url", "events", "description", "secret", "status"]),
        ("GET", "mlflow/webhooks", ["max_results", "page_token"]),
        ("GET", "mlflow/webhooks/{id}", []),
        ("PATCH", "mlflow/webhooks/{id}", ["name", "url", "events", "description", "secret", "status"]),
        ("DELETE", "mlflow/webhooks/{id}", []),
        ("POST", "mlflow/webhooks/{id}/test", ["event"]),
    ];

    private static readonly string[] Filters =
    [
        "name = 'churn'", "name LIKE 'c%'", "name ILIKE '%'", "tags.a = 'b'", "tags.`a b` != 'c'", "version_number > 1", "run_id IN ('a','b')", "name = 'a' AND tags.k = 'v'", "name = ''", "name = 'a' OR 1=1", "name == 'a'", "name =", "= 'a'", "'", "name = 'it''s'", "((((", "name IN (", "run_id IN ()", "version_number = 99999999999999999999", "version_number = -1", "tags. = 'x'", "name LIKE '%%%%%%%%%%%%%%%%%%%%%%%%%%%%_%'", "alias = 'champion'", "prompt = 'true'",
    ];

    private static readonly string[] Sources = ["mlflow-artifacts:/models/m1/artifacts", "mlflow-artifacts:/a", "mlflow-artifacts:/../..", "models:/churn/1", "models:/m-1", "runs:/0123/model", "s3://bucket/a", "file:///etc", "/etc", "http://127.0.0.1:1/api/2.0/mlflow-artifacts/artifacts/a", "mlflow-artifacts://127.0.0.1:1/a", "dbfs:/x", "", "mlflow-artifacts:", "mlflow-artifacts:/a?x=%00"];

    private static readonly string[] ArtifactPaths = ["a", "a/b.bin", "models/m1/artifacts/MLmodel", "x/y/z", "a/../b", "..", "%2e%2e/%2e%2e/etc/passwd", "a%2fb", "a//b", "%00", "c%20d", ".", "a/", "con", "%c3%a9", "%ff", "a%5cb", "~"];

    private static readonly string[] Elsewhere = ["/api/2.0/", "/api/2.0/mlflow", "/api/2.0/mlflow/experiments/search", "/api/3.0/mlflow/registered-models/get", "/ajax-api/2.0/mlflow/registered-models/search", "/api/2.0/mlflow/registered-models/get/", "/API/2.0/mlflow/registered-models/get", "/api/2.0//mlflow/registered-models/get", "/api/2.0/../models", "/models", "/api/2.0/mlflow-artifacts/artifacts/", "/api/2.0/mlflow-artifacts/mpu/part/x/1?seal=x"];

    public byte[] this[int index]
    {
        get
        {
            var random = Nasty.Case(seed, index);
            var (method, path, fields) = Nasty.Pick(random, Routes);
            var bends = random.Next(8) == 0 ? 0 : random.Next(1, 4);
            var (headers, body) = (reached.Headers(random), Array.Empty<byte>());
            if (random.Next(20) == 0)
                headers.Add(("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(((string[])[$"fuzzer:{reached.Token}", $"ana:{reached.Token}", "fuzzer", ":", "\0:\0"])[random.Next(5)]))));
            var target = Target(path, random, bends > 0);
            if (method == "PUT")
                body = Encoding.UTF8.GetBytes(new string('p', random.Next(200)));
            else if (method == "GET" || (method == "DELETE" && random.Next(3) == 0))
                target += Query(fields, random, bends > 0);
            else if (fields.Length > 0 || random.Next(3) == 0)
            {
                headers.Add(("Content-Type", "application/json"));
                var bent = new BentJson(new JsonObject(fields.Where((_, i) => i < 2 || random.Next(2) == 0).Select(f => KeyValuePair.Create(f, Value(f, random)))));
                for (var i = 0; i < bends; i++)
                    if (random.Next(4) > 0)
                        bent.Bend(random);
                body = BentJson.Encoded(BentJson.Wrapped(bent.Text(), random), random);
                if (bends > 0 && random.Next(8) == 0)
                    body = BentJson.Scrambled(body, random);
            }
            var request = new BentRequest(method, target, headers, body);
            for (; bends > 0; bends--)
                if (random.Next(3) == 0)
                    request.Bend(random, Elsewhere);
            return request.Written(random, framed: random.Next(8) == 0);
        }
    }

    private string Target(string path, Random random, bool bent)
    {
        if (path.StartsWith("mlflow-artifacts/mpu/part/", StringComparison.Ordinal) && random.Next(2) == 0)
            return Nasty.Pick(random, parts);
        var prefix = random.Next(4) == 0 ? "/ajax-api/2.0/" : "/api/2.0/";
        string Step(string usual) => bent && random.Next(5) == 0 ? Uri.EscapeDataString(Nasty.Text(random)) : usual;
        return prefix + path.Replace("{**path}", Step(Nasty.Pick(random, ArtifactPaths)), StringComparison.Ordinal).Replace("{upload}", Step("upl_0"), StringComparison.Ordinal)
            .Replace("{number}", Step("1"), StringComparison.Ordinal).Replace("{id}", Step("whk_0"), StringComparison.Ordinal);
    }

    private string Query(string[] fields, Random random, bool bent)
    {
        var query = new List<string>();
        foreach (var field in fields)
            if (random.Next(4) > 0)
            {
                var value = bent && random.Next(4) == 0 ? Nasty.Text(random) : Value(field, random) switch { JsonValue text => text.ToString(), var tree => tree?.ToJsonString() ?? "" };
                query.AddRange(Enumerable.Repeat($"{field}={Uri.EscapeDataString(value)}", random.Next(12) == 0 ? 2 : 1));
            }
        return query.Count == 0 ? "" : "?" + string.Join('&', query);
    }

    private JsonNode? Value(string field, Random random) => field switch
    {
        "filter" => Nasty.Pick(random, Filters),
        "order_by" => new JsonArray(Nasty.Pick(random, ["name ASC", "last_updated_timestamp DESC", "version_number", "x; drop table model", "", "name ASC, name DESC", "creation_timestamp"])),
        "max_results" => random.Next(3) == 0 ? Nasty.Pick(random, ["-1", "0", "x", "1e3", "99999999999999999999", " 5"]) : random.Next(1, 50),
        "stages" => new JsonArray(Nasty.Pick(random, ["Production", "None", "staging", "x"])),
        "stage" => Nasty.Pick(random, ["Production", "Staging", "Archived", "None", "development", "x"]),
        "tags" => new JsonArray(new JsonObject { ["key"] = "k", ["value"] = "v" }, new JsonObject { ["key"] = random.Next(2) == 0 ? "k" : Nasty.Text(random) }),
        "source" => Nasty.Pick(random, Sources),
        "version" => random.Next(2) == 0 ? random.Next(1, 4) : Nasty.Pick(random, ["1", "2", "v1", "latest", "-1", "99999999999"]),
        "alias" => Nasty.Pick(random, ["champion", "mine", "latest", "v1", "7", ""]),
        "archive_existing_versions" => random.Next(2) == 0,
        "num_parts" => random.Next(3) == 0 ? Nasty.Pick(random, ["0", "-1", "10001", "x"]) : random.Next(1, 5),
        "upload_id" => Nasty.Pick(random, ["upl_0", "x"]),
        "parts" => new JsonArray(new JsonObject { ["part_number"] = random.Next(-1, 3), ["etag"] = "\"x\"" }),
        "events" => new JsonArray(new JsonObject { ["entity"] = "MODEL_VERSION", ["action"] = "CREATED" }),
        "event" => new JsonObject { ["entity"] = "MODEL_VERSION", ["action"] = "CREATED" },
        "url" => Nasty.Pick(random, ["https://127.0.0.1:1/hook", "http://127.0.0.1:1/", "https://[::1]/", "ftp://127.0.0.1/", "x"]),
        "status" => Nasty.Pick(random, ["ACTIVE", "DISABLED", "x"]),
        "path" => Nasty.Pick(random, ["a", "a/b.bin", "..", "/etc", ""]),
        _ => reached.Value(field, random),
    };
}
