using System.Security.Cryptography;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Files;

/// <summary>A content on its way into the folder: a staged file, hashed while it is written.</summary>
/// <remarks>
/// One that goes on after a cut is hashed when it is whole, and once: an upload in many pieces, each of which hashed what came before
/// it, would cost the square of its length.
/// </remarks>
internal sealed class FileStaging(FileStore store, StagedFile file) : IStagedContent
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _goesOn;

    public long Size => file.Size;

    // What is behind the place is forgotten.
    public Task<long> GoOnFromAsync(long offset, CancellationToken ct = default)
    {
        file.GoOnFrom(offset);
        _goesOn = offset > 0;
        return Task.FromResult(offset);
    }

    public Task WriteAsync(ReadOnlyMemory<byte> chunk, CancellationToken ct = default)
    {
        if (!_goesOn)
            _hash.AppendData(chunk.Span);
        file.Write(chunk.Span);
        return Task.CompletedTask;
    }

    public Task<Digest> SealAsync(CancellationToken ct = default)
    {
        if (_goesOn)
            file.Hash(_hash);
        return Task.FromResult(Digest.FromHash(_hash.GetHashAndReset()));
    }

    public Task KeepAsync(Digest digest, CancellationToken ct = default)
    {
        store.Keep(file, digest);
        // It was here already.
        if (!file.IsMoved)
            file.GiveUp();
        return Task.CompletedTask;
    }

    public Task<string> ParkAsync(CancellationToken ct = default) => Task.FromResult(store.Park(file));

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
