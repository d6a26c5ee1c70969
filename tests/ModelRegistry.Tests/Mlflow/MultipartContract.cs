using System.Text;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mlflow;
using ModelRegistry.Storage;
using ModelRegistry.Tests.Artifacts;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Mlflow;

public sealed class SqliteMultipartTests : MultipartContract
{
    private protected override Task<RegistryOptions> PlaceAsync(string folder) => Task.FromResult(new RegistryOptions { DataFolder = folder, Policy = "open" });

    [Fact]
    public async Task What_is_left_of_the_parts_is_nothing()
    {
        var first = await BeginAsync(2);
        await PutAsync(first, 1, "left");
        Ok(await Services.MlflowUploads.AbortAsync(Robot, "run/model", "weights.bin", first.UploadId));
        var second = await BeginAsync(1);
        await PutAsync(second, 1, "replaced");
        await CompleteAsync(second, new MlflowPart(1, await PutAsync(second, 1, "kept")));
        Assert.Empty(TemporaryFolder.FilesIn(Path.Combine(Folder, "artifacts", "staging")));
    }
}

public sealed class PostgresMultipartTests(PostgresCluster cluster) : MultipartContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<RegistryOptions> PlaceAsync(string folder) => new() { DataFolder = folder, Policy = "open", Database = await cluster.NewDatabaseAsync() };
}

public sealed class BucketMultipartTests(S3Server server) : MultipartContract
{
    private protected override async Task<RegistryOptions> PlaceAsync(string folder) => new() { DataFolder = folder, Policy = "open", Artifacts = $"s3://{await server.NewBucketAsync()}/registry", S3 = server.Options };
}

/// <summary>Uploads in parts, below the surface that MLflow's clients meet. Two registries are open on the same places, as two replicas are.</summary>
public abstract class MultipartContract : IAsyncLifetime
{
    private static readonly Actor Other = Robot with { Id = "act_other", Name = "other" };

    private readonly TestClock _clock = new();
    private RegistryServices _replica = null!;

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("registry-test-").FullName;

    private protected RegistryServices Services { get; private set; } = null!;

    private protected abstract Task<RegistryOptions> PlaceAsync(string folder);

    public async ValueTask InitializeAsync()
    {
        var options = await PlaceAsync(Folder);
        Services = Ok(await RegistryServices.OpenAsync(options, _clock));
        _replica = Ok(await RegistryServices.OpenAsync(options, _clock));
    }

