using System.Text;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using ModelRegistry.Artifacts;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Files by the names of their models, in both stores: they follow, and nobody believes them.</summary>
public abstract class ReadableContract : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    private RegistryServices Registry { get; set; } = null!;

    protected string DataFolder => _folder.At("data");

    /// <summary>What a process is told so that files are shown in this store.</summary>
    protected abstract Task<RegistryOptions> OptionsAsync();

    /// <summary>Everything below <c>models/</c>, by path.</summary>
    protected abstract Task<string[]> ShownAsync();

    protected abstract Task<byte[]> ReadAsync(string path);

    protected abstract Task SpoilAsync(string path, string text);

    protected abstract Task RemoveAsync(string path);

    public virtual async ValueTask InitializeAsync() =>
        Registry = TestRegistry.Ok(await RegistryServices.OpenAsync(await OptionsAsync() with { Policy = "open" }, TimeProvider.System));

    public virtual async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task RegisterAsync(string model, string? label = null, params (string Name, string Text)[] files)
    {
        var paths = files.Select(f => _folder.Write($"in/{Guid.NewGuid():N}/{f.Name}", Encoding.UTF8.GetBytes(f.Text))).ToList();
        TestRegistry.Ok(await Registry.Intake.RegisterAsync(TestRegistry.Robot, new Registration(model, label, null, paths, new VersionMetadata { Dataset = "digits@1" })));
    }

    private async Task EditAsync(MetadataEdit edit) => TestRegistry.Ok(await Registry.Metadata.SetAsync(TestRegistry.Robot, edit));

    private async Task<string[]> FollowedAsync()
    {
        await Registry.Readable.FollowAsync(default);
        return [.. (await ShownAsync()).Where(path => !path.StartsWith('.'))];
    }

    [Fact]
    public async Task Every_version_is_found_by_its_names_with_what_is_known_about_it()
    {
        await RegisterAsync("digits", null, ("model.onnx", "one"));
        await RegisterAsync("digits", null, ("model.onnx", "two"), ("labels.txt", "0123"));
        await RegisterAsync("Fraud Detector", "1.0.0-rc.1+b7", ("model.onnx", "one"));

        Assert.Equal(new[]
        {
            "Fraud Detector/1.0.0-rc.1+b7/metadata.json", "Fraud Detector/1.0.0-rc.1+b7/model.onnx", "Fraud Detector/model.json",
            "digits/model.json", "digits/v1/metadata.json", "digits/v1/model.onnx", "digits/v2/labels.txt", "digits/v2/metadata.json", "digits/v2/model.onnx",
        }, await FollowedAsync());
        Assert.Equal("two", Encoding.UTF8.GetString(await ReadAsync("digits/v2/model.onnx")));
        var known = JsonNode.Parse(await ReadAsync("digits/v2/metadata.json"))!;
        Assert.Equal(("digits", "v2", 2L, "digits@1", Digest.Of("two").Hex), ((string?)known["model"], (string?)known["version"], (long)known["number"]!, (string?)known["metadata"]!["dataset"], (string?)known["files"]![1]!["sha256"]));
        Assert.EndsWith($"/{Digest.Of("two").Hex}", (string?)known["files"]![1]!["location"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renames_deletions_and_edits_are_followed()
    {
        await RegisterAsync("digits", null, ("model.onnx", "one"));
        await RegisterAsync("digits", null, ("model.onnx", "three"));
        await RegisterAsync("gone", null, ("model.onnx", "two"));
        Assert.Contains("digits/v2/model.onnx", await FollowedAsync());
        await EditAsync(new MetadataEdit("digits") { NewName = "numbers" });
        await EditAsync(new MetadataEdit("numbers") { Version = "v1", ReleaseNotes = "better" });
        TestRegistry.Ok(await Registry.Metadata.DeleteModelAsync(TestRegistry.Robot, "gone"));
        TestRegistry.Ok(await Registry.Metadata.DeleteVersionAsync(TestRegistry.Robot, "numbers", "v2"));

        Assert.Equal(["numbers/model.json", "numbers/v1/metadata.json", "numbers/v1/model.onnx"], await FollowedAsync());
        var known = JsonNode.Parse(await ReadAsync("numbers/v1/metadata.json"))!;
        Assert.Equal(("numbers", "better"), ((string?)known["model"], (string?)known["metadata"]!["release_notes"]));
        // The contents are where they were.
        Assert.Equal(3, await Registry.Vault.FindAsync(Digest.Of("two")));
    }

    [Fact]
    public async Task Models_that_change_names_with_each_other_keep_their_files_apart()
    {
        await RegisterAsync("a", null, ("model.onnx", "first"));
        await RegisterAsync("b", null, ("model.onnx", "second"));
        await FollowedAsync();
        foreach (var (from, to) in new[] { ("a", "c"), ("b", "a"), ("c", "b") })
            await EditAsync(new MetadataEdit(from) { NewName = to });

        Assert.Equal(["a/model.json", "a/v1/metadata.json", "a/v1/model.onnx", "b/model.json", "b/v1/metadata.json", "b/v1/model.onnx"], await FollowedAsync());
        Assert.Equal(("second", "first"), (Encoding.UTF8.GetString(await ReadAsync("a/v1/model.onnx")), Encoding.UTF8.GetString(await ReadAsync("b/v1/model.onnx"))));
    }

    [Fact]
    public async Task Names_that_some_system_does_not_take_are_written_otherwise()
    {
        await RegisterAsync("con", null, ("metadata.json", "{}"));
        await RegisterAsync("a.", null, ("model.onnx", "one"));
        await RegisterAsync("a", null, ("model.onnx", "two"));
        await EditAsync(new MetadataEdit("a") { NewName = "A" });

        Assert.Equal(["A/model.json", "A/v1/metadata.json", "A/v1/model.onnx", "a.~/model.json", "a.~/v1/metadata.json", "a.~/v1/model.onnx", "con~/model.json", "con~/v1/metadata.json", "con~/v1/metadata.json~"], await FollowedAsync());
        Assert.Equal("{}", Encoding.UTF8.GetString(await ReadAsync("con~/v1/metadata.json")));
    }

    [Fact]
    public async Task What_is_spoilt_or_thrown_away_is_made_again_and_believed_by_nobody()
    {
        await RegisterAsync("digits", null, ("model.onnx", "one"));
        var all = await FollowedAsync();
        await RemoveAsync("digits/v1/model.onnx");
        await SpoilAsync("digits/v1/metadata.json", "{ not json");
        await SpoilAsync("digits/model.json", "[]");

        var version = TestRegistry.Ok(await Registry.Downloads.FilesAsync(TestRegistry.Robot, "digits", "v1"));
        Assert.Equal(Digest.Of("one").Hex, Assert.Single(version).Sha256);
        Assert.Equal(3, (await Registry.Vault.VerifyAsync(Digest.Of("one"), 3)).Value);
        // From the first change on, as after a crash or where it never was.
        await RemoveAsync(".position");
        Assert.Equal(all, await FollowedAsync());
        Assert.Equal("one", Encoding.UTF8.GetString(await ReadAsync("digits/v1/model.onnx")));
        Assert.Equal("v1", (string?)JsonNode.Parse(await ReadAsync("digits/v1/metadata.json"))!["version"]);
        await SpoilAsync(".position", "999999");
        Assert.Equal(all, await FollowedAsync());
    }
}

public sealed class FileReadableTests : ReadableContract
{
    private string Models => Path.Combine(DataFolder, "artifacts", "models");

    protected override Task<RegistryOptions> OptionsAsync() => Task.FromResult(new RegistryOptions { DataFolder = DataFolder, DataFolderNamed = true });

    protected override Task<string[]> ShownAsync() => Task.FromResult(TemporaryFolder.FilesIn(Models));

    protected override Task<byte[]> ReadAsync(string path) => File.ReadAllBytesAsync(Path.Combine(Models, path));

    protected override Task SpoilAsync(string path, string text) => File.WriteAllTextAsync(Path.Combine(Models, path), text);

    protected override Task RemoveAsync(string path)
    {
        File.Delete(Path.Combine(Models, path));
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_command_leaves_them_as_they_should_be_and_they_are_links()
    {
        Needs.Linux("elsewhere links may need rights");
        await using var registry = await TestRegistry.EmptyAsync();
        await registry.RegisterAsync(by: TestRegistry.Robot);

        var shown = TemporaryFolder.FilesIn(Path.Combine(registry.DataFolder, "artifacts", "models"));
        var file = Assert.Single(shown, path => path.StartsWith("digits/v1/", StringComparison.Ordinal) && !path.EndsWith("metadata.json", StringComparison.Ordinal));
        var link = new FileInfo(Path.Combine(registry.DataFolder, "artifacts", "models", file));
        Assert.StartsWith("../../../blobs/sha256/", link.LinkTarget, StringComparison.Ordinal);
        Assert.True(File.Exists(link.FullName));
    }
}

public sealed class S3ReadableTests(S3Server server) : ReadableContract
{
    private string _bucket = "";

    protected override async Task<RegistryOptions> OptionsAsync() => new()
    {
        DataFolder = DataFolder, DataFolderNamed = true, Artifacts = $"s3://{_bucket = await server.NewBucketAsync()}", S3 = server.Options, Readable = ReadableExtent.Files,
    };

    protected override async Task<string[]> ShownAsync() => [.. (await server.KeysAsync(_bucket, "models/")).Select(key => key["models/".Length..])];

    protected override async Task<byte[]> ReadAsync(string path)
    {
        using var client = server.Connect();
        using var got = await client.GetObjectAsync(_bucket, $"models/{path}");
        using var all = new MemoryStream();
        await got.ResponseStream.CopyToAsync(all);
        return all.ToArray();
    }

    protected override async Task SpoilAsync(string path, string text)
    {
        using var client = server.Connect();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = $"models/{path}", ContentBody = text });
    }

    protected override async Task RemoveAsync(string path)
    {
        using var client = server.Connect();
        await client.DeleteObjectAsync(_bucket, $"models/{path}");
    }
}
