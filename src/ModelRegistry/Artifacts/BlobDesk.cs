using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Artifacts;

/// <summary>A content that was asked for by its digest.</summary>
/// <param name="Sha256">64 hexadecimal digits.</param>
/// <param name="SizeBytes">Null while it is not here, or not all of it.</param>
/// <param name="UploadOffset">How many bytes of the caller's own upload of it are here, where it is not here yet.</param>
public sealed record BlobView(string Sha256, long? SizeBytes, long UploadOffset);

/// <summary>How to send a content past the server.</summary>
/// <param name="IsHere">Nothing has to be sent: it is here.</param>
/// <param name="Parts">What to send where; only what is still wanted of an upload that was begun.</param>
/// <param name="Complete">Where to say that all parts are sent (POST).</param>
public sealed record SignedUploadView(string Sha256, long SizeBytes, bool IsHere, IReadOnlyList<SignedPart> Parts, DateTimeOffset? ExpiresAt, string? Complete);

/// <summary>Contents on their way in, each by its SHA-256, before any version refers to them.</summary>
public sealed class BlobDesk
{
    /// <summary>The longest content that is taken over a network, in bytes: 1 TiB.</summary>
    public const long MostBytes = 1L << 40;

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

    /// <summary>Null when the caller may send contents; otherwise the refusal, which is on record.</summary>
    private async Task<Refusal?> AdmitAsync(Actor by, string? modelName, CancellationToken cancel)
    {
        var no = Permissions.Check(by, Permission.Register, modelName) ?? (by.Answerable is null ? Refusals.NoOwner : null);
        return no is null ? null : (await _db.WriteAsync<int>(by, new AuditAct("blob.upload", "model", modelName ?? "unknown", null, new JsonObject()), _ => new(no), cancel)).Refusal;
    }

    /// <summary>Takes a content whose digest is known, or a part of it. Sent again it does no harm; who may not is refused before a byte is read.</summary>
    /// <param name="range">Null: the stream is all of it.</param>
    /// <returns>What is here afterwards; or why nothing was taken.</returns>
    public async Task<Outcome<BlobView>> PutAsync(Actor by, string sha256, UploadRange? range, Stream content, CancellationToken cancel = default)
    {
        if (await AdmitAsync(by, null, cancel) is { } mayNot)
            return mayNot;
        if (!Digest.TryParse(sha256, out var digest))
            return Refusals.DigestInvalid(sha256);
        var taken = await _vault.UploadAsync(by.Id, digest, range, content, cancel);
        if (taken.Refusal is { } no)
            return no;
        return taken.Value is { } blob ? new BlobView(digest.Hex, blob.Size, 0) : new BlobView(digest.Hex, null, await _vault.UploadedSoFarAsync(by.Id, digest, cancel));
    }

    /// <summary>Addresses to which a content can be sent past this server, part by part.</summary>
    /// <param name="sizeBytes">The whole content's length.</param>
    public async Task<Outcome<SignedUploadView>> SignAsync(Actor by, string sha256, long sizeBytes, CancellationToken cancel = default)
    {
        if (await AdmitAsync(by, null, cancel) is { } mayNot)
            return mayNot;
        if (!Digest.TryParse(sha256, out var digest))
            return Refusals.DigestInvalid(sha256);
        if (sizeBytes is < 1 or > MostBytes)
            return Refusals.InvalidArgument("size_bytes", $"a whole number from 1 to {MostBytes}");
        var signed = await _vault.SignUploadAsync(by.Id, digest, sizeBytes, cancel);
        return signed.Then<SignedUploadView>(upload => new SignedUploadView(digest.Hex, sizeBytes, upload.IsHere, upload.Parts, upload.IsHere ? null : upload.ExpiresAt, upload.IsHere ? null : $"/blobs/{digest.Hex}/complete"));
    }

    /// <summary>Takes in what was sent to such addresses, once its digest is what was announced. Asked again it does no harm.</summary>
    public async Task<Outcome<BlobView>> CompleteAsync(Actor by, string sha256, CancellationToken cancel = default)
    {
        if (await AdmitAsync(by, null, cancel) is { } mayNot)
            return mayNot;
        if (!Digest.TryParse(sha256, out var digest))
            return Refusals.DigestInvalid(sha256);
        var taken = await _vault.CompleteSignedAsync(by.Id, digest, cancel);
        return taken.Then<BlobView>(blob => new BlobView(blob.Digest.Hex, blob.Size, 0));
    }

    /// <summary>Takes a content whose digest is not known before all of it is here. Who may not is refused before a byte is read.</summary>
    /// <param name="modelName">What it is for; null where that is not known yet.</param>
    public async Task<Outcome<BlobView>> PutAsync(Actor by, string? modelName, Stream content, CancellationToken cancel = default) => await AdmitAsync(by, modelName, cancel) is { } mayNot
        ? mayNot
        : (await _vault.PutAsync(content, null, null, cancel)).Then<BlobView>(blob => new BlobView(blob.Digest.Hex, blob.Size, 0));
}
