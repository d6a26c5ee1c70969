namespace ModelRegistry.Tests.Artifacts;

/// <summary>A folder of one test, gone with it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("vault-test-").FullName;

    public string At(params string[] names) => Path.Combine([Root, .. names]);

    /// <summary>Writes a file below the folder, and the folders above it.</summary>
    public string Write(string relative, ReadOnlySpan<byte> content)
    {
        var path = At(relative.Split('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Every file below a folder, by relative path.</summary>
    public static string[] FilesIn(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>Bytes by rule, of any length, with something happening on the way.</summary>
public sealed class PatternStream(long length, Action<long>? beforeRead = null) : Stream
{
    private long _given;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _given; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        beforeRead?.Invoke(_given);
        // As a network does: never more than 64 KiB at a time.
        var read = (int)Math.Min(Math.Min(count, 65536), length - _given);
        for (var i = 0; i < read; i++)
            buffer[offset + i] = (byte)((_given + i) * 31 >> 3);
        _given += read;
        return read;
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
