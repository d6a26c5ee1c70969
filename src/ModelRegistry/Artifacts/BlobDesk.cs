using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Artifacts;

/// <summary>A content that was asked for by its digest.</summary>
/// <param name="Sha256">64 hexadecimal digits.</param>
/// <param name="SizeBytes">Null while it is not here, or not all of it.</param>
/// <param name="UploadOffset">How many bytes of the caller's own upload of it are here, where it is not here yet.</param>
public sealed record BlobView(string Sha256, long? SizeBytes, long UploadOffset);

/// <summary>Contents on their way in, each by its SHA-256, before any version refers to them.</summary>
public sealed class BlobDesk
{
    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;

    internal BlobDesk(RegistryDb db, ArtifactVault vault) => (_db, _vault) = (db, vault);

    /// <summary>Whether a content is here, and from where the caller's upload of it can go on.</summary>
    public async Task<Outcome<BlobView>> FindAsync(Actor by, string sha256, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (!Digest.TryParse(sha256, out var digest))
            return Refusals.DigestInvalid(sha256);
        var size = await _vault.FindAsync(digest, cancel);
        return new BlobView(digest.Hex, size, size is null ? await _vault.UploadedSoFarAsync(by.Id, digest, cancel) : 0);
    }

    /// <summary>Null when the caller may send contents; otherwise the refusal, which is on record. Asked before a byte is read.</summary>
    /// <param name="modelName">What they are for; null where that is not known yet.</param>
    public async Task<Refusal?> AdmitAsync(Actor by, string? modelName = null, CancellationToken cancel = default)
    {
        var no = Permissions.Check(by, Permission.Register, modelName) ?? (by.Answerable is null ? Refusals.NoOwner : null);
        return no is null ? null : (await _db.WriteAsync<int>(by, new AuditAct("blob.upload", "model", modelName ?? "unknown", null, new JsonObject()), _ => new(no), cancel)).Refusal;
    }

    /// <summary>Takes a content whose digest is known, or a part of it. Sent again it does no harm.</summary>
    /// <param name="range">Null: the stream is all of it.</param>
    /// <returns>What is here afterwards; or why nothing was taken.</returns>
    public async Task<Outcome<BlobView>> PutAsync(Actor by, string sha256, UploadRange? range, Stream content, CancellationToken cancel = default)
    {
        if (!Digest.TryParse(sha256, out var digest))
            return Refusals.DigestInvalid(sha256);
        var taken = await _vault.UploadAsync(by.Id, digest, range, content, cancel);
        if (taken.Refusal is { } no)
            return no;
        return taken.Value is { } blob ? new BlobView(digest.Hex, blob.Size, 0) : new BlobView(digest.Hex, null, await _vault.UploadedSoFarAsync(by.Id, digest, cancel));
    }

    /// <summary>Takes a content whose digest is not known before all of it is here.</summary>
    public async Task<Outcome<BlobView>> PutAsync(Stream content, CancellationToken cancel = default) =>
        (await _vault.PutAsync(content, null, null, cancel)).Then<BlobView>(blob => new BlobView(blob.Digest.Hex, blob.Size, 0));
}
