using System.Globalization;
using System.Text;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into the index of a TensorFlow checkpoint, <c>variables.index</c>: a sorted table (LevelDB, "table_format") from the
/// name of a variable to its type, shape and place in the data files beside it (<c>tensor_bundle.proto</c>).
/// </summary>
internal sealed class TensorBundleReader(ByteWindow file, FileReading it)
{
    private const int FooterBytes = 48, TrailerBytes = 5, MostKey = 4_096, MostEntries = 200_000, MostBlocks = 20_000, MostRank = 64;

    private static readonly byte[] Magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

    private int _entries, _blocks;
    private ulong _shards;

    public static bool Looks(ByteWindow file) => file.Length >= FooterBytes && file.Piece(file.Length - 8, 8).AsSpan().SequenceEqual(Magic);

    public void Read()
    {
        it.Parameters = 0;
        var footer = new ProtoSpan(file, file.Length - FooterBytes, file.Length - 8);
        footer.Varint();
        footer.Varint();
        Block(footer.Varint(), footer.Varint(), isIndex: true);
        for (var shard = 0UL; shard < _shards; shard++)
            if (it.Beside.ContainsKey(Shard(shard)))
                it.DataFiles.Add(Shard(shard));
            else
                it.Find("tensorflow_variables_missing", $"Its part {shard + 1} of {_shards} is not a file of this version.");
    }

    private string Shard(ulong number) =>
        string.Create(CultureInfo.InvariantCulture, $"{(it.Path.EndsWith(".index", StringComparison.Ordinal) ? it.Path[..^6] : it.Path)}.data-{number:00000}-of-{_shards:00000}");

    private void Block(ulong offset, ulong size, bool isIndex)
    {
        if (++_blocks > MostBlocks)
            throw new InspectionStop("too_complex", $"It has more than {MostBlocks:N0} blocks.");
        if (offset > (ulong)file.Length || size > (ulong)file.Length - offset || size < 4 || (ulong)file.Length - offset - size < TrailerBytes)
            throw new InspectionStop("malformed", "A block of it reaches beyond the file.");
        var end = (long)(offset + size);
        file.Position = end;
        if (file.Next() != 0)
            throw new InspectionStop("tensorflow_variables_compressed", "Its index is compressed, as TensorFlow does not write it.");
        file.Position = end - 4;
        var restarts = (long)file.UInt32() * 4 + 4;
        if (restarts > (long)size)
            throw new InspectionStop("malformed", "A block of it reaches beyond itself.");
        var entries = new ProtoSpan(file, (long)offset, end - restarts);
        var key = new byte[MostKey];
        while (!entries.AtEnd)
        {
            file.Budget.Step();
            var (shared, own, value) = (entries.Varint(), entries.Varint(), entries.Varint());
            if (shared + own > MostKey || shared > MostKey || own > MostKey)
                throw new InspectionStop("malformed", "A name in it is too long.");
            entries.Take((long)own).CopyTo(key.AsSpan((int)shared));
            var (start, stop) = entries.Span(value);
            if (isIndex)
            {
                var handle = new ProtoSpan(file, start, stop);
                Block(handle.Varint(), handle.Varint(), isIndex: false);
            }
            else if (++_entries > MostEntries)
                throw new InspectionStop("too_complex", $"It has more than {MostEntries:N0} variables.");
            else
                Entry(Encoding.UTF8.GetString(key, 0, (int)(shared + own)), new ProtoMessage(file, start, stop));
        }
    }

    // BundleHeaderProto, under the empty name: num_shards = 1, endianness = 2
    // BundleEntryProto: dtype = 1, shape = 2, shard_id = 3, offset = 4, size = 5, slices = 7
    private void Entry(string name, ProtoMessage entry)
    {
        var (type, shard, offset, size, count, sliced) = (0UL, 0UL, 0UL, 0UL, (UInt128)1, false);
        while (entry.Next())
            switch (entry.Field, entry.Wire)
            {
                case (1, Wire.Varint) when name.Length == 0: _shards = entry.Value; break;
                case (2, Wire.Varint) when name.Length == 0 && entry.Value != 0:
                    throw new InspectionStop("tensorflow_variables_order", "It is of big endian byte order, which nothing here reads.");
                case (1, Wire.Varint): type = entry.Value; break;
                case (2, Wire.Length): count = Elements(entry.Inside()); break;
                case (3, Wire.Varint): shard = entry.Value; break;
                case (4, Wire.Varint): offset = entry.Value; break;
                case (5, Wire.Varint): size = entry.Value; break;
                case (7, Wire.Length): sliced = true; break;
                default: break;
            }
        if (name.Length == 0)
        {
            if (_shards is 0 or > 10_000)
                throw new InspectionStop("malformed", "It is said to have no parts, or too many.");
            return;
        }
        if (!sliced)
            Check(name, type, count, shard, offset, size);
    }

    private void Check(string name, ulong type, UInt128 count, ulong shard, ulong offset, ulong size)
    {
        var shown = FileReading.Words(name, 80);
        if (TensorFlowTypes.Find(type) is not var (word, bytes))
            it.Find("tensorflow_variables_type", $"The variable '{shown}' is of a type with number {type}, which is not known.");
        else if (count > long.MaxValue || (bytes > 0 && count * (uint)bytes != size))
            it.Find("tensorflow_variables_size", $"The variable '{shown}' has {size} bytes, which is not what its shape and type ask for.");
        else if (shard >= _shards || (it.Beside.TryGetValue(Shard(shard), out var length) && (size > (ulong)length || offset > (ulong)length - size)))
            it.Find("tensorflow_variables_range", $"The variable '{shown}' does not lie within the data files.");
        // What training left behind is no part of the model.
        else if (bytes > 0 && !name.Contains("/.OPTIMIZER_SLOT/", StringComparison.Ordinal) && !name.StartsWith("optimizer/", StringComparison.Ordinal) && !name.StartsWith("save_counter/", StringComparison.Ordinal) && !it.Count(word, (Int128)count))
            it.Find("tensorflow_variables_size", "All variables together are said to have more elements than 63 bits can count.");
    }

    private static UInt128 Elements(ProtoMessage shape)
    {
        var (count, rank) = ((UInt128)1, 0);
        while (shape.Next())
            if (shape is { Field: 2, Wire: Wire.Length })
            {
                var size = 0UL;
                for (var dimension = shape.Inside(); dimension.Next();)
                    if (dimension is { Field: 1, Wire: Wire.Varint })
                        size = dimension.Value;
                if (++rank > MostRank)
                    throw new InspectionStop("malformed", $"A variable has more than {MostRank} dimensions.");
                // Beyond 63 bits it stays there: nothing wraps around to a size that fits.
                count = count > long.MaxValue ? count : count * size;
            }
        return count;
    }
}
