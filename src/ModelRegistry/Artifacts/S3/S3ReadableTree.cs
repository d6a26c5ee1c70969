using System.Text;
using Amazon.S3.Model;
using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>The readable names in the bucket. A bucket has no links: files are copies that the store makes, where they are wanted, and take their room again.</summary>
internal sealed class S3ReadableTree(S3Store store, bool copies) : IReadableTree
{
    private const string Showing = "Writing the readable files";
    private const int MostText = 1 << 24;

    public async Task<string?> ReadAsync(string path, CancellationToken ct = default)
    {
        var read = await store.Bucket.TryAsync(Showing, async (s3, bound) =>
        {
            using var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = store.Bucket.Name, Key = At(path) }, bound).ConfigureAwait(false);
            if (got.ContentLength > MostText)
                return "";
            using var text = new StreamReader(got.ResponseStream, Encoding.UTF8);
            return await text.ReadToEndAsync(bound).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
        return read;
    }

    public Task WriteAsync(string path, string text, CancellationToken ct = default) => store.PutAsync(At(path), Encoding.UTF8.GetBytes(text), onlyNew: false, null, ct);

    public async Task ShowAsync(string path, Digest digest, long size, CancellationToken ct = default)
    {
        // Contents never change, so that a copy of that length is the same.
        if (copies && (await store.Bucket.HeadAsync(Showing, At(path), ct).ConfigureAwait(false))?.ContentLength != size)
            await store.CopyAsync(store.Layout.Blob(digest), null, size, At(path), ct).ConfigureAwait(false);
    }

    public string LocationOf(Digest digest) => $"s3://{store.Bucket.Name}/{store.Layout.Blob(digest)}";

    public async Task DeleteAsync(string folder, CancellationToken ct = default)
    {
        await store.Bucket.DeleteAsync(Showing, At(folder), ct).ConfigureAwait(false);
        await foreach (var found in store.Bucket.ListAsync(Showing, At(folder) + "/", ct).ConfigureAwait(false))
            await store.Bucket.DeleteAsync(Showing, found.Key, ct).ConfigureAwait(false);
    }

    private string At(string path) => store.Layout.Models + path;
}
