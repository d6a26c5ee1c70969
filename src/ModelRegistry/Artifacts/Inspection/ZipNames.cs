using System.Buffers.Binary;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>The names in a zip archive's directory (APPNOTE.TXT 4.3.12 to 4.3.16), without unpacking anything.</summary>
internal static class ZipNames
{
    private const int MostEntries = 100_000, EndSize = 22, MostComment = 65_535;

    /// <summary>Whether an entry is a pickle by its name, as in what PyTorch writes; null when the directory cannot be read.</summary>
    public static bool? HasPickle(ByteWindow file)
    {
        try
        {
            var tail = file.Piece(Math.Max(0, file.Length - EndSize - MostComment), EndSize + MostComment);
            var end = tail.AsSpan().LastIndexOf("PK\x05\x06"u8);
            if (end < 0 || tail.Length - end < EndSize)
                return null;
            long at = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
            var entries = (long)BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(end + 10));
            if (at == uint.MaxValue || entries == ushort.MaxValue)
                (at, entries) = Zip64(file, file.Length - tail.Length + end);
            return at >= 0 && entries <= MostEntries ? Walk(file, at, entries) : null;
        }
        catch (InspectionStop e) when (e.Code == "malformed")
        {
            return null;
        }
    }

    private static (long At, long Entries) Zip64(ByteWindow file, long end)
    {
        var locator = file.Piece(Math.Max(0, end - 20), 20);
        if (locator.Length < 20 || !locator.AsSpan(0, 4).SequenceEqual("PK\x06\x07"u8))
            return (-1, 0);
        var record = file.Piece((long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(locator.AsSpan(8)), (ulong)file.Length), 56);
        return record.Length == 56 && record.AsSpan(0, 4).SequenceEqual("PK\x06\x06"u8)
            ? ((long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(48)), (ulong)file.Length), (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(32)), MostEntries + 1))
            : (-1, 0);
    }

    private static bool? Walk(ByteWindow file, long at, long entries)
    {
        for (; entries > 0; entries--)
        {
            file.Budget.Step();
            var entry = file.Piece(Math.Min(at, file.Length), 46);
            if (entry.Length < 46 || !entry.AsSpan(0, 4).SequenceEqual("PK\x01\x02"u8))
                return null;
            int Size(int field) => BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(field));
            var name = System.Text.Encoding.Latin1.GetString(file.Piece(at + 46, Math.Min(Size(28), 1024)));
            if (name.EndsWith(".pkl", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".pickle", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".joblib", StringComparison.OrdinalIgnoreCase))
                return true;
            at += 46 + Size(28) + Size(30) + Size(32);
        }
        return false;
    }
}
