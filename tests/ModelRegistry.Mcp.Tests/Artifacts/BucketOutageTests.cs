using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Artifacts.BucketRegistry;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>A store that stands still, is not there or does not know us. The server is its own: other tests go on with theirs.</summary>
public sealed class BucketOutageTests : IAsyncLifetime
{
    private readonly S3Server _s3 = new();

    public ValueTask InitializeAsync() => _s3.InitializeAsync();

    public ValueTask DisposeAsync() => _s3.DisposeAsync();

    [Fact]
    public async Task A_store_that_stands_still_in_the_middle_gives_503_and_nothing_half_written()
    {
        await using var it = await OpenAsync(_s3, environment: new() { ["MODELREGISTRY_S3_TIMEOUT"] = "2" });
        var small = RandomNumberGenerator.GetBytes(1_000);
        var large = RandomNumberGenerator.GetBytes(20 << 20);
        Assert.Equal(201, (await it.PutAsync(small)).Status);
        Assert.Equal(201, (await it.RegisterAsync("digits", Uploaded("model.bin", small))).Status);

        // Parts of it are there when the store stops.
        var body = new SlowBody(large, 12 << 20);
        var sending = it.SendAsync(HttpMethod.Put, $"/blobs/{Sha(large)}", body);
        await body.Halfway;
        await _s3.FreezeAsync();
        body.GoOn();
        try
        {
            Outage(await sending);
            Outage(await it.PutAsync([1, 2, 3]));
            Outage(await it.SendAsync(HttpMethod.Get, "/models/digits/versions/v1/files/model.bin"));
            Outage(await it.SendAsync(HttpMethod.Get, "/models/digits/versions/v1/files/model.bin", headers: ("Range", "bytes=0-9")));
            Outage(await it.RegisterAsync("digits", Uploaded("model.bin", small)));
            Assert.Equal(503, (await it.SendAsync(HttpMethod.Get, "/health/ready")).Status);
            // What needs no file goes on.
            Assert.Equal(200, (await it.SendAsync(HttpMethod.Get, "/models/digits")).Status);
            Assert.Equal(200, (await it.SendAsync(HttpMethod.Get, "/health")).Status);
        }
        finally
        {
            await _s3.ThawAsync();
        }

        Assert.Equal([BlobKey(small)], await it.KeysAsync("blobs/"));
        Assert.Single((await it.SendAsync(HttpMethod.Get, "/models/digits/versions")).Json["items"]!.AsArray());
        Assert.Equal(201, (await it.PutAsync(large)).Status);
        Assert.Equal(200, (await it.SendAsync(HttpMethod.Get, "/health/ready")).Status);
        Assert.Equal(new[] { BlobKey(small), BlobKey(large) }.Order(StringComparer.Ordinal), await it.KeysAsync("blobs/"));
        Assert.Equal(Sha(small), Sha((await it.FetchAsync("/models/digits/versions/v1/files/model.bin")).Body));
    }

    [Fact]
    public async Task What_came_whole_is_taken_in_though_whoever_sent_it_lost_patience_with_a_slow_store()
    {
        await using var it = await OpenAsync(_s3);
        var content = RandomNumberGenerator.GetBytes(17 << 20);
        var body = new SlowBody(content, content.Length - 1);
        using var patience = new CancellationTokenSource();
        var sending = it.SendAsync(HttpMethod.Put, $"/blobs/{Sha(content)}", body, cancel: patience.Token);
        await body.Halfway;
        for (var tries = 0; tries < 600 && Assert.Single((await HeadAsync()).Response.Headers.GetValues("Upload-Offset")) != $"{16 << 20}"; tries++)
            await Task.Delay(100);
        await _s3.FreezeAsync();
        try
        {
            body.GoOn();
            // Until the last byte has arrived, to which nothing answers.
            await Task.Delay(TimeSpan.FromSeconds(5));
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        }
        finally
        {
            await _s3.ThawAsync();
        }
        for (var tries = 0; tries < 600 && ((await HeadAsync()).Status != 200 || (await it.KeysAsync()).Length > 1); tries++)
            await Task.Delay(100);

        Assert.Equal(200, (await HeadAsync()).Status);
        Assert.Equal([BlobKey(content)], await it.KeysAsync());

        Task<Rest.RestAnswer> HeadAsync() => it.SendAsync(HttpMethod.Head, $"/blobs/{Sha(content)}");
    }

