using System.Buffers.Binary;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// A file seen through a few small windows that are moved along: what is skipped is never read, what was read a moment ago
/// is not read again, and memory stays flat whatever the file says about its lengths.
/// </summary>
internal sealed class ByteWindow(Stream content, long length, InspectionBudget budget)
{
    // After a jump less is read, since the next jump is likely near: thousands of headers between gigabytes of weights.
    private const int Near = 32 * 1024, Far = 16 * 1024, MostPieces = 8;

    private sealed class Held(int size)
    {
        public byte[] Bytes { get; } = new byte[size];
        public long Start { get; set; }
        public int Filled { get; set; }
        public long Used { get; set; }
    }

    private readonly List<Held> _pieces = [];
    private Held _now = new(0);
    private long _clock;

    /// <summary>The file's size in bytes.</summary>
    public long Length { get; } = length;

    public InspectionBudget Budget { get; } = budget;

    /// <summary>Where the next byte is read. Moving it costs nothing.</summary>
    public long Position { get; set; }

    public bool AtEnd => Position >= Length;

    public byte Next()
    {
        if (!Holds(_now))
            Find();
        return _now.Bytes[(int)(Position++ - _now.Start)];
    }

    /// <summary>Fills all of <paramref name="into"/>.</summary>
    public void Read(Span<byte> into)
    {
        while (into.Length > 0)
        {
            var taken = Some(into);
            into = into[taken..];
        }
    }

    /// <summary>Fills as much of <paramref name="into"/> as is at hand, at least one byte.</summary>
    public int Some(Span<byte> into)
    {
        if (!Holds(_now))
            Find();
        var at = (int)(Position - _now.Start);
        var taken = Math.Min(into.Length, _now.Filled - at);
        _now.Bytes.AsSpan(at, taken).CopyTo(into);
        Position += taken;
        return taken;
    }

    /// <summary>Up to as many bytes from a place; fewer where the file ends. Moves the position behind them.</summary>
    public byte[] Piece(long from, int most)
    {
        Position = from;
        var piece = new byte[(int)Math.Clamp(Length - from, 0, most)];
        Read(piece);
        return piece;
    }

    /// <summary>A part of the file as a file of its own.</summary>
    public ByteWindow Part(long from, long size) => new(new WindowStream(this, from, size), size, Budget);

    public ushort UInt16()
    {
        Span<byte> bytes = stackalloc byte[2];
        Read(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
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

    private bool Holds(Held piece) => Position >= piece.Start && Position < piece.Start + piece.Filled;

    private void Find()
    {
        if (_pieces.Find(Holds) is { } there)
            _now = there;
        else
            Fill();
        _now.Used = ++_clock;
    }

    private void Fill()
    {
        if (Position < 0 || Position >= Length)
            throw Ended();
        var goesOn = _pieces.Count == 0 ? Position == 0 : _pieces.Exists(p => p.Start + p.Filled == Position);
        var wanted = (int)Math.Min(goesOn ? Near : Far, Length - Position);
        Budget.Read(wanted);
        if (_pieces.Count < MostPieces)
            _pieces.Add(_now = new Held((int)Math.Min(Near, Length)));
        else
            _now = _pieces.MinBy(p => p.Used)!;
        (_now.Start, _now.Filled) = (Position, 0);
        content.Position = Position;
        while (_now.Filled < wanted)
        {
            var read = content.Read(_now.Bytes, _now.Filled, wanted - _now.Filled);
            if (read == 0)
                throw Ended();
            _now.Filled += read;
        }
    }

    private static InspectionStop Ended() => new("malformed", "It ends before it should, or something in it is said to be longer than the file.");
}
