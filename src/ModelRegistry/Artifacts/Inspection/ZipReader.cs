using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Reads the directory of a zip archive and holds it against what stands before every file (APPNOTE.TXT 4.3.6 to 4.3.16),
/// for some readers believe the one and some the other. Nothing is unpacked here.
/// </summary>
internal sealed class ZipReader(ByteWindow file, FileReading it)
{
    private const int EndBytes = 22, MostComment = 65_535, HeadBytes = 46, LocalBytes = 30, LinkMode = 0xa000, ModeMask = 0xf000;

    private readonly ArchiveEntries _entries = new(it, file.Length);
    private readonly List<(long Begin, long End, bool Described)> _ranges = [];

    public static bool Looks(ReadOnlySpan<byte> head) => head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8);

    public IReadOnlyList<ArchiveEntry> Read()
    {
        if (FindEnd(file) is not { } end)
            throw new InspectionStop("malformed", "It begins as a zip archive and does not end as one.");
        var (start, count, directoryEnd) = Directory(end);
        for (var (i, at) = (0L, start); i < count; i++)
        {
            file.Budget.Step();
            _entries.Step();
            at = Entry(at, directoryEnd, start);
            if (i == count - 1 && at != directoryEnd)
                _entries.Tell("archive_disagrees", "Its directory is longer than the files it lists.");
        }
        CheckRanges(start);
        _entries.Close();
        return _entries.Files;
    }

    private static long? FindEnd(ByteWindow file)
    {
        foreach (var most in (int[])[EndBytes, EndBytes + MostComment])
        {
            var from = Math.Max(0, file.Length - most);
            var tail = file.Piece(from, most);
            for (var at = tail.Length - EndBytes; at >= 0; at--)
                if (tail.AsSpan(at, 4).SequenceEqual("PK\x05\x06"u8) && at + EndBytes + BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(at + 20)) == tail.Length)
                    return from + at;
        }
        return null;
    }

    /// <summary>Where the directory begins, how many files it lists, and where it ends.</summary>
    private (long Start, long Count, long End) Directory(long end)
    {
        file.Position = end + 4;
        var (disk, first, here, count, size, start) = (file.UInt16(), file.UInt16(), file.UInt16(), (ulong)file.UInt16(), (ulong)file.UInt32(), (ulong)file.UInt32());
        var directoryEnd = end;
        var locator = file.Piece(Math.Max(0, end - 20), 20);
        // Some write it always, PyTorch among them; where it stands it counts.
        if (end >= 20 && locator.AsSpan(0, 4).SequenceEqual("PK\x06\x07"u8))
        {
            var narrow = (count, size, start);
            directoryEnd = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(locator.AsSpan(8)), long.MaxValue);
            var record = directoryEnd <= file.Length ? file.Piece(directoryEnd, 56) : [];
            if (record.Length < 56 || !record.AsSpan(0, 4).SequenceEqual("PK\x06\x06"u8))
                throw new InspectionStop("malformed", "Its directory is said to be described elsewhere and is not.");
            (count, size, start) = (BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(32)), BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(40)), BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(48)));
            if ((narrow.count != ushort.MaxValue && narrow.count != count) || (narrow.size != uint.MaxValue && narrow.size != size) || (narrow.start != uint.MaxValue && narrow.start != start))
                _entries.Tell("archive_disagrees", "Its end says twice where its directory is, and differs: so do readers.");
        }
        else if (disk != 0 || first != 0 || here != count)
            throw new InspectionStop("malformed", "It is said to be one of several parts.");
        if (start > (ulong)directoryEnd || size != (ulong)directoryEnd - start || count > size / HeadBytes)
            throw new InspectionStop("malformed", "Its directory does not end where it should: something stands before the archive or within it that belongs to none.");
        return ((long)start, (long)count, directoryEnd);
    }

    private long Entry(long at, long directoryEnd, long directoryStart)
    {
        if (directoryEnd - at < HeadBytes)
            throw new InspectionStop("malformed", "Its directory ends before it should.");
        var head = file.Piece(at, HeadBytes);
        ushort Short(int field) => BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(field));
        uint Int(int field) => BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(field));
        var next = at + HeadBytes + Short(28) + Short(30) + Short(32);
        if (!head.AsSpan(0, 4).SequenceEqual("PK\x01\x02"u8) || next > directoryEnd)
            throw new InspectionStop("malformed", "Its directory is damaged.");
        var name = file.Piece(at + HeadBytes, Short(28));
        var (flags, method, packed, size, offset) = (Short(8), Short(10), (ulong)Int(20), (ulong)Int(24), (ulong)Int(42));
        Wide(file.Piece(at + HeadBytes + Short(28), Short(30)), ref size, ref packed, ref offset);
        if (offset > (ulong)directoryStart || packed > (ulong)directoryStart - offset || size > long.MaxValue)
            throw new InspectionStop("malformed", "A file in it is said to lie beyond it.");
        var path = Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : Encoding.Latin1.GetString(name);
        var data = Local((long)offset, name, flags, method, packed, size, ArchiveEntries.Shown(path));
        if (data + (long)packed > directoryStart)
            throw new InspectionStop("malformed", "A file in it is said to lie beyond it.");
        _ranges.Add(((long)offset, data + (long)packed, (flags & 8) != 0));
        // The upper half of the attributes is the mode, where the archive was made on a Unix.
        if ((Int(38) >> 16 & ModeMask) == LinkMode)
            _entries.Link(path);
        else if (path.EndsWith('/') && size == 0)
            _entries.Folder(path);
        else
            _entries.Add(new ArchiveEntry(path, (long)size, data, (long)packed, method == 8 ? Packing.Deflate : null,
                (flags & 0x2041) != 0 ? "it is encrypted" : method is not (0 or 8) ? $"it is packed in a way (method {method}) that is not read here" : null));
        return next;
    }

    /// <summary>The zip64 field: sizes and place in 64 bits, each only where 32 do not hold it.</summary>
    private static void Wide(ReadOnlySpan<byte> extra, ref ulong size, ref ulong packed, ref ulong offset)
    {
        while (extra.Length >= 4)
        {
            var (id, length) = (BinaryPrimitives.ReadUInt16LittleEndian(extra), BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]));
            if (length > extra.Length - 4)
                return;
            var field = extra.Slice(4, length);
            extra = extra[(4 + length)..];
            if (id != 1)
                continue;
            Take(ref field, ref size);
            Take(ref field, ref packed);
            Take(ref field, ref offset);
        }

        static void Take(ref ReadOnlySpan<byte> field, ref ulong value)
        {
            if (value != uint.MaxValue || field.Length < 8)
                return;
            value = BinaryPrimitives.ReadUInt64LittleEndian(field);
            field = field[8..];
        }
    }

    /// <summary>What stands before the file must say the same; gives where the file's bytes begin.</summary>
    private long Local(long offset, byte[] name, ushort flags, ushort method, ulong packed, ulong size, string shown)
    {
        var head = file.Piece(offset, LocalBytes);
        if (head.Length < LocalBytes || !head.AsSpan(0, 4).SequenceEqual("PK\x03\x04"u8))
            throw new InspectionStop("malformed", "Where a file in it should begin there is none.");
        ushort Short(int field) => BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(field));
        var own = file.Piece(offset + LocalBytes, Short(26));
        var (localPacked, localSize, unused) = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(18)), (ulong)BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(22)), 0UL);
        Wide(file.Piece(offset + LocalBytes + Short(26), Short(28)), ref localSize, ref localPacked, ref unused);
        // Where sizes were not known yet, they stand behind the file and may be nought before it.
        var sizesAgree = (localPacked == packed && localSize == size) || ((flags & 8) != 0 && localPacked == 0 && localSize == 0);
        if (!own.AsSpan().SequenceEqual(name) || Short(8) != method || ((Short(6) ^ flags) & 0x2041) != 0 || !sizesAgree)
            _entries.Tell("archive_disagrees", $"Of '{shown}', its directory says something else than what stands before the file: readers differ in which they believe.");
        return offset + LocalBytes + Short(26) + Short(28);
    }

    /// <summary>The files fill the archive up to its directory, without sharing a byte and without a place to hide one.</summary>
    private void CheckRanges(long directory)
    {
        _ranges.Sort();
        var (at, described) = (0L, false);
        foreach (var (begin, end, hasDescriptor) in _ranges.Append((directory, directory, false)))
        {
            if (begin < at)
            {
                _entries.Tell("archive_overlap", $"Two files in it share the bytes from {begin} on.");
                return;
            }
            // Behind a file may stand its sizes: 12 to 24 bytes.
            if (begin - at > (described ? 24 : 0))
            {
                _entries.Tell("archive_gap", $"At byte {at} stands something that its directory does not list: some readers find files there.");
                return;
            }
            (at, described) = (end, hasDescriptor);
        }
    }
}
