namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// A table of a FlatBuffer ("FlatBuffer Internals", FlatBuffers documentation): fields are found through a list of offsets,
/// and no offset leads out of the file.
/// </summary>
internal readonly struct FlatTable
{
    private readonly ByteWindow _file;
    private readonly long _at, _fields;
    private readonly int _fieldBytes, _bytes;

    private FlatTable(ByteWindow file, long at)
    {
        file.Budget.Step();
        (_file, _at) = (file, at);
        file.Position = at;
        _fields = at - (int)file.UInt32();
        file.Position = _fields;
        (_fieldBytes, _bytes) = (file.UInt16(), file.UInt16());
        if (_fieldBytes < 4 || _fieldBytes % 2 != 0 || _bytes < 4 || at + _bytes > file.Length || _fields + _fieldBytes > file.Length)
            throw Malformed("a table that reaches beyond the file");
    }

    public static FlatTable Root(ByteWindow file) => new(file, At(file, 0));

    public uint UInt32(int field, uint usual = 0) => Find(field, 4) is { } at ? Number(at) : usual;

    public ulong UInt64(int field)
    {
        if (Find(field, 8) is not { } at)
            return 0;
        _file.Position = at;
        return _file.UInt64();
    }

    public byte Byte(int field)
    {
        if (Find(field, 1) is not { } at)
            return 0;
        _file.Position = at;
        return _file.Next();
    }

    /// <summary>Text, cut; empty where there is none.</summary>
    public string Words(int field, int most)
    {
        var list = List(field, 1);
        return list.Count == 0 ? "" : FileReading.Words(_file.Piece(list.Start, (int)Math.Min(list.Count, most * 4)), most);
    }

    /// <summary>A list whose elements are of so many bytes; empty where there is none.</summary>
    public FlatList List(int field, int elementBytes)
    {
        if (Find(field, 4) is not { } at)
            return default;
        var start = At(_file, at);
        _file.Position = start;
        var count = _file.UInt32();
        if ((long)count * elementBytes > _file.Length - start - 4)
            throw Malformed("a list said to be longer than the file");
        return new FlatList(_file, start + 4, count);
    }

    /// <summary>The table that an element of a list of tables is.</summary>
    public static FlatTable Of(FlatList list, long index) => new(list.File, At(list.File, list.Start + 4 * index));

    private long? Find(int field, int bytes)
    {
        if (4 + 2 * field + 2 > _fieldBytes)
            return null;
        _file.Budget.Step();
        _file.Position = _fields + 4 + 2 * field;
        var offset = _file.UInt16();
        if (offset == 0)
            return null;
        return offset + bytes <= _bytes ? _at + offset : throw Malformed("a field outside of its table");
    }

    private uint Number(long at)
    {
        _file.Position = at;
        return _file.UInt32();
    }

    /// <summary>Where an offset leads to: ahead, as all but those to lists of fields do.</summary>
    private static long At(ByteWindow file, long at)
    {
        file.Position = at;
        var offset = file.UInt32();
        return offset >= 4 && offset <= file.Length - at - 4 ? at + offset : throw Malformed("an offset that leads nowhere");
    }

    private static InspectionStop Malformed(string how) => new("malformed", $"Its structure is damaged: {how}.");
}

/// <summary>A list within a FlatBuffer.</summary>
/// <param name="Start">Where the first element is.</param>
internal readonly record struct FlatList(ByteWindow File, long Start, long Count)
{
    public int Int32(long index)
    {
        File.Budget.Step();
        File.Position = Start + 4 * index;
        return (int)File.UInt32();
    }
}