    public async ValueTask DisposeAsync()
    {
        if (Services is not null)
            await Services.DisposeAsync();
        if (_replica is not null)
            await _replica.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected async Task<MlflowUploadView> BeginAsync(int parts, string folder = "run/model") =>
        Ok(await Services.MlflowUploads.BeginAsync(Robot, folder, @"C:\runs\weights.bin", $"{parts}"));

    private protected async Task<string> PutAsync(MlflowUploadView upload, int number, string content, RegistryServices? through = null) =>
        Ok(await (through ?? Services).MlflowUploads.PutPartAsync(Robot, upload.UploadId, $"{number}", new MemoryStream(Encoding.UTF8.GetBytes(content))));

    private protected async Task CompleteAsync(MlflowUploadView upload, params MlflowPart[] parts) =>
        Assert.Equal("run/model/weights.bin", Ok(await Services.MlflowUploads.CompleteAsync(Robot, "run/model", "weights.bin", upload.UploadId, parts)));

    private async Task<string?> NotAsync(MlflowUploadView upload, IReadOnlyList<MlflowPart> parts, Actor? by = null, string folder = "run/model", string name = "weights.bin") =>
        No(await Services.MlflowUploads.CompleteAsync(by ?? Robot, folder, name, upload.UploadId, parts));

    private async Task<string> ContentAsync(string path = "run/model/weights.bin")
    {
        var file = Ok(await Services.MlflowArtifacts.FindAsync(Robot, path));
        using var reader = new StreamReader(Ok(await Services.MlflowArtifacts.OpenAsync(file)));
        return await reader.ReadToEndAsync();
    }

    [Fact]
    public async Task Parts_that_come_in_any_order_again_and_to_any_replica_become_the_file_that_one_put_would_leave()
    {
        var upload = await BeginAsync(5);
        Assert.Equal(5, upload.Seals.Distinct().Count());
        var long3 = new string('3', 9 << 20);
        await PutAsync(upload, 4, "not what was meant");
        var tags = await Task.WhenAll(new[] { (5, ""), (2, "two"), (3, long3), (1, "one"), (4, "four") }
            .Select(async part => new MlflowPart(part.Item1, $"\"{await PutAsync(upload, part.Item1, part.Item2, part.Item1 % 2 == 0 ? _replica : Services)}\"")));
        Assert.Equal("artifact_not_found", No(await Services.MlflowArtifacts.FindAsync(Robot, "run/model/weights.bin")));
        await Task.WhenAll(CompleteAsync(upload, tags), CompleteAsync(upload, tags));
        Assert.Equal("run/model/weights.bin", Ok(await _replica.MlflowUploads.CompleteAsync(Robot, "run/model", "weights.bin", upload.UploadId, tags)));

        Assert.Equal($"onetwo{long3}four", await ContentAsync());
        Assert.Equal("artifact_not_found", No(await Services.MlflowArtifacts.FindAsync(Other, "run/model/weights.bin")));
        Ok(await Services.MlflowArtifacts.PutAsync(Robot, "run/model/MLmodel", new MemoryStream("flavors: {}"u8.ToArray())));
        Ok(await Services.Metadata.CreateModelAsync(Robot, new NewModel("digits")));
        var version = Ok(await Services.Mlflow.CreateVersionAsync(Robot, new MlflowRegistration("digits", "mlflow-artifacts:/run/model", "http://localhost", "", "", "", "", new Dictionary<string, string>())));
        Assert.Equal(["MLmodel", "weights.bin"], Ok(await Services.Downloads.FilesAsync(Robot, "digits", version.Version)).Select(f => f.Path));
        Assert.True(Ok(await Services.Audit.VerifyAsync(Robot, null)).Verified);
    }

    [Fact]
    public async Task What_is_missing_misnamed_or_anothers_is_refused_and_the_upload_goes_on()
    {
        var upload = await BeginAsync(2);
        var one = new MlflowPart(1, await PutAsync(upload, 1, "one"));
        Assert.Equal("upload_part_missing", await NotAsync(upload, [one, new MlflowPart(2, "x")]));
        var two = new MlflowPart(2, await PutAsync(upload, 2, "two"));
        foreach (var named in (MlflowPart[][])[[], [one], [one, one], [one, two, two], [one, two with { ETag = one.ETag }], [one, two, new MlflowPart(3, two.ETag)], [one with { Number = 0 }, two]])
            Assert.Equal("upload_parts_invalid", await NotAsync(upload, named));
        foreach (var (by, folder, name) in (((Actor, string, string)[])[(Other, "run/model", "weights.bin"), (Robot, "run", "weights.bin"), (Robot, "run/model", "other.bin")]))
        {
            Assert.Equal("multipart_gone", await NotAsync(upload, [one, two], by, folder, name));
            Assert.Equal("multipart_gone", No(await Services.MlflowUploads.AbortAsync(by, folder, name, upload.UploadId)));
        }
        Assert.Equal("part_address_invalid", No(await Services.MlflowUploads.PutPartAsync(Other, upload.UploadId, "1", new MemoryStream([1]))));
        foreach (var number in (string[])["0", "3", "-1", "x", "99999999999"])
            Assert.Equal("part_address_invalid", No(await Services.MlflowUploads.PutPartAsync(Robot, upload.UploadId, number, new MemoryStream([1]))));
        await CompleteAsync(upload, two, one);
        Assert.Equal("onetwo", await ContentAsync());
    }

    [Fact]
    public async Task An_upload_that_was_given_up_or_is_over_takes_nothing_and_becomes_nothing()
    {
        var given = await BeginAsync(1);
        var tag = new MlflowPart(1, await PutAsync(given, 1, "x"));
        Ok(await _replica.MlflowUploads.AbortAsync(Robot, "run/model", "weights.bin", given.UploadId));
        var done = await BeginAsync(1, "elsewhere");
        var there = new MlflowPart(1, await PutAsync(done, 1, "x"));
        Ok(await Services.MlflowUploads.CompleteAsync(Robot, "elsewhere", "weights.bin", done.UploadId, [there]));
        var late = await BeginAsync(1);
        await PutAsync(late, 1, "x");
        _clock.Advance(MlflowUploads.Lasts - TimeSpan.FromSeconds(1));
        await PutAsync(late, 1, "x");
        _clock.Advance(TimeSpan.FromSeconds(2));
        foreach (var over in (MlflowUploadView[])[given, late, done])
        {
            Assert.Equal("part_address_invalid", No(await Services.MlflowUploads.PutPartAsync(Robot, over.UploadId, "1", new MemoryStream([1]))));
            Assert.Equal("part_address_invalid", No(await Services.MlflowUploads.BearerAsync(over.UploadId, "1", over.Seals[0], "ana", "mlflow")));
            Assert.Equal("multipart_gone", await NotAsync(over, [tag]));
            Assert.Equal("multipart_gone", No(await Services.MlflowUploads.AbortAsync(Robot, "run/model", "weights.bin", over.UploadId)));
        }
        Assert.Equal("artifact_not_found", No(await Services.MlflowArtifacts.FindAsync(Robot, "run/model/weights.bin")));
        Assert.Equal("x", await ContentAsync("elsewhere/weights.bin"));
        Ok(await Services.Collector.CollectAsync(Robot, null, dryRun: false));
        await using var db = await RegistryDb.OpenAsync(new StorageOptions(Folder, Services.Options.Database), _clock);
        Assert.Equal((0L, 0L), await db.ReadAsync(async s => ((long)(await s.ScalarAsync("select count(*) from multipart_upload"))!, (long)(await s.ScalarAsync("select count(*) from multipart_part"))!), default));
    }

    [Fact]
    [Attack(19, "mlflow")]
    public async Task Where_one_put_may_not_go_parts_may_not_either()
    {
        async Task<string?> BegunAsync(Actor by, string folder, string name, string? parts = "2") => No(await Services.MlflowUploads.BeginAsync(by, folder, name, parts));
        Assert.Equal("registered_is_fixed", await BegunAsync(Robot, "registered-models/digits/1", "x"));
        foreach (var (folder, name) in ((string, string)[])[("a/../b", "x"), ("a", ".."), ("a", ""), ("", "/"), ("a\\b", "x"), ("a", "C:"), ("", new string('x', 300))])
            Assert.Equal("path_unsafe", await BegunAsync(Robot, folder, name));
        foreach (var parts in (string[])["0", "10001", "-1", "x", "1.5", ""])
            Assert.Equal("invalid_arguments", await BegunAsync(Robot, "a", "x", parts));
        Assert.NotNull(await BegunAsync(Robot with { Roles = [Permissions.Viewer] }, "a", "x"));
        Assert.Equal(10_000, (await BeginAsync(10_000)).Seals.Count);
    }
}
