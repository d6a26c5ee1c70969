using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>Uploads in parts as MLflow's clients send them: begun and ended with their credential, the parts without one.</summary>
public sealed class MultipartTests
{
    private const string Root = "/api/2.0/mlflow-artifacts/mpu/", Files = "/api/2.0/mlflow-artifacts/artifacts";

    private static Task<RestAnswer> AskAsync(ServedRest served, string step, object body, string? token = null) =>
        served.SendAsync("POST", Root + step, System.Text.Json.JsonSerializer.Serialize(body), headers: token is null ? [] : [("Authorization", $"Bearer {token}")]);

    private static async Task<(string Id, string[] Urls)> BeginAsync(ServedRest served, int parts, string folder = "0/run/model")
    {
        var begun = await AskAsync(served, $"create/{folder}", new { path = "weights.bin", num_parts = parts });
        Assert.True(begun.Status == 200, begun.Body);
        var credentials = begun.Json["credentials"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, parts), credentials.Select(c => (int)c!["part_number"]!));
        Assert.All(credentials, c => Assert.Empty(c!["headers"]!.AsObject()));
        return (begun["upload_id"]!, [.. credentials.Select(c => (string)c!["url"]!)]);
    }

    /// <summary>As clients do: to the address as it was given, with no header of their own.</summary>
    private static async Task<(int Status, string? ETag, string Body)> PutAsync(string url, string content)
    {
        using var client = new HttpClient();
        using var answer = await client.PutAsync(url, new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(content)));
        return ((int)answer.StatusCode, answer.Headers.TryGetValues("ETag", out var tags) ? tags.Single() : null, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<object> PartAsync(string url, int number, string content)
    {
        var (status, tag, body) = await PutAsync(url, content);
        Assert.True(status == 200, body);
        return new { part_number = number, etag = tag, url };
    }

    private static void Denied(int status, string code, RestAnswer answer)
    {
        Assert.True(answer.Status == status && answer.Code == code, $"{answer.Status} {answer.Body}");
        Assert.False(string.IsNullOrWhiteSpace(answer["error_code"]));
    }

    [Fact]
    public async Task Parts_sent_at_once_without_a_credential_become_the_file_and_the_file_a_version()
    {
        await using var served = await ServedRest.OpenAsync();
        var (id, urls) = await BeginAsync(served, 4);
        var contents = Enumerable.Range(0, 4).Select(i => new string((char)('a' + i), 300_000 - i)).ToArray();
        Assert.Equal(200, (await PutAsync(urls[2], "sent again below")).Status);
        var parts = await Task.WhenAll(urls.Select((url, i) => PartAsync(url, i + 1, contents[i])).Reverse());
        Denied(400, "upload_part_missing", await AskAsync(served, "complete/0/run/model", new { path = "weights.bin", upload_id = (await BeginAsync(served, 4)).Id, parts }));
        Denied(400, "upload_parts_invalid", await AskAsync(served, "complete/0/run/model", new { path = "weights.bin", upload_id = id, parts = parts.Take(3) }));
        var complete = new { path = "/tmp/on-the-client/weights.bin", upload_id = id, parts };
        foreach (var _ in (int[])[1, 2])
            Assert.Equal((200, "{}"), (await AskAsync(served, "complete/0/run/model", complete)) is var done ? (done.Status, done.Body) : default);

        Assert.Equal(string.Concat(contents), (await served.GetAsync($"{Files}/0/run/model/weights.bin")).Body);
        var version = await served.SendAsync("POST", "/api/2.0/mlflow/model-versions/create", """{"name":"churn","source":"mlflow-artifacts:/0/run/model"}""");
        Assert.Equal(200, version.Status);
        Assert.DoesNotContain("unverified", version.Body, StringComparison.Ordinal);
        Assert.Equal(string.Concat(contents), (await served.GetAsync($"{Files}/registered-models/churn/{(string?)version.Json["model_version"]!["version"]}/weights.bin")).Body);
    }

    [Fact]
    public async Task Ten_thousand_parts_can_be_named()
    {
        await using var served = await ServedRest.OpenAsync(churn: false);
        var (id, urls) = await BeginAsync(served, 10_000);
        var first = await PartAsync(urls[0], 1, "x");
        var parts = urls.Select((url, i) => i == 0 ? first : new { part_number = i + 1, etag = new string('0', 64), url });
        Denied(400, "upload_part_missing", await AskAsync(served, "complete/0/run/model", new { path = "weights.bin", upload_id = id, parts }));
        Assert.Equal(200, (await AskAsync(served, "abort/0/run/model", new { path = "weights.bin", upload_id = id })).Status);
    }

    [Fact]
    [Attack(24, "mlflow")]
    public async Task The_address_of_a_part_is_good_for_that_part_while_its_upload_goes_on_and_for_nothing_else()
    {
        await using var served = await ServedRest.OpenAsync(churn: false);
        var (id, urls) = await BeginAsync(served, 3);
        var (other, others) = await BeginAsync(served, 3, "another");
        var seal = urls[0].IndexOf("seal=", StringComparison.Ordinal) + "seal=".Length;
        string[] bent =
        [
            urls[0].Replace("/1?", "/2?", StringComparison.Ordinal), urls[0].Replace("/1?", "/4?", StringComparison.Ordinal),
            urls[0].Replace(id, other, StringComparison.Ordinal), urls[0][..seal], urls[0][..(seal - 6)], urls[0][..^1] + (urls[0][^1] == 'A' ? 'E' : 'A'), urls[0] + "A",
            urls[0][..seal] + others[0][seal..], urls[0][..seal] + new string('A', 5_000), urls[0] + "&seal=" + urls[0][seal..],
        ];
        foreach (var url in bent)
            Assert.Contains("part_address_invalid", (await PutAsync(url, "planted")) is (403, null, var body) ? body : url, StringComparison.Ordinal);
        // It is no credential anywhere else, nor is another method taken.
        Assert.Equal(401, (await served.SendAsync("POST", Root + $"abort/0/run/model?{urls[0][(seal - 5)..]}", $$"""{"path":"weights.bin","upload_id":"{{id}}"}""", headers: ("Authorization", "Bearer nobody"))).Status);
        Assert.Equal(405, (await served.GetAsync(new Uri(urls[0]).PathAndQuery)).Status);

        var stranger = await served.Registry.TokenAsync("stranger");
        var parts = await Task.WhenAll(urls.Select((url, i) => PartAsync(url, i + 1, $"{i}")));
        Denied(404, "multipart_gone", await AskAsync(served, "complete/0/run/model", new { path = "weights.bin", upload_id = id, parts }, stranger));
        Denied(404, "multipart_gone", await AskAsync(served, "abort/0/run/model", new { path = "weights.bin", upload_id = id }, stranger));
        Denied(404, "multipart_gone", await AskAsync(served, "complete/another", new { path = "weights.bin", upload_id = id, parts }));
        Assert.Equal(200, (await AskAsync(served, "complete/0/run/model", new { path = "weights.bin", upload_id = id, parts })).Status);
        Assert.Equal(403, (await PutAsync(urls[0], "late")).Status);
        Assert.Equal("012", (await served.GetAsync($"{Files}/0/run/model/weights.bin")).Body);

        await PartAsync(others[0], 1, "x");
        Assert.Equal(200, (await AskAsync(served, "abort/another", new { path = "weights.bin", upload_id = other })).Status);
        Assert.Equal(403, (await PutAsync(others[0], "late")).Status);
        Denied(404, "multipart_gone", await AskAsync(served, "complete/another", new { path = "weights.bin", upload_id = other, parts = Array.Empty<int>() }));
    }

    [Fact]
    [Attack(23, "mlflow")]
    public async Task With_the_token_that_began_it_an_upload_ends()
    {
        await using var served = await ServedRest.OpenAsync(churn: false);
        var token = await served.Registry.NewTokenAsync("uploader");
        served.Token = token.Secret;
        var (_, urls) = await BeginAsync(served, 2);
        Assert.Equal(200, (await PutAsync(urls[0], "x")).Status);
        await served.Registry.RevokeAsync(token.Id);
        Assert.Equal(403, (await PutAsync(urls[1], "x")).Status);
        served.Token = await served.Registry.TokenAsync("reader", Domain.Permissions.Viewer);
        Denied(403, "role_missing", await AskAsync(served, "create/0", new { path = "x", num_parts = 1 }));
    }

    [Fact]
    public async Task Where_no_token_is_asked_for_an_upload_needs_none_until_the_policy_asks_for_one()
    {
        await using var served = await ServedRest.OpenAsync("local", churn: false);
        served.Token = null;
        var (id, urls) = await BeginAsync(served, 1, "");
        var part = await PartAsync(urls[0], 1, "mine");
        Assert.Equal(200, (await AskAsync(served, "complete", new { path = "weights.bin", upload_id = id, parts = new[] { part } })).Status);
        Assert.Equal("mine", (await served.GetAsync($"{Files}/weights.bin")).Body);
        var (_, later) = await BeginAsync(served, 1, "");
        await served.Registry.AcceptAsync("team");
        Assert.Equal(403, (await PutAsync(later[0], "x")).Status);
    }

    [Theory]
    [InlineData("""{"num_parts":1}""")]
    [InlineData("""{"path":"x","num_parts":"many"}""")]
    [InlineData("""{"path":"x","num_parts":{}}""")]
    [InlineData("""{"path":"x","upload_id":"u","parts":{}}""", "complete")]
    [InlineData("""{"path":"x","upload_id":"u","parts":[1]}""", "complete")]
    [InlineData("""{"path":"x","upload_id":"u","parts":[{"part_number":1.5,"etag":"x"}]}""", "complete")]
    [InlineData("""{"path":"x","upload_id":"u","parts":[{"part_number":1}]}""", "complete")]
    [InlineData("""{"path":"x"}""", "abort")]
    public async Task What_cannot_be_read_is_told(string body, string step = "create")
    {
        await using var served = await ServedRest.OpenAsync(churn: false);
        var answer = await served.SendAsync("POST", Root + step + "/a", body);
        Assert.Equal((400, "INVALID_PARAMETER_VALUE"), (answer.Status, answer["error_code"]));
    }
}
