using System.Security.Cryptography;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Files;

/// <summary>A content on its way into the folder: a staged file, hashed while it is written.</summary>
internal sealed class FileStaging(FileStore store, StagedFile file) : IStagedContent
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Size => file.Size;

    // What came before a cut is on this disk: it is read and hashed again, and what is behind the place is forgotten.
    public Task<long> GoOnFromAsync(long offset, CancellationToken ct = default)
    {
        file.GoOnFrom(offset, _hash);
        return Task.FromResult(offset);
    }

    public Task WriteAsync(ReadOnlyMemory<byte> chunk, CancellationToken ct = default)
    {
        _hash.AppendData(chunk.Span);
        file.Write(chunk.Span);
        return Task.CompletedTask;
    }

    public Task<Digest> SealAsync(CancellationToken ct = default) => Task.FromResult(Digest.FromHash(_hash.GetHashAndReset()));

    public Task KeepAsync(Digest digest, CancellationToken ct = default)
    {
        store.Keep(file, digest);
        // It was here already.
        if (!file.IsMoved)
            file.GiveUp();
        return Task.CompletedTask;
    }

    public Task GiveUpAsync()
    {
        file.GiveUp();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _hash.Dispose();
        file.Dispose();
        return ValueTask.CompletedTask;
    }
}
