using System.Buffers.Binary;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// A file seen through a small window that is moved along: what is skipped is never read, and memory stays flat
/// whatever the file says about its lengths.
/// </summary>
internal sealed class ByteWindow(Stream content, long length, InspectionBudget budget)
{
    // After a jump little is read, since the next jump is likely near: thousands of headers between gigabytes of weights.
    private const int Near = 32 * 1024, Far = 4 * 1024;

    private readonly byte[] _window = new byte[(int)Math.Min(Near, Math.Max(length, 1))];
    private long _start;
    private int _filled;

    /// <summary>The file's size in bytes.</summary>
    public long Length { get; } = length;

    public InspectionBudget Budget { get; } = budget;

    /// <summary>Where the next byte is read. Moving it costs nothing.</summary>
    public long Position { get; set; }

    public bool AtEnd => Position >= Length;

    public byte Next()
    {
        if (Position < _start || Position >= _start + _filled)
            Fill();
        return _window[(int)(Position++ - _start)];
    }

    /// <summary>Fills all of <paramref name="into"/>.</summary>
    public void Read(Span<byte> into)
    {
        while (into.Length > 0)
        {
            if (Position < _start || Position >= _start + _filled)
                Fill();
            var at = (int)(Position - _start);
            var taken = Math.Min(into.Length, _filled - at);
            _window.AsSpan(at, taken).CopyTo(into);
            Position += taken;
            into = into[taken..];
        }
    }

    /// <summary>Up to as many bytes from a place; fewer where the file ends. Moves the position behind them.</summary>
    public byte[] Piece(long from, int most)
    {
        Position = from;
        var piece = new byte[(int)Math.Clamp(Length - from, 0, most)];
        Read(piece);
        return piece;
    }

    public uint UInt32()
    {
        Span<byte> bytes = stackalloc byte[4];
        Read(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong UInt64()
    {
        Span<byte> bytes = stackalloc byte[8];
        Read(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Moves ahead; past the end is damage.</summary>
    public void Skip(ulong bytes)
    {
        if (bytes > (ulong)Math.Max(0, Length - Position))
            throw Ended();
        Position += (long)bytes;
    }

    private void Fill()
    {
        if (Position < 0 || Position >= Length)
            throw Ended();
        var wanted = (int)Math.Min(Position == _start + _filled ? _window.Length : Math.Min(Far, _window.Length), Length - Position);
        Budget.Read(wanted);
        content.Position = Position;
        (_start, _filled) = (Position, 0);
        while (_filled < wanted)
        {
            var read = content.Read(_window, _filled, wanted - _filled);
            if (read == 0)
                throw Ended();
            _filled += read;
        }
    }

    private static InspectionStop Ended() => new("malformed", "It ends before it should, or something in it is said to be longer than the file.");
}
