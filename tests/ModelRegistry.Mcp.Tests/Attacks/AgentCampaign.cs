using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests.Attacks;

/// <summary>
/// An agent with a token of its own that tries whatever there is: every tool, every route, every form, in random order, with
/// arguments that are partly right, partly taken from earlier answers, partly rubbish. The same seed makes the same calls.
/// </summary>
internal sealed class AgentCampaign(HttpRawClient mcp, Uri server, string token, JsonArray tools, int seed) : IDisposable
{
    private static readonly (string Method, string Path, string[] Members)[] Routes =
    [
        ("POST", "/models/{model}/versions/{version}/promotions", ["stage", "reason", "idempotency_key"]), ("POST", "/models/{model}/rollback", ["to_version", "stage", "reason"]),
        ("GET", "/promotions", []), ("GET", "/promotions/{promotion}", []), ("GET", "/promotions/{promotion}/statement", []), ("POST", "/promotions/{promotion}/challenges", ["decision"]),
        ("POST", "/promotions/{promotion}/decisions", ["person", "decision", "comment", "proof", "statement_sha256"]), ("POST", "/promotions/{promotion}/decisions", ["person", "decision", "proof"]),
        ("POST", "/promotions/{promotion}/withdraw", ["reason"]), ("POST", "/promotions/{promotion}/revoke", ["person", "proof", "reason"]),
        ("GET", "/me", []), ("GET", "/people", []), ("POST", "/people", ["name", "roles", "passphrase", "by"]), ("POST", "/people/{person}/disable", ["by"]),
        ("GET", "/tokens", []), ("POST", "/tokens", ["agent", "owner", "roles", "by"]), ("POST", "/tokens/{id}/revoke", ["by"]),
        ("GET", "/policy", []), ("POST", "/policy/compare", ["policy"]), ("POST", "/policy/accept", ["policy", "shown_against", "by"]), ("POST", "/policy/reject", ["change_id", "by"]),
        ("POST", "/policy/challenges", ["statement_sha256", "word"]), ("POST", "/challenges", ["use"]), ("GET", "/audit", []), ("GET", "/models/{model}/serving", []),
        ("FORM", "/ui/sign-in", ["name", "passphrase", "passkey_state", "passkey_credential"]), ("FORM", "/ui/challenges/sign-in", []),
        ("FORM", "/ui/promotions/{promotion}", ["decision", "revision", "statement_sha256", "passphrase", "csrf"]), ("FORM", "/ui/promotions/{promotion}/break-glass", ["reason", "statement_sha256", "passphrase"]),
        ("FORM", "/ui/promotions/{promotion}/revoke", ["comment", "passphrase"]), ("FORM", "/ui/people", ["name", "roles", "new_passphrase", "new_passphrase_again", "passphrase"]),
        ("FORM", "/ui/tokens", ["kind", "name", "owner", "passphrase"]), ("FORM", "/ui/policy/accept", ["json", "shown_against", "passphrase"]), ("FORM", "/ui/me/keys", ["key_name", "key_state", "key_credential", "passphrase"]),
        ("FORM", "/ui/reviews/{promotion}", ["decision", "comment", "passphrase"]), ("GET", "/ui/inbox", []),
        ("POST", "/promotions/{promotion}/break-glass", ["person", "proof", "reason", "statement_sha256"]), ("GET", "/reviews", []), ("GET", "/reviews/{promotion}", []), ("POST", "/reviews/{promotion}/challenges", ["verdict"]),
        ("POST", "/reviews/{promotion}", ["person", "proof", "verdict", "comment"]), ("POST", "/me/passphrase", ["passphrase", "by"]), ("GET", "/people/{person}/passkeys", []), ("POST", "/people/{person}/invites", ["by"]),
        ("POST", "/passkeys/{id}/revoke", ["by"]), ("POST", "/people/{person}/mailbox", ["email", "by"]), ("GET", "/webhooks", []), ("POST", "/webhooks", ["url", "by"]), ("POST", "/webhooks/{id}/remove", ["by"]), ("POST", "/webhooks/{id}/confirm", ["url", "by"]),
        ("GET", "/promotions/{promotion}/export", []), ("GET", "/audit/key", []), ("FORM", "/ui/me/passphrase", ["new_passphrase", "new_passphrase_again", "passphrase"]), ("FORM", "/ui/me/mailbox", ["email", "passphrase"]),
        ("FORM", "/ui/webhooks", ["url", "passphrase"]), ("FORM", "/ui/webhooks/{id}/confirm", ["url", "passphrase"]), ("FORM", "/ui/people/{person}/invite", ["passphrase"]),
        ("POST", "/models", ["name", "description"]), ("PATCH", "/models/{model}", ["name", "description", "is_active", "tags"]), ("DELETE", "/models/{model}", []),
        ("PATCH", "/models/{model}/versions/{version}", ["alias", "metrics", "dataset", "deprecated"]), ("POST", "/models/{model}/versions", ["files", "accuracy", "version", "alias"]), ("POST", "/models/register", ["model_name", "files"]),
        ("PUT", "/blobs/{digest}", []), ("GET", "/models/{model}/versions/{version}/files", []), ("GET", "/models/{model}/versions/{version}/files/model.onnx", []), ("GET", "/models/{model}/versions/{version}/archive", []),
        ("POST", "/deploy", ["model_name", "version", "deployment_target", "deployment_config", "deployed_by", "reason", "idempotency_key"]), ("POST", "/models/deploy", ["model_name", "version", "deployment_target", "reason"]), ("GET", "/targets", []), ("GET", "/deployments", []),
        ("GET", "/deployments/{deployment}", []), ("POST", "/deployments/{deployment}/stop", ["reason"]), ("POST", "/deployments/observed", ["model_name", "deployment_target", "version", "status"]),
        ("GET", "/models/{model}/versions/{version}/card", []), ("GET", "/models/{model}/versions/{version}/lineage", []), ("POST", "/models/{model}/versions/{version}/metrics", ["metric", "value", "current"]),
    ];

