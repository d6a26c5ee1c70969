using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Artifacts.BucketRegistry;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>Bytes that go past the server, and nothing else that does.</summary>
public sealed class PresignedTests(S3Server s3)
{
    private static async Task<JsonArray> PartsAsync(BucketRegistry it, byte[] content, string? token = null)
    {
        var signed = await it.PostAsync($"/blobs/{Sha(content)}/presigned", new JsonObject { ["size_bytes"] = content.Length }, token);
        Assert.True(signed.Status == 200, signed.Body);
        return signed.Json["parts"]!.AsArray();
    }

    private static Task<RestAnswer> CompleteAsync(BucketRegistry it, byte[] content, string? token = null) => it.PostAsync($"/blobs/{Sha(content)}/complete", [], token);

    [Fact]
    public async Task A_content_put_to_signed_addresses_is_hashed_kept_and_fetched_from_one()
    {
        await using var it = await OpenAsync(s3);
        // Two parts: one of 64 MiB, and one byte.
        var content = RandomNumberGenerator.GetBytes((64 << 20) + 1);
        var parts = await PartsAsync(it, content);
        Assert.Equal([(0L, 64L << 20), (64L << 20, 1L)], parts.Select(p => ((long)p!["offset"]!, (long)p["length"]!)));
        Problem(409, "presigned_upload_incomplete", await CompleteAsync(it, content));
        Assert.Equal(200, await it.PutToAsync((string)parts[1]!["url"]!, content[^1..]));
        // Begun again, only what is missing is wanted.
        parts = await PartsAsync(it, content);
        Assert.Equal(200, await it.PutToAsync((string)Assert.Single(parts)!["url"]!, content[..^1]));

        var done = await CompleteAsync(it, content);

        Assert.True(done.Status == 201, done.Body);
        Assert.Equal(Sha(content), done["sha256"]);
        Assert.Equal([BlobKey(content)], await it.KeysAsync());
        Assert.Equal(201, (await CompleteAsync(it, content)).Status);
        Assert.True((bool)(await it.PostAsync($"/blobs/{Sha(content)}/presigned", new JsonObject { ["size_bytes"] = content.Length })).Json["is_here"]!);
        Assert.Equal(201, (await it.RegisterAsync("large", Uploaded("weights.bin", content))).Status);
        var signed = await it.SendAsync(HttpMethod.Get, "/models/large/versions/v1/files/weights.bin?presigned=true");
        Assert.Equal((Sha(content), (long)content.Length), (signed["sha256"], (long)signed.Json["size_bytes"]!));
        Assert.Equal(Sha(content), Sha((await it.FetchAsync(signed["url"]!)).Body));
    }

    [Fact]
    [Attack(11, "rest")]
    [Attack(19, "rest")]
    public async Task What_a_signed_address_allows_is_one_length_under_one_key_until_it_is_completed()
    {
        await using var it = await OpenAsync(s3);
        var (content, other) = (RandomNumberGenerator.GetBytes(1_000), RandomNumberGenerator.GetBytes(1_000));
        var url = (string)Assert.Single(await PartsAsync(it, content))!["url"]!;
        var key = new Uri(url).AbsolutePath[($"/{it.Bucket}/".Length)..];

        Assert.Equal(403, await it.PutToAsync(url, [.. content, 1]));
        Assert.Equal(403, await it.PutToAsync(url.Replace(key, BlobKey(content), StringComparison.Ordinal), content));
        Assert.Equal(403, await it.PutToAsync(url.Replace("partNumber=1", "partNumber=2", StringComparison.Ordinal), content));
        Assert.Equal(403, await it.PutToAsync(url.Split('?')[0], content));
        Assert.Equal(200, await it.PutToAsync(url, content));
        Assert.Equal(201, (await CompleteAsync(it, content)).Status);

        // What was hashed stays what it is.
        Assert.NotEqual(200, await it.PutToAsync(url, other));
        Assert.Equal([BlobKey(content)], await it.KeysAsync());
        Assert.Equal(201, (await it.RegisterAsync("small", Uploaded("model.bin", content))).Status);
        var download = (await it.SendAsync(HttpMethod.Get, "/models/small/versions/v1/files/model.bin?presigned=true"))["url"]!;
        Assert.Equal(403, await it.PutToAsync(download, other));
        Assert.Equal(403, (await it.FetchAsync(download.Replace(BlobKey(content), BlobKey(other), StringComparison.Ordinal))).Status);
        Assert.Equal(content, (await it.FetchAsync(download)).Body);
    }

    [Fact]
    [Attack(24, "rest")]
    public async Task Other_bytes_than_announced_are_thrown_away_and_nobody_completes_anothers_upload()
    {
        await using var it = await OpenAsync(s3);
        var (content, other) = (RandomNumberGenerator.GetBytes(1_000), RandomNumberGenerator.GetBytes(1_000));
        await it.PutToAsync((string)Assert.Single(await PartsAsync(it, content))!["url"]!, other);
        var (stranger, reader) = (await it.Registry.TokenAsync("stranger"), await it.Registry.TokenAsync("reader", Domain.Permissions.Viewer));

        Problem(404, "presigned_upload_missing", await CompleteAsync(it, content, stranger));
        Problem(403, "role_missing", await CompleteAsync(it, content, reader));
        Problem(403, "role_missing", await it.PostAsync($"/blobs/{Sha(content)}/presigned", new JsonObject { ["size_bytes"] = 10 }, reader));
        Problem(409, "digest_mismatch", await CompleteAsync(it, content));

        Assert.Empty(await it.KeysAsync());
        Problem(404, "presigned_upload_missing", await CompleteAsync(it, content));
        Problem(400, "invalid_arguments", await it.PostAsync($"/blobs/{Sha(content)}/presigned", new JsonObject { ["size_bytes"] = 0 }));
        Problem(400, "invalid_arguments", await it.PostAsync($"/blobs/{Sha(content)}/presigned", []));
        Problem(400, "digest_invalid", await it.PostAsync("/blobs/12/presigned", new JsonObject { ["size_bytes"] = 1 }));
    }

    [Fact]
    public async Task A_store_in_a_folder_names_the_ordinary_routes()
    {
        await using var rest = await Rest.ServedRest.OpenAsync();
        Problem(400, "presigned_not_offered", await rest.GetAsync("/models/churn/versions/v1/files/model.onnx?presigned=true"));
        Problem(400, "presigned_not_offered", await rest.PostAsync($"/blobs/{Sha([1])}/presigned", new JsonObject { ["size_bytes"] = 1 }));
        Problem(400, "presigned_not_offered", await rest.PostAsync($"/blobs/{Sha([1])}/complete", []));
        Assert.Equal(200, (await rest.GetAsync("/models/churn/versions/v1/files/model.onnx?presigned=false")).Status);
        Problem(400, "invalid_arguments", await rest.GetAsync("/models/churn/versions/v1/files/model.onnx?presigned=maybe"));
        // Nothing of the other store is loaded.
        Assert.DoesNotContain("AWSSDK", await File.ReadAllTextAsync($"/proc/{rest.Server.Process.Id}/maps"), StringComparison.OrdinalIgnoreCase);
    }
}
