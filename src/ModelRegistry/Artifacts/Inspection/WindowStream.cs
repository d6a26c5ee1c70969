using System.IO.Compression;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>A stretch of a file as a stream, read through the file's own window.</summary>
internal sealed class WindowStream(ByteWindow file, long start, long length) : ReadOnlyStream
{
    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, length - Position);
        if (wanted <= 0)
            return 0;
        file.Position = start + Position;
        var read = file.Some(buffer[..wanted]);
        Position += read;
        return read;
    }
}

/// <summary>
/// What a compressed stretch of a file unpacks to, as a stream that can go back: by beginning again. Nothing is kept, every
/// byte unpacked counts against the budget, and so does going back.
/// </summary>
/// <param name="start">Where the stretch begins in the file.</param>
/// <param name="packed">How long it is.</param>
/// <param name="length">How much it unpacks to, as far as it is read.</param>
internal sealed class InflatedStream(ByteWindow file, long start, long packed, long length, Packing packing) : ReadOnlyStream
{
    private const int Chunk = 16 * 1024, MostBeginnings = 64;

    private readonly byte[] _skipped = new byte[(int)Math.Min(Chunk, Math.Max(1, length))];
    private Stream? _unpacking;
    private long _at;
    private int _beginnings;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        if (_unpacking is null || Position < _at)
            Begin();
        while (_at < Position)
        {
            var wanted = (int)Math.Min(_skipped.Length, Position - _at);
            file.Budget.Read(wanted);
            var skipped = Unpack(_skipped.AsSpan(0, wanted));
            if (skipped == 0)
                return 0;
        }
        var read = Unpack(buffer[..(int)Math.Min(buffer.Length, Math.Max(0, length - _at))]);
        Position = _at;
        return read;
    }

    /// <summary>Unpacks to the end and counts; null when that is more than <paramref name="most"/>.</summary>
    public static long? Measure(ByteWindow file, long start, long packed, Packing packing, long most)
    {
        using var whole = new InflatedStream(file, start, packed, long.MaxValue, packing);
        whole.Begin();
        while (whole._at <= most)
        {
            file.Budget.Read(whole._skipped.Length);
            if (whole.Unpack(whole._skipped) == 0)
                return whole._at;
        }
        return null;
    }

    private int Unpack(Span<byte> into)
    {
        try
        {
            var read = into.Length == 0 ? 0 : _unpacking!.Read(into);
            _at += read;
            return read;
        }
        catch (InvalidDataException)
        {
            throw new InspectionStop("malformed", "What is compressed in it is damaged.");
        }
    }

    private void Begin()
    {
        if (++_beginnings > MostBeginnings)
            throw new InspectionStop("too_complex", "It would have to be unpacked again and again to be looked into.");
        _unpacking?.Dispose();
        var source = new WindowStream(file, start, packed);
        _unpacking = packing switch
        {
            Packing.Gzip => new GZipStream(source, CompressionMode.Decompress),
            Packing.Zlib => new ZLibStream(source, CompressionMode.Decompress),
            _ => new DeflateStream(source, CompressionMode.Decompress),
        };
        _at = 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _unpacking?.Dispose();
        base.Dispose(disposing);
    }
}

internal enum Packing { Deflate, Gzip, Zlib }

/// <summary>What all streams that are only read have in common.</summary>
internal abstract class ReadOnlyStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public abstract override int Read(Span<byte> buffer);

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
