using Amazon.S3.Model;
using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.Files;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Domain;

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
}
