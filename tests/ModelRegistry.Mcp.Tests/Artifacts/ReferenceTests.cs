using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Artifacts.BucketRegistry;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>Versions made of objects that are in the bucket already.</summary>
public sealed class ReferenceTests(S3Server s3)
{
    [Fact]
    public async Task An_object_is_taken_in_as_it_is_now_whatever_becomes_of_it()
    {
        await using var it = await OpenAsync(s3);
        var content = RandomNumberGenerator.GetBytes(300_000);
        await it.PlantAsync("runs/7/out put+%41.bin", content);

        var made = await it.RegisterAsync("digits", Referred("model.bin", $"s3://{it.Bucket}/runs/7/out put+%41.bin"));

        Assert.True(made.Status == 201, made.Body);
        Assert.Equal(Sha(content), (string?)made.Json["files"]![0]!["sha256"]);
        await it.PlantAsync("runs/7/out put+%41.bin", [1, 2, 3]);
        Assert.Equal(content, (await it.FetchAsync("/models/digits/versions/v1/files/model.bin")).Body);
        Assert.Empty(await it.KeysAsync("staging/"));
    }

    [Fact]
    public async Task The_command_line_takes_objects_beside_files()
    {
        await using var it = await OpenAsync(s3);
        using var program = new ProgramProcess();
        foreach (var (name, value) in it.Environment)
            program.Environment[name] = value;
        var content = RandomNumberGenerator.GetBytes(10_000);
        await it.PlantAsync("runs/8/weights.bin", content);

        var ran = await program.RunAsync(["register", "digits", "--file", $"s3://{it.Bucket}/runs/8/weights.bin", "--file", Repository.At("samples/digits/digits-v1.onnx"), "--data", it.Registry.DataFolder, "--artifacts", $"s3://{it.Bucket}", "--output", "json"]);

        Assert.True(ran.Exit == 0, ran.Err);
        Assert.Equal(["digits-v1.onnx", "weights.bin"], JsonNode.Parse(ran.Out)!["files"]!.AsArray().Select(f => (string?)f!["path"]));
        Assert.Equal(content, (await it.FetchAsync("/models/digits/versions/v1/files/weights.bin")).Body);
        var folder = Path.Combine(program.Folder, "out");
        var fetched = await program.RunAsync(["download", "digits", "v1", "--out", folder, "--data", it.Registry.DataFolder, "--artifacts", $"s3://{it.Bucket}"]);
        Assert.True(fetched.Exit == 0, fetched.Err);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(folder, "weights.bin")));
    }

    [Fact, Attack(19, "rest")]
    public async Task Nobody_reads_by_reference_what_is_not_open_to_it()
    {
        await using var it = await OpenAsync(s3);
        var foreign = await s3.NewBucketAsync();
        var secret = RandomNumberGenerator.GetBytes(1_000);
        Assert.Equal(201, (await it.PutAsync(secret)).Status);
        foreach (var key in new[] { BlobKey(secret), "staging/x", "uploads/x", "presigned/x/y", "models/secret/v1/model.onnx" })
            Problem(403, "reference_not_allowed", await it.RegisterAsync("mine", Referred("model.bin", $"s3://{it.Bucket}/{key}")));
        foreach (var uri in new[] { $"s3://{foreign}/x", "s3://127.0.0.1:80/x", $"s3://{it.Bucket.ToUpperInvariant()}/runs/x" })
            Problem(400, "reference_elsewhere", await it.RegisterAsync("mine", Referred("model.bin", uri)));
        foreach (var uri in new[] { $"s3://{it.Bucket}/runs/../{BlobKey(secret)}", $"s3://{it.Bucket}/./{BlobKey(secret)}", $"s3://{it.Bucket}//{BlobKey(secret)}", $"s3://{it.Bucket}/", $"s3://{it.Bucket}", "http://127.0.0.1/latest", "S3://x/y", $"s3://{it.Bucket}/a\\b", $"s3://{it.Bucket}/a\u202eb", $"s3://{it.Bucket}/{new string('a', 2_000)}" })
            Problem(400, "reference_invalid", await it.RegisterAsync("mine", Referred("model.bin", uri)));
        Problem(404, "reference_missing", await it.RegisterAsync("mine", Referred("model.bin", $"s3://{it.Bucket}/runs/none")));
        await it.PlantAsync("runs/lie", secret);
        Problem(409, "digest_mismatch", await it.RegisterAsync("mine", new JsonObject { ["path"] = "model.bin", ["uri"] = $"s3://{it.Bucket}/runs/lie", ["sha256"] = Sha([1]) }));
        Problem(400, "invalid_arguments", await it.RegisterAsync("mine", new JsonObject { ["uri"] = $"s3://{it.Bucket}/runs/lie", ["endpoint"] = "http://127.0.0.1" }));

        Assert.Empty(await it.KeysAsync("staging/"));
        Assert.Equal(404, (await it.SendAsync(HttpMethod.Get, "/models/mine")).Status);
    }

    [Fact]
    public async Task In_a_bucket_with_a_prefix_only_what_an_operator_opened_may_be_referred_to()
    {
        await using (var closed = await OpenAsync(s3, "/registry"))
        {
            await closed.PlantAsync("runs/1/model.bin", [1, 2, 3]);
            Problem(403, "reference_not_allowed", await closed.RegisterAsync("mine", Referred("model.bin", $"s3://{closed.Bucket}/runs/1/model.bin")));
        }
        await using var open = await OpenAsync(s3, "/registry", new() { ["MODELREGISTRY_S3_REFERENCES"] = "runs/,registry/" });
        foreach (var key in new[] { "runs/1/model.bin", "secrets/model.bin", "registry/blobs/x" })
            await open.PlantAsync(key, [1, 2, 3]);

        Assert.Equal(201, (await open.RegisterAsync("mine", Referred("model.bin", $"s3://{open.Bucket}/runs/1/model.bin"))).Status);
        Problem(403, "reference_not_allowed", await open.RegisterAsync("mine", Referred("model.bin", $"s3://{open.Bucket}/secrets/model.bin")));
        Problem(403, "reference_not_allowed", await open.RegisterAsync("mine", Referred("model.bin", $"s3://{open.Bucket}/registry/blobs/x")));
    }
}
