using System.Buffers;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>
/// A content on its way into the bucket, in flat memory: a small one is put at once under its digest; a larger one goes as a multipart
/// upload under a key of its own, is completed when it is whole and hashed, and is then copied to its digest by the store.
/// </summary>
/// <remarks>
/// One that goes on after a cut was not hashed on the way from its beginning (the store gives no parts back before the end, and a
/// half-done SHA-256 cannot be kept): it is completed under its own key, read again from there and hashed as a whole.
/// </remarks>
internal sealed class S3Staging(S3Store store, string? place, S3UploadState? state) : IStagedContent
{
    private readonly List<PartETag> _parts = [];
    private byte[] _buffer = [];
    private int _filled;
    private long _sent;
    private string? _key, _uploadId, _tag;
    // Null from where an upload goes on behind parts.
    private IncrementalHash? _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _done, _touched, _finishing;

    public long Size => state?.Size ?? _sent + _filled;

    public async Task<long> GoOnFromAsync(long offset, CancellationToken ct = default)
    {
        if (state is not { } before)
            return 0;
        if (offset == 0)
        {
            // The whole is sent again.
            if (before.Tag is not null)
                await store.Bucket.DeleteAsync(S3Store.Storing, before.Key!, ct).ConfigureAwait(false);
            else if (before.UploadId is { } old)
                await store.Bucket.AbortAsync(S3Store.Storing, before.Key!, old, ct).ConfigureAwait(false);
            (state, _touched) = (null, true);
            return 0;
        }
        // Behind parts one can take up again but not within them: what is there is skipped, and the digest says whether it was the same.
        var tail = (int)(Math.Max(offset, before.PartBytes) - before.PartBytes);
        if (offset < before.PartBytes)
            tail = before.TailBytes;
        Room(before.TailBytes);
        if (!await before.ReadTailAsync(store, _buffer, ct).ConfigureAwait(false))
            tail = 0;
        (_key, _uploadId, _tag, _sent, _filled) = (before.Key, before.UploadId, before.Tag, before.PartBytes, tail);
        _parts.AddRange(before.Parts);
        (state, _touched) = (null, true);
        if (_parts.Count > 0 || _tag is not null)
        {
            _hash?.Dispose();
            _hash = null;
        }
        else
            _hash!.AppendData(_buffer, 0, _filled);
        return Math.Max(Size, offset);
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> chunk, CancellationToken ct = default)
    {
        if (chunk.Length == 0)
            return;
        if (_tag is not null)
        {
            // It is longer than what another request took for all of it: one of the two was wrong.
            await GiveUpAsync().ConfigureAwait(false);
            throw new UploadTakenOverException(null);
        }
        _touched = true;
        _hash?.AppendData(chunk.Span);
        while (chunk.Length > 0)
        {
            var part = store.Sizes.Of(_parts.Count + 1);
            // Only when more comes: what ends at the end of the first part needs no parts.
            if (_filled == part)
                await SendAsync(ct).ConfigureAwait(false);
            var taken = Math.Min(chunk.Length, store.Sizes.Of(_parts.Count + 1) - _filled);
            Room(_filled + taken);
            chunk[..taken].CopyTo(_buffer.AsMemory(_filled));
            _filled += taken;
            chunk = chunk[taken..];
        }
    }

    public async Task<Digest> SealAsync(CancellationToken ct = default)
    {
        if (_uploadId is not null && place is not null)
            _finishing = store.TryFinish(place) ? true : throw new UploadTakenOverException(null);
        if (_uploadId is not null && _filled > 0)
            await SendAsync(ct).ConfigureAwait(false);
        if (_hash is not null)
            return Digest.FromHash(_hash.GetHashAndReset());
        await CompleteAsync(ct).ConfigureAwait(false);
        return await store.HashAsync(_key!, _tag!, Size, null, ct).ConfigureAwait(false);
    }

    public async Task KeepAsync(Digest digest, CancellationToken ct = default)
    {
        if (_uploadId is null)
        {
            var content = _buffer.AsMemory(0, _filled);
            // Another size is a damaged copy, which the good one replaces.
            if (!await store.PutAsync(store.Layout.Blob(digest), content, onlyNew: true, null, ct).ConfigureAwait(false) && await store.FindAsync(digest, ct).ConfigureAwait(false) != _filled)
                await store.PutAsync(store.Layout.Blob(digest), content, onlyNew: false, null, ct).ConfigureAwait(false);
        }
        else if (_tag is null && await store.FindAsync(digest, ct).ConfigureAwait(false) == Size)
        {
            await store.Bucket.AbortAsync(S3Store.Storing, _key!, _uploadId, ct).ConfigureAwait(false);
        }
        else
        {
            await CompleteAsync(ct).ConfigureAwait(false);
            await store.PublishAsync(_key!, _tag, Size, digest, ct).ConfigureAwait(false);
        }
        _done = true;
        await ForgetAsync().ConfigureAwait(false);
    }