    [Fact]
    public async Task Doctor_names_the_store_tries_it_and_says_what_is_wrong()
    {
        var bucket = await _s3.NewBucketAsync();
        using var program = new ProgramProcess();
        foreach (var (name, value) in _s3.Environment)
            program.Environment[name] = value;
        var init = await program.RunAsync(["init", "--person", "ana", "--passphrase-file", program.File("passphrase", "correct horse battery"), "--data", program.Data, "--artifacts", $"s3://{bucket}/a/b"]);
        Assert.True(init.Exit == 0, init.Err);

        var well = await DoctorAsync(program, $"s3://{bucket}/a/b");
        Assert.Equal(("ok", $"s3://{bucket}/a/b at {program.Environment["MODELREGISTRY_S3_ENDPOINT"].TrimEnd('/')}"), (well.Status, well.Found));
        Assert.Empty(await _s3.KeysAsync(bucket));

        var missing = await DoctorAsync(program, "s3://not-there");
        Assert.Contains("there is no bucket 'not-there'", missing.Found, StringComparison.Ordinal);
        program.Environment["MODELREGISTRY_S3_SECRET_KEY"] = "another-secret";
        Assert.Contains("the secret key does not belong to the access key", (await DoctorAsync(program, $"s3://{bucket}")).Found, StringComparison.Ordinal);
        program.Environment["MODELREGISTRY_S3_ACCESS_KEY"] = "nobody";
        Assert.Contains("the store does not know the access key", (await DoctorAsync(program, $"s3://{bucket}")).Found, StringComparison.Ordinal);
        program.Environment["MODELREGISTRY_S3_ENDPOINT"] = "http://127.0.0.1:1";
        var nowhere = await DoctorAsync(program, $"s3://{bucket}");
        Assert.Equal(("fail", 1), (nowhere.Status, nowhere.Code));
        Assert.Contains("the store cannot be reached", nowhere.Found, StringComparison.Ordinal);
        Assert.Contains("MODELREGISTRY_S3_ENDPOINT", nowhere.Remedy, StringComparison.Ordinal);
        // What needs no file does not need the store.
        Assert.Equal(0, (await program.RunAsync(["list-models", "--data", program.Data, "--artifacts", $"s3://{bucket}"])).Exit);
        Assert.DoesNotContain("another-secret", program.AllErr, StringComparison.Ordinal);

        foreach (var (key, value) in new[] { ("--artifacts", "s3://"), ("--artifacts", "s3://ab"), ("--artifacts", "s3://bucket/../x"), ("--artifacts", "S3://bucket"), ("--artifacts", "gs://bucket") })
            Assert.Equal(64, (await program.RunAsync(["list-models", "--data", program.Data, key, value])).Exit);
        program.Environment["MODELREGISTRY_S3_ENDPOINT"] = "ftp://x";
        Assert.Equal(64, (await program.RunAsync(["list-models", "--data", program.Data])).Exit);
    }

    private static async Task<(string Status, string Found, string Remedy, int Code)> DoctorAsync(ProgramProcess program, string artifacts)
    {
        var ran = await program.RunAsync(["doctor", "--data", program.Data, "--artifacts", artifacts, "--output", "json"]);
        var check = JsonNode.Parse(ran.Out)!["checks"]!.AsArray().Single(c => (string?)c!["check"] == "artifacts")!;
        return ((string)check["status"]!, (string)check["found"]!, (string)check["remedy"]!, ran.Exit);
    }

    private static void Outage(Rest.RestAnswer answer)
    {
        Problem(503, "storage_unavailable", answer);
        Assert.Contains("Retry-After", answer.Response.Headers.Select(h => h.Key));
    }
}