    private readonly Random _random = new(seed);
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = server };
    private readonly List<string> _promotions = ["prm_0"], _states = ["e30.e30"], _deployments = ["dpl_0"], _digests = [new string('0', 64)];

    /// <summary>Calls that were answered with a fault of the server's.</summary>
    public List<string> Faults { get; } = [];

    public async Task RunAsync(int calls)
    {
        for (var n = 0; n < calls; n++)
            if (_random.Next(2) == 0)
                await CallToolAsync();
            else
                await CallRouteAsync();
    }

    public void Dispose() => _http.Dispose();

    private async Task CallToolAsync()
    {
        var tool = tools[_random.Next(tools.Count)]!;
        var arguments = new JsonObject();
        foreach (var (name, schema) in tool["inputSchema"]!["properties"]!.AsObject())
            if (_random.Next(10) < 8)
                arguments[name] = Argument(name, schema!);
        JsonObject? answers = _random.Next(4) == 0 ? new JsonObject { [One("decision", "page")] = new JsonObject { ["action"] = "accept", ["content"] = new JsonObject { ["decision"] = "approve" } } } : null;
        var message = await mcp.SendCallAsync((string)tool["name"]!, arguments, answers, _random.Next(4) == 0 ? One([.. _states]) : null);
        Learn(message.ToJsonString());
        if ((string?)message["error"]?["data"]?["code"] is "internal_error" or "storage_unavailable")
            Faults.Add($"{tool["name"]} {arguments.ToJsonString()}: {message.ToJsonString()}");
    }

    private async Task CallRouteAsync()
    {
        var (method, path, members) = Routes[_random.Next(Routes.Length)];
        foreach (var part in new[] { "model", "version", "promotion", "person", "id", "digest", "deployment" })
            path = path.Replace($"{{{part}}}", Uri.EscapeDataString(Text(part)), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(method == "FORM" ? HttpMethod.Post : new HttpMethod(method), path);
        if (_random.Next(5) > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (method == "FORM")
        {
            request.Headers.Add("Origin", server.GetLeftPart(UriPartial.Authority));
            request.Content = new FormUrlEncodedContent(members.Select(m => KeyValuePair.Create(m, Text(m))));
        }
        else if (method == "PUT")
        {
            request.Content = new ByteArrayContent([.. Enumerable.Range(0, _random.Next(3)).Select(i => (byte)i)]);
        }
        else if (method is "POST" or "PATCH")
        {
            var body = new JsonObject();
            foreach (var member in members)
                if (_random.Next(10) < 8)
                    body[member] = Member(member);
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Learn(text);
        if ((int)answer.StatusCode >= 500)
            Faults.Add($"{method} {path}: {(int)answer.StatusCode} {text}");
    }

    private JsonNode? Argument(string name, JsonNode schema) => schema["type"] is JsonValue type && (string?)type == "array" ? new JsonArray([.. Enumerable.Range(0, _random.Next(3)).Select(_ => (JsonNode?)Text(name))])
        : (string?)(schema["type"] as JsonValue) is "integer" ? _random.Next(-1, 50) : schema["enum"] is JsonArray words && _random.Next(10) > 0 ? (string?)words[_random.Next(words.Count)] : Text(name);

    private JsonNode? Member(string name) => name switch
    {
        "proof" => One<Func<JsonNode?>>(() => new JsonObject { ["passphrase"] = Text("passphrase") }, () => new JsonObject { ["passkey"] = new JsonObject { ["id"] = "AAAA" }, ["state"] = One([.. _states]) }, () => null)(),
        "by" => new JsonObject { ["person"] = Text("person"), ["proof"] = new JsonObject { ["passphrase"] = Text("passphrase") } },
        "roles" => new JsonArray(Text(name)),
        "files" => new JsonArray(new JsonObject { ["path"] = One("model.onnx", "../x"), ["sha256"] = One([.. _digests]) }),
        "tags" => new JsonObject { [One("team", "../x")] = Text("value") },
        "metrics" => new JsonObject { ["accuracy"] = _random.NextDouble() },
        "deployment_config" => new JsonObject { ["replicas"] = _random.Next(3) },
        "value" => _random.NextDouble(),
        "current" or "is_active" or "deprecated" => _random.Next(2) == 0,
        _ => Text(name),
    };

    private string Text(string name) => _random.Next(12) == 0 ? One("", "'; drop table promotion; --", "../../x", "\u202eevorppa", new string('x', 5_000), "null") : name switch
    {
        "model" or "model_name" => One("churn", "CHURN", "fraud"),
        "version" or "to_version" or "versions" => One("1", "2", "v1", "v2", "latest", "default", "@champion"),
        "stage" => One("production", "prod", "staging", "archived", "development"),
        "digest" => One([.. _digests]),
        "deployment" => One([.. _deployments]),
        "deployment_target" => One("production", "PRODUCTION", "staging", "moon"),
        "deployment_config" => One("{}", """{"replicas": 2}""", """{"approved_by": "ben"}"""),
        "status" => One("pending", "active", "running", "failed"),
        "metric" => One("accuracy", "auc"),
        "alias" => One("champion", "shadow", "default"),
        "email" => One("mallory@example.org", "x"),
        "url" => One("http://127.0.0.1:9/", "https://example.org/"),
        "verdict" => One("upheld", "objected"),
        "promotion" or "promotion_id" => One([.. _promotions]),
        "decision" => One("approve", "reject", "upheld"),
        "person" or "name" or "owner" => One("ana", "ben", "mallory", "agent"),
        "roles" => One("approver", "admin", "proposer"),
        "passphrase" or "new_passphrase" or "new_passphrase_again" => One("password", "letmein please", token),
        "statement_sha256" or "shown_against" => One([.. _digests]),
        "policy" => One("open", "local"),
        "json" => ModelRegistry.Domain.PolicyProfiles.Find("open")!,
        "revision" => One("1", "2").ToString(CultureInfo.InvariantCulture),
        "passkey_state" or "key_state" => One([.. _states]),
        "use" => "confirm",
        "word" => One("accept_policy", "reject_policy"),
        _ => One("approved by a human", "please", "x"),
    };

    /// <summary>Ids, states and digests that answers give away are tried later.</summary>
    private void Learn(string text)
    {
        foreach (var (list, pattern) in new[] { (_promotions, "prm_[0-9a-z]{26}"), (_deployments, "dpl_[0-9a-z]{26}"), (_digests, "[0-9a-f]{64}"), (_states, "eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{43}") })
            foreach (System.Text.RegularExpressions.Match found in System.Text.RegularExpressions.Regex.Matches(text, pattern))
                if (!list.Contains(found.Value))
                {
                    list.Add(found.Value);
                    if (list.Count > 40)
                        list.RemoveAt(0);
                }
    }

    private T One<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
