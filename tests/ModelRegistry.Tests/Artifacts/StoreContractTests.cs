using Amazon.S3.Model;
using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.Files;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

public sealed class FileStoreTests : StoreContract
{
    private readonly TemporaryFolder _folder = new();

    protected override Task<ArtifactVault> OpenAsync() => Task.FromResult(ArtifactVault.Open(_folder.At("vault")));

    protected override Task<string[]> LeftoversAsync() => Task.FromResult(TemporaryFolder.FilesIn(_folder.At("vault", "staging")));

    protected override Task<string[]> ContentsAsync() =>
        Task.FromResult(TemporaryFolder.FilesIn(_folder.At("vault", "blobs")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ToArray());

    protected override Task OverwriteAsync(Digest digest, byte[] content)
    {
        var path = new FileLayout(_folder.At("vault")).Blob(digest);
        File.Delete(path);
        File.WriteAllBytes(path, content);
        return Task.CompletedTask;
    }

    protected override Task RemoveAsync(Digest digest)
    {
        File.Delete(new FileLayout(_folder.At("vault")).Blob(digest));
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

public sealed class S3StoreTests(S3Server server) : StoreContract
{
    /// <summary>Small, so that a few MiB make several parts of both lengths, and copies in parts.</summary>
    internal static readonly S3Sizes Small = new(Part, 2, 6 << 20, 2 * Part + 10, Part);

    private string _bucket = "";

    private S3Layout Layout { get; } = new("shared/registry");

    public override async ValueTask InitializeAsync()
    {
        _bucket = await server.NewBucketAsync();
        await base.InitializeAsync();
    }

    protected override Task<ArtifactVault> OpenAsync() => Task.FromResult(new ArtifactVault(new S3Store(_bucket, "shared/registry", server.Options, TimeProvider.System, Small)));

    protected override async Task<string[]> LeftoversAsync() => [.. (await server.KeysAsync(_bucket)).Where(key => !key.StartsWith("shared/registry/blobs/", StringComparison.Ordinal) || key.EndsWith('?'))];

    protected override async Task<string[]> ContentsAsync() => [.. (await server.KeysAsync(_bucket, "shared/registry/blobs/")).Select(key => key[(key.LastIndexOf('/') + 1)..]).Order(StringComparer.Ordinal)];

    protected override async Task OverwriteAsync(Digest digest, byte[] content)
    {
        using var client = server.Connect();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = Layout.Blob(digest), InputStream = new MemoryStream(content) });
    }

    protected override async Task RemoveAsync(Digest digest)
    {
        using var client = server.Connect();
        await client.DeleteObjectAsync(_bucket, Layout.Blob(digest));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(2 * Part)]
    public async Task What_is_whole_outlives_the_replica_that_was_hashing_it(int cutAt)
    {
        var content = Bytes(3 * Part + 7);
        var digest = await DieAtTheEndAsync(content, cutAt);

        Assert.Equal(content.Length, await Vault.UploadedSoFarAsync(Ada, digest));
        var done = await Vault.UploadAsync(Ada, digest, new UploadRange(content.Length, null), Stream.Null);

        Assert.Equal(content.Length, done.Value!.Size);
        Assert.Equal(content, await ReadAsync(digest, content.Length));
        Assert.Empty(await LeftoversAsync());
    }

    [Fact]
    public async Task What_is_whole_may_be_sent_in_part_or_altogether_again_and_takes_nothing_more()
    {
        var content = Bytes(3 * Part + 7);
        var digest = await DieAtTheEndAsync(content, Part);
        Assert.Equal("upload_busy", (await Vault.UploadAsync(Ada, digest, new UploadRange(content.Length, null), new MemoryStream([1]))).Refusal?.Code);
        Assert.Equal(0, await Vault.UploadedSoFarAsync(Ada, digest));
        Assert.Empty(await LeftoversAsync());

        await DieAtTheEndAsync(content, Part);
        const int behind = 2 * Part;
        Assert.Equal(content.Length, (await Vault.UploadAsync(Ada, digest, new UploadRange(behind, content.Length), new MemoryStream(content, behind, content.Length - behind))).Value!.Size);
        await RemoveAsync(digest);

        await DieAtTheEndAsync(content, Part);
        Assert.Equal(content.Length, (await Vault.UploadAsync(Ada, digest, null, new MemoryStream(content))).Value!.Size);
        Assert.Equal(content, await ReadAsync(digest, content.Length));
        Assert.Empty(await LeftoversAsync());
    }

    /// <summary>An upload that was cut and went on, in a replica that is gone once the store has made one object of it.</summary>
    private async Task<Digest> DieAtTheEndAsync(byte[] content, int cutAt)
    {
        var digest = Digest.Of(content);
        using var replica = new S3Store(_bucket, "shared/registry", server.Options, TimeProvider.System, Small);
        await using (var first = (await replica.ResumeAsync(Ada, digest))!)
            await first.WriteAsync(content.AsMemory(0, cutAt));
        var rest = (await replica.ResumeAsync(Ada, digest))!;
        await rest.WriteAsync(content.AsMemory((int)await rest.GoOnFromAsync(cutAt)));
        Assert.Equal(digest, await rest.SealAsync());
        // One that went on behind parts is completed before it is hashed, any other one after it.
        await ((S3Staging)rest).CompleteAsync(default);
        return digest;
    }
}
