namespace ModelRegistry.Artifacts.Inspection;

/// <summary>How a field of the protobuf wire format is written.</summary>
internal enum Wire { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 }

/// <summary>
/// One message of the protobuf wire format, field by field ("Encoding", Protocol Buffers documentation). Contents are
/// stepped over unless asked for, and none can reach beyond the message it stands in.
/// </summary>
internal struct ProtoMessage(ByteWindow file, long start, long end)
{
    private long _next = start;

    public int Field { get; private set; }

    public Wire Wire { get; private set; }

    /// <summary>The number, of a varint.</summary>
    public ulong Value { get; private set; }

    /// <summary>Where the content begins, of a field with a length.</summary>
    public long Start { get; private set; }

    /// <summary>How long it is, in bytes.</summary>
    public long Size { get; private set; }

    /// <summary>Goes to the next field; false at the message's end.</summary>
    /// <exception cref="InspectionStop">What stands there is no field, or is longer than what it stands in.</exception>
    public bool Next()
    {
        if (_next == end)
            return false;
        file.Budget.Step();
        file.Position = _next;
        var tag = Varint();
        if (tag > uint.MaxValue || tag >> 3 == 0)
            throw Malformed("a field without a valid number");
        (Field, Wire, Value, Start, Size) = ((int)(tag >> 3), (Wire)(tag & 7), 0, file.Position, 0);
        switch (Wire)
        {
            case Wire.Varint:
                Value = Varint();
                _next = file.Position;
                return true;
            case Wire.Fixed64:
                return Advance(8);
            case Wire.Fixed32:
                return Advance(4);
            case Wire.Length:
                var size = Varint();
                Start = file.Position;
                return Advance(size);
            default:
                throw Malformed($"a field of wire type {(int)Wire}");
        }
    }

    /// <summary>The current field's content as a message of its own.</summary>
    public readonly ProtoMessage Inside() => new(file, Start, Start + Size);

    /// <summary>The next number of a packed list; false at its end.</summary>
    public bool NextPacked(out ulong value)
    {
        value = 0;
        if (_next == end)
            return false;
        file.Budget.Step();
        file.Position = _next;
        value = Varint();
        _next = file.Position;
        return true;
    }

    /// <summary>The current field's content as words; what is longer is cut.</summary>
    public readonly string Words(int most) => Size == 0 ? "" : FileReading.Words(Bytes(most * 4), most);

    /// <summary>The first bytes of the current field's content.</summary>
    public readonly byte[] Bytes(int most) => file.Piece(Start, (int)Math.Min(Size, most));

    /// <summary>FNV-1a over length and first KiB: enough to tell names apart that nobody chose to look alike.</summary>
    public readonly ulong Fingerprint()
    {
        var hash = 14695981039346656037UL ^ (ulong)Size;
        file.Position = Start;
        for (var left = Math.Min(Size, 1024); left > 0; left--)
            hash = (hash ^ file.Next()) * 1099511628211UL;
        return hash;
    }

    private bool Advance(ulong size)
    {
        if (size > (ulong)(end - file.Position))
            throw Malformed("a field said to be longer than what it stands in");
        Size = (long)size;
        _next = file.Position + (long)size;
        return true;
    }

    private readonly ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (file.Position >= end)
                throw Malformed("a number that does not end");
            var b = file.Next();
            if (shift == 63 && b > 1)
                break;
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
        throw Malformed("a number of more than 64 bits");
    }

    private readonly InspectionStop Malformed(string how) => new("malformed", $"Its structure is damaged: {how}, near byte {file.Position}.");
}

/// <summary>A stretch of a file with numbers of variable length in it, none of which reaches beyond it.</summary>
internal struct ProtoSpan(ByteWindow file, long start, long end)
{
    private long _at = start;

    public readonly bool AtEnd => _at >= end;

    public ulong Varint()
    {
        ulong value = 0;
        file.Position = _at;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (file.Position >= end)
                break;
            var b = file.Next();
            value |= (ulong)(b & 0x7f) << shift;
            if (b >= 0x80)
                continue;
            _at = file.Position;
            return value;
        }
        throw new InspectionStop("malformed", "A number in it does not end.");
    }

    public byte[] Take(long bytes)
    {
        var (from, to) = Span((ulong)bytes);
        return file.Piece(from, (int)(to - from));
    }

    /// <summary>Steps over so many bytes and says where they are.</summary>
    public (long Start, long End) Span(ulong bytes)
    {
        if (bytes > (ulong)Math.Max(0, end - _at))
            throw new InspectionStop("malformed", "Something in it is said to be longer than what it stands in.");
        var from = _at;
        _at += (long)bytes;
        return (from, _at);
    }
}
