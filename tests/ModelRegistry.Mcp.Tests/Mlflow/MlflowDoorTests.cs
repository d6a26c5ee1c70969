using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>The surface as MLflow's clients meet it: over HTTP, before a real server.</summary>
public sealed class MlflowDoorTests
{
    private const string Root = "/api/2.0/mlflow/", Files = "/api/2.0/mlflow-artifacts/artifacts";

    private static Task<RestAnswer> AskAsync(ServedRest served, string method, string path, object? body = null, params (string, string)[] headers) =>
        served.SendAsync(method, Root + path, body is null ? null : System.Text.Json.JsonSerializer.Serialize(body), headers: headers);

    private static void Denied(int status, string errorCode, RestAnswer answer)
    {
        Assert.True(answer.Status == status && answer["error_code"] == errorCode, $"{answer.Status} {answer.Body}");
        Assert.False(string.IsNullOrWhiteSpace(answer["message"]));
    }

    private static JsonObject Ok(RestAnswer answer)
    {
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
        return answer.Json;
    }

    [Fact]
    [Attack(1, "mlflow")]
    public async Task What_waits_for_a_person_is_permission_denied_with_where_to_go_and_succeeds_once_it_is_decided()
    {
        await using var served = await ServedRest.OpenAsync();
        var asked = new { name = "churn", version = "2", stage = "Production", archive_existing_versions = true };
        var waiting = await AskAsync(served, "POST", "model-versions/transition-stage", asked);
        Denied(403, "PERMISSION_DENIED", waiting);
        var id = waiting["promotion_id"]!;
        Assert.Equal(("promotion_pending", "pending"), (waiting.Code, waiting["status"]));
        Assert.Contains(id, waiting["message"], StringComparison.Ordinal);
        Assert.Equal($"{served.Address}ui/promotions/{id}", waiting["approve_url"]);
        Assert.Contains(waiting["approve_url"]!, waiting["message"], StringComparison.Ordinal);
        Assert.Equal(id, (await AskAsync(served, "POST", "model-versions/transition-stage", asked))["promotion_id"]);
        Assert.Equal(id, (await AskAsync(served, "POST", "registered-models/alias", new { name = "churn", alias = "champion", version = "2" }))["promotion_id"]);
        Assert.Equal("v1", await served.Registry.ServingAsync());

        Assert.Equal("applied", (await served.DecideAsync(id, ServedRest.Decision()))["status"]);
        Assert.Equal("Production", (string?)Ok(await AskAsync(served, "POST", "model-versions/transition-stage", asked))["model_version"]!["current_stage"]);
        Ok(await AskAsync(served, "POST", "registered-models/alias", new { name = "churn", alias = "champion", version = "2" }));
        Assert.Equal("2", (string?)Ok(await AskAsync(served, "GET", "registered-models/alias?name=churn&alias=champion"))["model_version"]!["version"]);
        Denied(403, "PERMISSION_DENIED", await AskAsync(served, "DELETE", "registered-models/alias", new { name = "churn", alias = "champion" }));
        Denied(403, "PERMISSION_DENIED", await AskAsync(served, "POST", "registered-models/rename", new { name = "churn", new_name = "other" }));
        Denied(403, "PERMISSION_DENIED", await AskAsync(served, "DELETE", "registered-models/delete", new { name = "churn" }));
    }

    [Fact]
    public async Task A_move_that_would_have_to_leave_another_version_behind_is_none_and_says_why()
    {
        await using var served = await ServedRest.OpenAsync();
        Ok(await AskAsync(served, "POST", "model-versions/create", new { name = "churn", source = "models:/churn/2" }));
        var waiting = await AskAsync(served, "POST", "model-versions/transition-stage", new { name = "churn", version = "1", stage = "Archived" });
        Denied(403, "PERMISSION_DENIED", waiting);
        var asked = new { name = "churn", version = "3", stage = "Staging", archive_existing_versions = true };
        var stuck = await AskAsync(served, "POST", "model-versions/transition-stage", asked);
        Denied(403, "PERMISSION_DENIED", stuck);
        Assert.Equal(("archive_existing_stuck", null), (stuck.Code, stuck["promotion_id"]));
        Assert.StartsWith("Nothing was moved: version v2", stuck["message"], StringComparison.Ordinal);
        Assert.Contains(waiting["promotion_id"]!, stuck["message"], StringComparison.Ordinal);
        Assert.Equal("None", (string?)Ok(await AskAsync(served, "GET", "model-versions/get?name=churn&version=3"))["model_version"]!["current_stage"]);
        Assert.Equal("withdrawn", (await served.PostAsync($"/promotions/{waiting["promotion_id"]}/withdraw", []))["status"]);
        Assert.Equal("Staging", (string?)Ok(await AskAsync(served, "POST", "model-versions/transition-stage", asked))["model_version"]!["current_stage"]);
        Assert.Equal("Archived", (string?)Ok(await AskAsync(served, "GET", "model-versions/get?name=churn&version=2"))["model_version"]!["current_stage"]);
    }

