using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Artifacts.BucketRegistry;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>The story that must always work, with the files in a bucket.</summary>
public sealed class BucketStoryTests(S3Server s3)
{
    [Fact]
    public async Task A_model_in_a_bucket_is_registered_promoted_and_fetched_whole_in_parts_and_verified()
    {
        await using var it = await OpenAsync(s3);
        // Longer than one part of an upload.
        var (model, weights) = (await File.ReadAllBytesAsync(Repository.At("samples/digits/digits-v2.onnx")), RandomNumberGenerator.GetBytes((9 << 20) + 5));
        Assert.Equal(201, (await it.PutAsync(model)).Status);
        Assert.Equal(201, (await it.PutAsync(weights)).Status);
        var made = await it.RegisterAsync("digits", Uploaded("model.onnx", model), Uploaded("weights.npy", weights));
        Assert.True(made.Status == 201, made.Body);

        await it.Registry.MoveAsync("v1", "staging", "digits");
        await it.Registry.MoveAsync("v1", "production", "digits");

        Assert.Equal("v1", await it.Registry.ServingAsync("digits"));
        // The readable names follow.
        for (var tries = 0; tries < 600 && !(await it.KeysAsync("models/")).Contains("models/digits/v1/metadata.json"); tries++)
            await Task.Delay(100);
        Assert.Contains("models/digits/v1/metadata.json", await it.KeysAsync("models/"));
        Assert.Equal(new[] { BlobKey(model), BlobKey(weights) }.Order(StringComparer.Ordinal), await it.KeysAsync());
        var (status, whole) = await it.FetchAsync("/models/digits/versions/v1/files/weights.npy");
        Assert.Equal((200, Sha(weights)), (status, Sha(whole)));
        var part = await it.SendAsync(HttpMethod.Get, "/models/digits/versions/v1/files/model.onnx", headers: ("Range", "bytes=100-1099"));
        Assert.Equal((206, 1_000L), (part.Status, part.Response.Content.Headers.ContentLength));
        Assert.Equal(model[100..1_100], await part.Response.Content.ReadAsByteArrayAsync());
        var head = await it.SendAsync(HttpMethod.Head, $"/blobs/{Sha(weights)}");
        Assert.Equal((200, weights.LongLength), (head.Status, head.Response.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task What_somebody_alters_in_the_bucket_is_not_given_out_whole_and_not_promoted()
    {
        await using var it = await OpenAsync(s3);
        var model = await File.ReadAllBytesAsync(Repository.At("samples/digits/digits-v2.onnx"));
        await it.PutAsync(model);
        Assert.Equal(201, (await it.RegisterAsync("digits", Uploaded("model.onnx", model))).Status);
        await it.Registry.MoveAsync("v1", "staging", "digits");
        var asked = await it.PostAsync("/models/digits/versions/v1/promotions", new JsonObject { ["stage"] = "production", ["reason"] = "better" });
        Assert.Equal(202, asked.Status);
        var altered = (byte[])model.Clone();
        altered[^7] ^= 1;
        await it.PlantAsync(BlobKey(model), altered);

        var decided = await it.Registry.DecideAsync(asked["promotion_id"]!, Domain.DecisionVerdict.Approve);

        Assert.Equal("apply_failed", decided.Refusal?.Code);
        Assert.Contains(Sha(model), decided.Refusal!.Message, StringComparison.Ordinal);
        Assert.Null(await it.Registry.ServingAsync("digits"));
        // Broken off; or told so, where nothing of it was sent yet: how much comes at once is the network's.
        var (status, told) = (0, "");
        var broken = await Record.ExceptionAsync(async () =>
        {
            var given = await it.FetchAsync("/models/digits/versions/v1/files/model.onnx");
            (status, told) = (given.Status, Encoding.UTF8.GetString(given.Body));
        });
        Assert.True(broken is HttpRequestException || (status == 409 && told.Contains("blob_altered", StringComparison.Ordinal)), $"{status} {broken} {told.Length}");
    }

    [Fact]
    public async Task An_upload_cut_at_one_replica_goes_on_at_another()
    {
        await using var it = await OpenAsync(s3);
        var other = await it.ServeAsync();
        var content = RandomNumberGenerator.GetBytes((17 << 20) + 3);
        // Longer than a part, and ending within one.
        const int first = (8 << 20) + 1_234_567;
        var some = await it.SendAsync(HttpMethod.Put, $"/blobs/{Sha(content)}", new ByteArrayContent(content, 0, first), headers: ("Content-Range", $"bytes 0-{first - 1}/{content.Length}"));
        Assert.Equal(202, some.Status);
        Assert.Equal($"{first}", Assert.Single(some.Response.Headers.GetValues("Upload-Offset")));

        var head = await it.SendAsync(HttpMethod.Head, $"/blobs/{Sha(content)}", to: other);
        Assert.Equal((404, $"{first}"), (head.Status, Assert.Single(head.Response.Headers.GetValues("Upload-Offset"))));
        var rest = await it.SendAsync(HttpMethod.Put, $"/blobs/{Sha(content)}", new ByteArrayContent(content, first, content.Length - first), other, headers: ("Content-Range", $"bytes {first}-{content.Length - 1}/{content.Length}"));

        Assert.True(rest.Status == 201, rest.Body);
        Assert.Equal([BlobKey(content)], await it.KeysAsync());
        Assert.Equal(201, (await it.RegisterAsync("large", Uploaded("weights.bin", content))).Status);
        Assert.Equal(Sha(content), Sha((await it.FetchAsync("/models/large/versions/v1/files/weights.bin")).Body));
    }

    [Fact]
    public async Task A_replica_killed_in_the_middle_of_an_upload_loses_at_most_the_part_it_was_sending()
    {
        await using var it = await OpenAsync(s3);
        var killed = await it.ServeAsync();
        var content = RandomNumberGenerator.GetBytes((18 << 20) + 3);
        var body = new SlowBody(content, 12 << 20);
        var sending = it.SendAsync(HttpMethod.Put, $"/blobs/{Sha(content)}", body, killed);
        const int part = 8 << 20;
        for (var tries = 0; tries < 600 && await OffsetAsync() < part; tries++)
            await Task.Delay(100);

        killed.Process.Kill();
        body.GoOn();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);

        Assert.Equal(part, await OffsetAsync());
        var rest = await it.SendAsync(HttpMethod.Put, $"/blobs/{Sha(content)}", new ByteArrayContent(content, part, content.Length - part), headers: ("Content-Range", $"bytes {part}-{content.Length - 1}/{content.Length}"));
        Assert.True(rest.Status == 201, rest.Body);
        Assert.Equal([BlobKey(content)], await it.KeysAsync());

        async Task<int> OffsetAsync() => int.Parse(Assert.Single((await it.SendAsync(HttpMethod.Head, $"/blobs/{Sha(content)}")).Response.Headers.GetValues("Upload-Offset")), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Another_content_than_its_digest_says_leaves_nothing_in_the_bucket()
    {
        await using var it = await OpenAsync(s3);

        Problem(409, "digest_mismatch", await it.PutAsync(RandomNumberGenerator.GetBytes(9 << 20), as_: Sha([1])));

        Assert.Empty(await it.KeysAsync());
    }
}
