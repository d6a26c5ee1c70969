using System.Formats.Tar;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>A file of a version, open for reading.</summary>
/// <param name="Content">Whoever got it disposes of it.</param>
/// <param name="Since">When the version was registered.</param>
public sealed record OpenedFile(FileView File, Stream Content, DateTimeOffset Since);

/// <summary>Where one file can be fetched past the server. Nobody hashes it on that way: hold what comes against <paramref name="Sha256"/>.</summary>
public sealed record SignedFileView(string Path, long SizeBytes, string Sha256, string Url, DateTimeOffset ExpiresAt);

/// <summary>The same files as streams, for whoever fetches them over a network.</summary>
public sealed partial class VersionDownload
{
    /// <summary>The files of a version, in ordinal order of path.</summary>
    public async Task<Outcome<IReadOnlyList<FileView>>> FilesAsync(Actor by, string modelName, string? versionRef, CancellationToken cancel = default)
    {
        var found = await FindAsync(by, modelName, versionRef, cancel);
        return found.Then<IReadOnlyList<FileView>>(version => version.Files.ConvertAll(f => new FileView(f.Path, f.Size, f.Sha256.Hex)));
    }

    /// <summary>Opens one file.</summary>
    /// <param name="seekable">Whether parts of it are wanted, in any order: then nothing is hashed on the way. Otherwise the stream gives its last bytes only when it is what was registered.</param>
    public async Task<Outcome<OpenedFile>> OpenAsync(Actor by, string modelName, string? versionRef, string path, bool seekable, CancellationToken cancel = default)
    {
        var found = await FindAsync(by, modelName, versionRef, cancel);
        if (found.Refusal is { } no)
            return no;
        if (found.Value.Files.Find(f => f.Path == path) is not { } file)
            return Refusals.FileNotFound(path, found.Value.Version.Label);
        var content = await (seekable ? _vault.OpenSeekableAsync(file.Sha256, file.Size, cancel) : _vault.OpenReadAsync(file.Sha256, file.Size, cancel));
        return content.Then<OpenedFile>(stream => new OpenedFile(new FileView(file.Path, file.Size, file.Sha256.Hex), stream, found.Value.Version.CreatedAt));
    }

    /// <summary>An address from which one file can be fetched past this server, with the digest to hold against what comes.</summary>
    public async Task<Outcome<SignedFileView>> SignAsync(Actor by, string modelName, string? versionRef, string path, CancellationToken cancel = default)
    {
        var found = await FindAsync(by, modelName, versionRef, cancel);
        if (found.Refusal is { } no)
            return no;
        if (found.Value.Files.Find(f => f.Path == path) is not { } file)
            return Refusals.FileNotFound(path, found.Value.Version.Label);
        var signed = await _vault.SignDownloadAsync(file.Sha256, file.Size, file.Path[(file.Path.LastIndexOf('/') + 1)..], cancel);
        return signed.Then<SignedFileView>(address => new SignedFileView(file.Path, file.Size, file.Sha256.Hex, address.Url, address.ExpiresAt));
    }

    /// <summary>Writes files as a tar (POSIX.1-2001), each verified while it is copied. Throws in the middle when one is not what was registered.</summary>
    public async Task ArchiveAsync(IReadOnlyList<FileView> files, Stream into, CancellationToken cancel = default)
    {
        await using var tar = new TarWriter(into, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var file in files)
        {
            var opened = await _vault.OpenReadAsync(Digest.Parse(file.Sha256), file.SizeBytes, cancel);
            if (opened.Refusal is { } no)
                throw new Artifacts.BlobAlteredException(no);
            await using var content = new Sized(opened.Value);
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file.Path) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead }, cancel);
        }
    }

    /// <summary>A stream that is read forward only, for a writer that asks for its length first and takes that for being able to seek.</summary>
    private sealed class Sized(Stream content) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => content.Length;

        public override long Position
        {
            get => content.Position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => content.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => content.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => content.ReadAsync(buffer, offset, count, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                content.Dispose();
            base.Dispose(disposing);
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
