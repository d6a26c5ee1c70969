using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>Objects that somebody else put into the bucket.</summary>
internal sealed partial class S3Store
{
    /// <summary>Only this bucket, never what the registry itself keeps there, and in a bucket with others only what an operator opened.</summary>
    internal Refusal? CheckReference(ObjectReference reference)
    {
        if (reference.Bucket != Bucket.Name)
            return Refusals.ReferenceElsewhere($"{reference}");
        var open = _options.References is { } named
            ? named.Any(start => reference.Key.StartsWith(start, StringComparison.Ordinal))
            : Layout.Prefix.Length == 0;
        return open && !Layout.IsOwn(reference.Key) ? null : Refusals.ReferenceNotAllowed($"{reference}");
    }

    /// <summary>Objects below a folder that may be registered, or the one of that very name.</summary>
    internal async Task<IReadOnlyList<(string Path, ObjectReference Object)>> BelowAsync(ObjectReference folder, int most, CancellationToken ct)
    {
        var found = new List<(string, ObjectReference)>();
        if (CheckReference(folder) is not null)
            return found;
        await foreach (var one in Bucket.ListAsync(Reading, folder.Key + "/", ct).ConfigureAwait(false))
        {
            // What a console shows as an empty folder is an object whose name ends in a slash.
            if (ObjectReference.Parse($"{ObjectReference.Scheme}{Bucket.Name}/{one.Key}") is not { Refusal: null, Value: var reference } || CheckReference(reference) is not null)
                continue;
            found.Add((one.Key[(folder.Key.Length + 1)..], reference));
            if (found.Count == most)
                break;
        }
        if (found.Count == 0 && await Bucket.HeadAsync(Reading, folder.Key, ct).ConfigureAwait(false) is not null)
            found.Add((folder.FileName, folder));
        return found;
    }

    /// <remarks>
    /// Whoever put it may put another in its place at any time, and not every store honours a condition on a copy: so it is copied to
    /// where nobody else writes first, hashed there, and copied to its digest then.
    /// </remarks>
    internal async Task<Outcome<StoredBlob>> AdoptAsync(ObjectReference reference, Digest? expected, CancellationToken ct)
    {
        if (CheckReference(reference) is { } no)
            return no;
        var source = await Bucket.HeadAsync(Reading, reference.Key, ct).ConfigureAwait(false);
        if (source is null)
        {
            await CheckAsync(write: false, ct).ConfigureAwait(false);
            return Refusals.ReferenceMissing($"{reference}");
        }
        var staged = Layout.NewStaging();
        try
        {
            await CopyAsync(reference.Key, source.ETag, source.ContentLength, staged, ct).ConfigureAwait(false);
            return await TakeInAsync(staged, expected, ct).ConfigureAwait(false);
        }
        catch
        {
            await QuietlyAsync(() => Bucket.DeleteAsync(Storing, staged, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Hashes an object that nobody else can write to, and gives it its place. One that is not what was announced is deleted.</summary>
    private async Task<Outcome<StoredBlob>> TakeInAsync(string staged, Digest? expected, CancellationToken ct)
    {
        var head = await Bucket.HeadAsync(Storing, staged, ct).ConfigureAwait(false)
            ?? throw new StorageUnavailableException("Storing content failed: what was staged is gone.", "Try again.");
        var digest = await HashAsync(staged, head.ETag, head.ContentLength, null, ct).ConfigureAwait(false);
        if (expected is { } announced && announced != digest)
        {
            await QuietlyAsync(() => Bucket.DeleteAsync(Storing, staged, CancellationToken.None)).ConfigureAwait(false);
            return Refusals.DigestMismatch(announced, digest);
        }
        await PublishAsync(staged, head.ETag, head.ContentLength, digest, ct).ConfigureAwait(false);
        return new StoredBlob(digest, head.ContentLength);
    }
}