    public async Task<string> ParkAsync(CancellationToken ct = default)
    {
        if (_uploadId is null)
        {
            _key = store.Layout.NewStaging();
            await store.PutAsync(_key, _buffer.AsMemory(0, _filled), onlyNew: false, null, ct).ConfigureAwait(false);
        }
        else
            await CompleteAsync(ct).ConfigureAwait(false);
        _done = true;
        return _key![store.Layout.Staging.Length..];
    }

    public async Task GiveUpAsync()
    {
        _done = true;
        if (_uploadId is { } id)
            await S3Store.QuietlyAsync(() => _tag is null ? store.Bucket.AbortAsync(S3Store.Storing, _key!, id, CancellationToken.None) : store.Bucket.DeleteAsync(S3Store.Storing, _key!, CancellationToken.None)).ConfigureAwait(false);
        await ForgetAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_done && place is not null)
        {
            // Whoever sent it is gone, perhaps; what came is kept all the same. Where it is one object already, nothing else is to be noted.
            if (_touched && _tag is null)
                await S3Store.QuietlyAsync(() => S3UploadState.WriteAsync(store, place, _key, _uploadId, _parts.Count, _buffer.AsMemory(0, _filled), CancellationToken.None)).ConfigureAwait(false);
        }
        else if (!_done)
            await GiveUpAsync().ConfigureAwait(false);
        if (_finishing)
            store.Finished(place!);
        _hash?.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async Task SendAsync(CancellationToken ct)
    {
        if (_uploadId is null)
        {
            (_key, _uploadId) = (store.Layout.NewStaging(), null);
            _uploadId = await store.BeginAsync(_key, ct).ConfigureAwait(false);
            // Before the first part, so that a replica that is killed loses none.
            if (place is not null)
                await S3UploadState.WriteAsync(store, place, _key, _uploadId, 0, default, ct).ConfigureAwait(false);
        }
        var content = _buffer.AsMemory(0, _filled);
        var number = _parts.Count + 1;
        var sent = await TakenOverAsync(() => store.Bucket.AskOrLearnAsync(S3Store.Storing, async (s3, bound) =>
        {
            using var body = S3Store.Body(content);
            var answer = await s3.UploadPartAsync(new UploadPartRequest
            {
                BucketName = store.Bucket.Name, Key = _key, UploadId = _uploadId, PartNumber = number, PartSize = content.Length, InputStream = body,
                MD5Digest = S3Store.Md5(content.Span), UseChunkEncoding = false, DisablePayloadSigning = store.Bucket.Unsigned,
            }, bound).ConfigureAwait(false);
            S3Failures.Tagged(answer.ETag);
            return answer;
        }, ct, bulk: true)).ConfigureAwait(false);
        _parts.Add(new PartETag(number, sent.ETag));
        _sent += _filled;
        _filled = 0;
    }

    /// <summary>Has the store make one object of the parts.</summary>
    internal async Task CompleteAsync(CancellationToken ct)
    {
        if (_tag is not null)
            return;
        await TakenOverAsync(async () =>
        {
            await store.CompleteAsync(_key!, _uploadId!, _parts, ct).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        // Asked for, because the answer to a completion writes it in other ways in some stores.
        var head = await store.Bucket.HeadAsync(S3Store.Storing, _key!, ct).ConfigureAwait(false);
        _tag = head?.ContentLength == Size ? head.ETag : throw new StorageUnavailableException("Storing content failed: the store did not make one object of its parts.", "Look at the store's state and log, then try again.");
    }

    private async Task<T> TakenOverAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (AmazonS3Exception e)
        {
            // Gone, or with another part than ours.
            throw new UploadTakenOverException(e);
        }
    }

    private async Task ForgetAsync()
    {
        if (place is not null && (_touched || state is not null))
            await S3Store.QuietlyAsync(() => store.Bucket.DeleteAsync(S3Store.Storing, place, CancellationToken.None)).ConfigureAwait(false);
    }

    /// <summary>Makes room; a small content never takes the memory of a part.</summary>
    private void Room(int needed)
    {
        if (_buffer.Length >= needed)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(Math.Max(needed, _buffer.Length * 2), Math.Max(needed, store.Sizes.LargePart)));
        _buffer.AsSpan(0, _filled).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
