using System.Formats.Tar;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>A pipeline's way in, a service's way out.</summary>
public sealed class UploadTests
{
    private static string Sha(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static MultipartFormDataContent Form(params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), name);
        return form;
    }

    private static async Task<RestAnswer> SendAsync(ServedRest rest, HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { BaseAddress = rest.Address };
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", rest.Token);
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                content!.Headers.TryAddWithoutValidation(name, value);
        var response = await http.SendAsync(request);
        return new RestAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    [Fact]
    public async Task A_form_with_a_file_makes_a_version_and_its_file_comes_out_whole_in_parts_and_as_a_tar()
    {
        await using var rest = await OpenAsync(churn: false);
        Assert.Equal(201, (await rest.PostAsync("/models", new JsonObject { ["name"] = "image_classifier", ["description"] = "ResNet-50 image classifier", ["model_type"] = "classification" })).Status);
        var content = RandomNumberGenerator.GetBytes(3_000_000);
        using var form = Form(("version", "v2"), ("format", "tensorflow_saved_model"), ("accuracy", "0.95"), ("mAP", "0.5"), ("input_shape", "[1,3,224,224]"), ("output_shape", "[1,1000]"), ("release_notes", "better"), ("metadata", """{"dataset": "s3://data/7", "tags": {"framework": "tensorflow"}}"""));
        form.Add(new ByteArrayContent(content), "file", "model.zip");
        form.Add(new ByteArrayContent([1, 2, 3]), "file", "variables/variables.index");

        var made = await SendAsync(rest, HttpMethod.Post, "/models/image_classifier/versions", form);

        Assert.True(made.Status == 201, made.Body);
        Assert.Equal("/models/image_classifier/versions/v2", made.Response.Headers.Location?.ToString());
        var version = await rest.GetAsync("/models/image_classifier/versions/v2");
        Assert.Equal((0.95, 0.5, "tensorflow_saved_model", "s3://data/7", "tensorflow"), ((double)version.Json["metrics"]!["accuracy"]!, (double)version.Json["metrics"]!["mAP"]!, version["format"], version["dataset"], (string?)version.Json["tags"]!["framework"]));
        Assert.Equal("[1,3,224,224]", version.Json["signature"]!["input_shape"]!.ToJsonString());
        Assert.Equal(["model.zip", "variables/variables.index"], (await rest.GetAsync("/models/image_classifier/versions/v2/files")).Json["items"]!.AsArray().Select(f => (string?)f!["path"]));

        using var http = new HttpClient { BaseAddress = rest.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", rest.Token);
        using var whole = await http.GetAsync("/models/image_classifier/versions/v2/files/model.zip");
        Assert.Equal(Sha(content), Sha(await whole.Content.ReadAsByteArrayAsync()));
        Assert.Equal(($"\"{Sha(content)}\"", "attachment", content.LongLength), (whole.Headers.ETag?.Tag, whole.Content.Headers.ContentDisposition?.DispositionType, whole.Content.Headers.ContentLength));
        Assert.Equal("nosniff", Assert.Single(whole.Headers.GetValues("X-Content-Type-Options")));
        using var part = new HttpRequestMessage(HttpMethod.Get, "/models/image_classifier/versions/v2/files/model.zip") { Headers = { Range = new RangeHeaderValue(1_000, 1_999) } };
        using var answered = await http.SendAsync(part);
        Assert.Equal((206, "bytes 1000-1999/3000000"), ((int)answered.StatusCode, answered.Content.Headers.ContentRange?.ToString()));
        Assert.Equal(content[1_000..2_000], await answered.Content.ReadAsByteArrayAsync());
        Assert.Equal(304, (await rest.GetAsync("/models/image_classifier/versions/v2/files/model.zip", ("If-None-Match", $"\"{Sha(content)}\""))).Status);
        Problem(404, "file_not_found", await rest.GetAsync("/models/image_classifier/versions/v2/files/nothing"));
        Problem(404, "file_not_found", await rest.GetAsync("/models/image_classifier/versions/v2/files/..%2f..%2fregistry.db"));

        await using var archive = await http.GetStreamAsync("/models/image_classifier/versions/v2/archive");
        await using var tar = new TarReader(archive);
        var first = await tar.GetNextEntryAsync(copyData: true);
        Assert.Equal(("model.zip", content.LongLength), (first!.Name, first.Length));
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(first.DataStream!));
        Assert.Equal("variables/variables.index", (await tar.GetNextEntryAsync(copyData: true))!.Name);
    }

    [Fact]
    public async Task A_content_put_by_its_digest_goes_on_after_a_cut_and_a_version_refers_to_it()
    {
        await using var rest = await OpenAsync(churn: false);
        var content = RandomNumberGenerator.GetBytes(8_000_000);
        var sha = Sha(content);
        await CutAsync(rest, sha, content, 5_000_000);

        var waits = await rest.SendAsync("HEAD", $"/blobs/{sha}", null);
        var at = int.Parse(Assert.Single(waits.Response.Headers.GetValues("Upload-Offset")), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(404, waits.Status);
        Assert.InRange(at, 1, 5_000_000);
        // Another caller's upload is another one: nobody goes on with bytes that somebody else sent.
        var other = await rest.Registry.TokenAsync("other");
        Assert.Equal("0", Assert.Single((await rest.SendAsync("HEAD", $"/blobs/{sha}", null, null, ("Authorization", $"Bearer {other}"))).Response.Headers.GetValues("Upload-Offset")));
        Problem(404, "blob_not_here", await rest.PostAsync("/models/late/versions", new JsonObject { ["files"] = new JsonArray(new JsonObject { ["path"] = "model.onnx", ["sha256"] = sha }) }));
        Problem(409, "upload_offset", await SendAsync(rest, HttpMethod.Put, $"/blobs/{sha}", new ByteArrayContent(content[7_000_000..]), ("Content-Range", $"bytes 7000000-7999999/{content.Length}")));

        var part = await SendAsync(rest, HttpMethod.Put, $"/blobs/{sha}", new ByteArrayContent(content[at..6_000_000]), ("Content-Range", $"bytes {at}-5999999/{content.Length}"));
        Assert.Equal((202, "6000000"), (part.Status, Assert.Single(part.Response.Headers.GetValues("Upload-Offset"))));
        var rested = await SendAsync(rest, HttpMethod.Put, $"/blobs/{sha}", new ByteArrayContent(content[6_000_000..]), ("Content-Range", "bytes 6000000-"));
        Assert.True(rested.Status == 201, rested.Body);
        Assert.Equal(201, (await SendAsync(rest, HttpMethod.Put, $"/blobs/{sha}", new ByteArrayContent(content))).Status);
        Assert.Equal(200, (await rest.SendAsync("HEAD", $"/blobs/{sha}", null)).Status);

        var made = await rest.PostAsync("/models/late/versions", new JsonObject { ["files"] = new JsonArray(new JsonObject { ["path"] = "model.onnx", ["sha256"] = sha }), ["accuracy"] = 0.9, ["tags"] = new JsonObject { ["team"] = "risk" } });
        Assert.True(made.Status == 201, made.Body);
        Assert.Equal(sha, (string?)made.Json["files"]![0]!["sha256"]);
    }

    [Fact]
    public async Task What_is_not_what_it_says_is_thrown_away()
    {
        await using var rest = await OpenAsync(churn: false);
        var (content, other) = (RandomNumberGenerator.GetBytes(1_000_000), Sha([1]));
        Problem(409, "digest_mismatch", await SendAsync(rest, HttpMethod.Put, $"/blobs/{other}", new ByteArrayContent(content)));
        Assert.Equal("0", Assert.Single((await rest.SendAsync("HEAD", $"/blobs/{other}", null)).Response.Headers.GetValues("Upload-Offset")));
        Problem(400, "digest_invalid", await SendAsync(rest, HttpMethod.Put, "/blobs/..%2f..%2fx", new ByteArrayContent(content)));
        Problem(400, "upload_range_invalid", await SendAsync(rest, HttpMethod.Put, $"/blobs/{other}", new ByteArrayContent(content), ("Content-Range", "bytes */5")));
        Problem(409, "upload_offset", await SendAsync(rest, HttpMethod.Put, $"/blobs/{other}", new ByteArrayContent([1]), ("Content-Range", "bytes 5-")));
        foreach (var beyond in (string[])["bytes 9223372036854775807-", "bytes 1099511627776-", "bytes 0-/1099511627777"])
            Problem(413, "file_too_large", await SendAsync(rest, HttpMethod.Put, $"/blobs/{other}", new ByteArrayContent([1]), ("Content-Range", beyond)));
        Assert.Empty(Directory.GetFiles(Path.Combine(rest.Registry.DataFolder, "artifacts", "staging")));
        Assert.Empty(Stored(rest));
    }

    [Fact]
    public async Task Eight_puts_of_one_content_at_once_do_no_harm()
    {
        await using var rest = await OpenAsync(churn: false);
        var content = RandomNumberGenerator.GetBytes(4_000_000);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync(rest, HttpMethod.Put, $"/blobs/{Sha(content)}", new ByteArrayContent(content))));
        Assert.All(answers, a => Assert.Equal(201, a.Status));
        Assert.Equal(content, await File.ReadAllBytesAsync(Assert.Single(Stored(rest))));
    }

    [Fact]
    [Attack(19, "rest")]
    public async Task A_path_that_leaves_its_version_is_refused_and_nobody_without_the_role_stores_a_byte()
    {
        await using var rest = await OpenAsync(churn: false);
        foreach (var path in new[] { "../evil", "/etc/passwd", "C:\\evil", "a/../../evil", "a//b", "%2e%2e/evil\u202e" })
        {
            using var form = Form(("version", "v1"));
            form.Add(new ByteArrayContent([1]), "file", path);
            Problem(400, "path_unsafe", await SendAsync(rest, HttpMethod.Post, "/models/mole/versions", form));
        }
        rest.Token = await rest.Registry.TokenAsync("reader", "viewer", "proposer");
        using var forbidden = Form(("version", "v1"));
        forbidden.Add(new ByteArrayContent(RandomNumberGenerator.GetBytes(100_000)), "file", "model.onnx");
        var before = Stored(rest).Length;
        Problem(403, "role_missing", await SendAsync(rest, HttpMethod.Post, "/models/mole/versions", forbidden));
        // What is said to be a repetition is no other than the first.
        using var repeated = Form(("version", "v1"));
        repeated.Add(new ByteArrayContent(RandomNumberGenerator.GetBytes(100_000)), "file", "model.onnx");
        Problem(403, "role_missing", await SendAsync(rest, HttpMethod.Post, "/models/mole/versions", repeated, ("Idempotency-Key", "k-1")));
        Problem(403, "role_missing", await SendAsync(rest, HttpMethod.Put, $"/blobs/{Sha([9])}", new ByteArrayContent([9])));
        Problem(403, "role_missing", await rest.PostAsync("/models", new JsonObject { ["name"] = "mole" }));
        Problem(404, "model_not_found", await rest.GetAsync("/models/mole"));
        Assert.Equal(before, Stored(rest).Length);
    }

    [Theory]
    [InlineData("accuracy", "very", "accuracy"), InlineData("input_shape", "224", "input_shape"), InlineData("metadata", "[1]", "metadata"), InlineData("acuracy", "0.9", "acuracy"), InlineData("bump", "7", "bump")]
    public async Task A_field_that_does_not_fit_is_named_before_a_file_is_read(string field, string value, string named)
    {
        await using var rest = await OpenAsync(churn: false);
        using var form = Form((field, value));
        form.Add(new ByteArrayContent(RandomNumberGenerator.GetBytes(1_000)), "file", "model.onnx");
        var answer = await SendAsync(rest, HttpMethod.Post, "/models/m/versions", form);
        Problem(400, "invalid_arguments", answer);
        Assert.Contains(named, answer.Json["errors"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(Stored(rest));
    }

    [Fact]
    public async Task Whoever_waits_is_told_when_another_version_serves()
    {
        await using var rest = await OpenAsync();
        var now = await rest.GetAsync("/models/churn/serving?wait=30");
        Assert.Equal("v1", now["version"]);
        var waiting = rest.GetAsync("/models/churn/serving?wait=30", ("If-None-Match", now.Response.Headers.ETag!.Tag));
        var id = await rest.ProposeAsync();
        Assert.False(waiting.IsCompleted);
        Assert.Equal("applied", (await rest.DecideAsync(id, Decision()))["status"]);
        Assert.Equal((200, "v2"), ((await waiting).Status, (await waiting)["version"]));
        Assert.Equal(304, (await rest.GetAsync("/models/churn/serving?wait=1", ("If-None-Match", (await waiting).Response.Headers.ETag!.Tag))).Status);
    }

    [Fact]
    public async Task Models_and_versions_are_edited_and_what_serves_a_governed_stage_stays()
    {
        await using var rest = await OpenAsync();
        var edited = await rest.SendAsync("PATCH", "/models/churn", """{"description": "who leaves", "tags": {"team": "growth"}}""");
        Assert.True(edited.Status == 200, edited.Body);
        Assert.Equal(200, (await rest.SendAsync("PATCH", "/models/churn", """{"tags": {"team": null}, "owner": ""}""")).Status);
        Assert.Equal(("who leaves", 0), ((await rest.GetAsync("/models/churn"))["description"], (await rest.GetAsync("/models/churn")).Json["tags"]!.AsObject().Count));
        Assert.Equal(200, (await rest.SendAsync("PATCH", "/models/churn/versions/v2", """{"deprecated": true, "alias": "shadow"}""")).Status);
        Assert.Equal("v2", (await rest.GetAsync("/models/churn/versions/@shadow"))["version"]);
        Problem(403, "serves_governed_stage", await rest.SendAsync("DELETE", "/models/churn", null));
        Problem(403, "serves_governed_stage", await rest.SendAsync("PATCH", "/models/churn", """{"name": "other"}"""));
        Problem(400, "invalid_arguments", await rest.SendAsync("PATCH", "/models/churn", """{"descripton": "typo"}"""));
    }

    private static string[] Stored(ServedRest rest) => Directory.GetFiles(Path.Combine(rest.Registry.DataFolder, "artifacts", "blobs"), "*", SearchOption.AllDirectories);

    /// <summary>A PUT whose client goes away in the middle.</summary>
    private static async Task CutAsync(ServedRest rest, string sha, byte[] content, int after)
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(System.Net.IPAddress.Loopback, rest.Address.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"PUT /blobs/{sha} HTTP/1.1\r\nHost: localhost:{rest.Address.Port}\r\nAuthorization: Bearer {rest.Token}\r\nContent-Length: {content.Length}\r\n\r\n"));
            await stream.WriteAsync(content.AsMemory(0, after));
            // Until some of it has arrived.
            for (var i = 0; i < 200 && !Directory.GetFiles(Path.Combine(rest.Registry.DataFolder, "artifacts", "staging")).Any(f => new FileInfo(f).Length >= 3_000_000); i++)
                await Task.Delay(50);
        }
        // Until the server has noticed: a file that is being written cannot be gone on with.
        for (var i = 0; i < 200; i++)
        {
            var tried = await SendAsync(rest, HttpMethod.Put, $"/blobs/{sha}", new ByteArrayContent([]), ("Content-Range", $"bytes {content.Length}-"));
            if (tried.Code != "upload_busy")
                return;
            await Task.Delay(50);
        }
    }
}