    [Fact]
    [Attack(23, "mlflow")]
    public async Task Who_calls_is_told_by_a_bearer_or_by_a_name_and_a_token_and_by_nothing_else()
    {
        await using var served = await ServedRest.OpenAsync();
        var token = served.Token!;
        served.Token = null;
        static (string, string) Basic(string pair) => ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}");
        const string get = "registered-models/get?name=churn";
        Ok(await AskAsync(served, "GET", get, null, ("Authorization", $"Bearer {token}")));
        Ok(await AskAsync(served, "GET", get, null, Basic($"planner:{token}")));
        Ok(await AskAsync(served, "GET", get, null, Basic($"Planner:{token}")));
        Denied(401, "UNAUTHENTICATED", await AskAsync(served, "GET", get));
        Denied(401, "UNAUTHENTICATED", await AskAsync(served, "GET", get, null, ("X-Forwarded-User", "ana")));
        foreach (var pair in (string[])[$"ana:{token}", $":{token}", $"planner:{token}x", "planner:", $"ana:{SeededRegistry.Passphrase}", token, ""])
            Denied(401, "UNAUTHENTICATED", await AskAsync(served, "GET", get, null, Basic(pair)));
        foreach (var header in (string[])["Basic", "Basic !", "Basic =", "Negotiate abc", $"Basic {new string('A', 5_000)}"])
            Denied(401, "UNAUTHENTICATED", await AskAsync(served, "GET", get, null, ("Authorization", header)));
        // A name with a token is this door's way, and no other's.
        Assert.Equal(401, (await served.GetAsync("/models/churn", Basic($"planner:{token}"))).Status);
    }

    [Fact]
    public async Task What_cannot_be_taken_is_told_in_the_words_of_mlflow()
    {
        await using var served = await ServedRest.OpenAsync();
        Assert.Equal("Missing value for required parameter 'name'.", (await AskAsync(served, "POST", "registered-models/create", new { }))["message"]);
        Assert.Equal("Missing value for required parameter 'version'.", (await AskAsync(served, "GET", "model-versions/get?name=churn"))["message"]);
        Assert.Equal("Registered Model with name=nothing not found", (await AskAsync(served, "GET", "registered-models/get?name=nothing"))["message"]);
        Assert.Equal("Model Version (name=churn, version=99) not found", (await AskAsync(served, "GET", "model-versions/get?name=churn&version=99"))["message"]);
        Assert.StartsWith("Registered Model (name=churn) already exists", (await AskAsync(served, "POST", "registered-models/create", new { name = "churn" }))["message"], StringComparison.Ordinal);
        Denied(400, "RESOURCE_ALREADY_EXISTS", await AskAsync(served, "POST", "registered-models/create", new { name = "CHURN" }));
        Denied(404, "RESOURCE_DOES_NOT_EXIST", await AskAsync(served, "POST", "model-versions/create", new { name = "nothing", source = "runs:/a/b" }));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "POST", "registered-models/create", new { name = new[] { 1 } }));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "POST", "registered-models/create", new { name = "x", tags = new[] { 1 } }));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "POST", "registered-models/create", new { name = "x", tags = new[] { new { key = "k", value = true } } }));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "POST", "registered-models/create", new { name = "a/b" }));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "GET", "model-versions/search?max_results=0&page_token=garbage"));
        Assert.Contains("could not base64-decode", (await AskAsync(served, "GET", "model-versions/search?page_token=garbage"))["message"], StringComparison.Ordinal);
        foreach (var body in (string[])["", "[]", "{", "{\"name\":\"\\ud800\"}", "\u0000", "{\"name\":\"a\",\"name\":\"b\"}"])
            Denied(400, "INVALID_PARAMETER_VALUE", await served.SendAsync("POST", Root + "registered-models/create", body));
        Denied(400, "INVALID_PARAMETER_VALUE", await served.SendAsync("POST", Root + "registered-models/create", "name=x", "application/x-www-form-urlencoded"));
        Denied(413, "INVALID_PARAMETER_VALUE", await served.SendAsync("POST", Root + "registered-models/create", new string(' ', 1_100_000)));
        Denied(404, "ENDPOINT_NOT_FOUND", await AskAsync(served, "GET", "experiments/search"));
        Denied(405, "ENDPOINT_NOT_FOUND", await AskAsync(served, "PUT", "registered-models/get", new { }));
    }

    [Fact]
    [Attack(18, "mlflow")]
    public async Task SQL_in_a_filter_or_an_order_is_a_text_or_nothing()
    {
        await using var served = await ServedRest.OpenAsync();
        static string Query(string filter) => $"model-versions/search?filter={Uri.EscapeDataString(filter)}";
        foreach (var text in (string[])["x'' OR ''1''=''1", "%'') --", "x''; drop table version; --", "\\''"])
        {
            var answer = Ok(await AskAsync(served, "GET", Query($"tags.`{text}` = '{text}' AND name = '{text}' AND run_id IN ('{text}')")));
            Assert.Empty(answer["model_versions"]!.AsArray());
        }
        foreach (var filter in (string[])["name = 'x' OR 1=1", "1=1", "name = 'x'; drop table model", "name = name", "name = (select name from model)"])
            Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "GET", Query(filter)));
        foreach (var order in (string[])["name; drop table model", "(select 1)", "v.number", "name DESC, 1"])
            Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "GET", $"registered-models/search?order_by={Uri.EscapeDataString(order)}"));
        Assert.Equal("churn", (string?)Ok(await AskAsync(served, "GET", "registered-models/search"))["registered_models"]![0]!["name"]);
    }

    [Fact]
    [Attack(21, "mlflow")]
    public async Task What_is_too_large_too_deep_or_too_many_is_refused_and_the_server_goes_on()
    {
        await using var served = await ServedRest.OpenAsync();
        string Tags(int count, int length) => string.Join(",", Enumerable.Range(0, count).Select(i => $$"""{"key":"k{{i}}","value":"{{new string('x', length)}}"}"""));
        foreach (var body in (string[])
        [
            $$"""{"name":"x","tags":{{string.Concat(Enumerable.Repeat("[", 1_000))}}{{string.Concat(Enumerable.Repeat("]", 1_000))}}}""",
            $$"""{"name":"x","tags":[{{Tags(101, 1)}}]}""",
            $$"""{"name":"x","tags":[{{Tags(1, 100_001)}}]}""",
            $$"""{"name":"x","tags":[{{Tags(6, 90_000)}}]}""",
            $$"""{"name":"{{new string('x', 129)}}"}""",
            $$"""{"name":"x","description":"{{new string('x', 4_001)}}"}""",
        ])
            Denied(400, "INVALID_PARAMETER_VALUE", await served.SendAsync("POST", Root + "registered-models/create", body));
        Denied(413, "INVALID_PARAMETER_VALUE", await served.SendAsync("POST", Root + "registered-models/create", new string(' ', 1_100_000)));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "GET", $"model-versions/search?filter={string.Join("%20AND%20", Enumerable.Repeat("name='a'", 51))}"));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "GET", $"model-versions/search?filter={new string('(', 6_000)}"));
        Denied(400, "INVALID_PARAMETER_VALUE", await AskAsync(served, "GET", $"model-versions/search?page_token={new string('A', 6_000)}"));
        Ok(await served.SendAsync("POST", Root + "registered-models/create", $$"""{"name":"x","tags":[{{Tags(1, 100_000)}}]}"""));
        Assert.Equal(100_000, ((string?)Ok(await AskAsync(served, "GET", "registered-models/get?name=x"))["registered_model"]!["tags"]![0]!["value"])!.Length);
    }

    [Fact]
    public async Task Files_go_in_by_path_and_come_out_by_what_the_download_address_says()
    {
        await using var served = await ServedRest.OpenAsync();
        async Task PutAsync(string path, string content) => Ok(await served.SendAsync("PUT", $"{Files}/{path}", content, "application/octet-stream"));
        await PutAsync("0/run/artifacts/model/MLmodel", "flavors: {}");
        await PutAsync("0/run/artifacts/model/data/model.bin", "weights");
        Ok(await AskAsync(served, "POST", "registered-models/create", new { name = "A b" }));
        Assert.Equal("1", (string?)Ok(await AskAsync(served, "POST", "model-versions/create", new { name = "A b", source = "mlflow-artifacts:/0/run/artifacts/model", run_id = "run", tags = new[] { new { key = "k", value = "" } } }))["model_version"]!["version"]);
        var uri = (string)Ok(await AskAsync(served, "GET", "model-versions/get-download-uri?name=A%20b&version=1"))["artifact_uri"]!;
        // As clients do: the address is cut at the proxy's path, and what is behind it is the root of what is listed, as it stands.
        var root = uri[(uri.IndexOf(Files, StringComparison.Ordinal) + Files.Length + 1)..];
        Assert.Matches(@"\Aregistered-models/mdl_\w+/1\z", root);
        Assert.Equal("""[{"path":"MLmodel","is_dir":false,"file_size":11},{"path":"data","is_dir":true}]""", Ok(await served.GetAsync($"{Files}?path={Uri.EscapeDataString(root)}"))["files"]!.ToJsonString());
        var file = await served.GetAsync($"{Files}/{root}/data/model.bin");
        Assert.Equal((200, "weights"), (file.Status, file.Body));
        Assert.Equal(412, (await served.GetAsync($"{Files}/{root}/data/model.bin", ("If-Match", "\"another\""))).Status);
        Assert.Equal("weights", (await served.GetAsync($"{Files}/registered-models/A%20b/1/data/model.bin")).Body);
        // No name passes for another model's id.
        var id = root.Split('/')[1];
        Ok(await AskAsync(served, "POST", "registered-models/create", new { name = id }));
        Ok(await AskAsync(served, "POST", "model-versions/create", new { name = id, source = "mlflow-artifacts:/0/run/artifacts/model/MLmodel" }));
        Assert.Equal("weights", (await served.GetAsync($"{Files}/{root}/data/model.bin")).Body);
        Assert.DoesNotContain(id, (string)Ok(await AskAsync(served, "GET", $"model-versions/get-download-uri?name={id}&version=1"))["artifact_uri"]!, StringComparison.Ordinal);
        Assert.Contains("sandbox", file.Response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Denied(403, "PERMISSION_DENIED", await served.SendAsync("PUT", $"{Files}/registered-models/A%20b/1/data/model.bin", "other", "application/octet-stream"));
        Denied(403, "PERMISSION_DENIED", await served.SendAsync("DELETE", $"{Files}/registered-models/A%20b/1", null));
        Denied(404, "RESOURCE_DOES_NOT_EXIST", await served.GetAsync($"{Files}/registered-models/A%20b/1/data"));
        Ok(await served.SendAsync("DELETE", $"{Files}/0/run", null));
        Assert.Empty(Ok(await served.GetAsync($"{Files}?path=0"))["files"]!.AsArray());
        foreach (var path in (string[])["a%2f..%2fb", "a%5cb", "CON"])
            Denied(400, "INVALID_PARAMETER_VALUE", await served.SendAsync("PUT", $"{Files}/{path}", "x", "application/octet-stream"));
    }

    [Fact]
    public async Task Behind_a_proxy_that_takes_a_part_off_the_path_addresses_have_it_again()
    {
        await using var served = await ServedRest.OpenAsync();
        async Task<string> AddressAsync(string prefix) => (string)Ok(await AskAsync(served, "GET", "model-versions/get-download-uri?name=churn&version=1", null, ("X-Forwarded-Prefix", prefix)))["artifact_uri"]!;
        Assert.Equal($"{served.Address}ml/registry/api/2.0/mlflow-artifacts/artifacts/registered-models/churn/1", await AddressAsync("/ml/registry/"));
        foreach (var prefix in (string[])["//evil.test", "/..", "ml", "/a b", "/a?x", "/" + new string('a', 100), "/@evil.test"])
            Assert.Equal($"{served.Address}api/2.0/mlflow-artifacts/artifacts/registered-models/churn/1", await AddressAsync(prefix));
    }

    [Fact]
    [Attack(22, "mlflow")]
    public async Task A_page_of_another_site_changes_nothing_where_no_token_is_asked_for()
    {
        await using var served = await ServedRest.OpenAsync("open");
        served.Token = null;
        Ok(await AskAsync(served, "GET", "registered-models/get?name=churn"));
        // Behind a proxy there is no knowing who is near.
        Denied(401, "UNAUTHENTICATED", await AskAsync(served, "GET", "registered-models/get?name=churn", null, ("X-Forwarded-Prefix", "/ml")));
        var create = """{"name":"planted"}""";
        Assert.Equal(403, (await served.SendAsync("POST", Root + "registered-models/create", create, headers: ("Origin", "http://evil.test"))).Status);
        Assert.Equal(403, (await served.SendAsync("PUT", Files + "/x", "x", "text/plain", ("Origin", "http://evil.test"))).Status);
        Assert.Equal(403, (await served.SendAsync("POST", Root + "registered-models/create", create, headers: ("Host", "evil.test"))).Status);
        Assert.Equal(400, (await served.SendAsync("POST", Root + "registered-models/create", create, "text/plain")).Status);
        Denied(404, "RESOURCE_DOES_NOT_EXIST", await AskAsync(served, "GET", "registered-models/get?name=planted"));
        // What does come from this machine needs nothing.
        Ok(await served.SendAsync("POST", "/ajax-api/2.0/mlflow/registered-models/create", """{"name":"mine"}"""));
    }
}
