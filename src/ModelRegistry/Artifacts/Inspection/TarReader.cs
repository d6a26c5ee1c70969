using System.Globalization;
using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Reads the headers of a tar archive: ustar and pax (POSIX.1-2017, "pax Interchange Format"), and GNU's long names. What is
/// in the files is stepped over.
/// </summary>
internal sealed class TarReader(ByteWindow file, FileReading it)
{
    private const int Block = 512, MostRecord = 64 * 1024;

    private readonly ArchiveEntries _entries = new(it, file.Length);
    private string? _path;
    private long? _size;

    public static bool Looks(ReadOnlySpan<byte> head) => head.Length >= 262 && head[257..].StartsWith("ustar"u8);

    public IReadOnlyList<ArchiveEntry> Read()
    {
        for (var at = 0L; ;)
        {
            file.Budget.Step();
            if (file.Length - at < Block)
            {
                _entries.Tell("archive_end", "It ends without the mark that ends an archive.", ScanVerdict.Unknown);
                break;
            }
            var head = file.Piece(at, Block);
            if (!head.AsSpan().ContainsAnyExcept((byte)0))
            {
                End(at);
                break;
            }
            _entries.Step();
            at = Entry(head, at + Block);
        }
        _entries.Close();
        return _entries.Files;
    }

    private long Entry(byte[] head, long data)
    {
        if (!head.AsSpan(257, 5).SequenceEqual("ustar"u8) || Sum(head) != Number(head.AsSpan(148, 8)))
            throw new InspectionStop("malformed", "One of its headers is damaged.");
        var type = (char)head[156];
        var size = type is '1' or '2' or '3' or '4' or '5' or '6' ? 0 : type is not ('x' or 'g' or 'L' or 'K') && _size is { } wide ? wide : Number(head.AsSpan(124, 12));
        if (size < 0 || size > file.Length - data)
            throw new InspectionStop("malformed", "A file in it is said to be longer than the archive.");
        var next = Math.Min(file.Length, data + (size + Block - 1) / Block * Block);
        switch (type)
        {
            case 'x' or 'g' or 'L' or 'K':
                Extended(type, size <= MostRecord ? file.Piece(data, (int)size) : throw new InspectionStop("too_complex", "A name in it is longer than is read."));
                return next;
            case '0' or '\0' or '7':
                var path = Here(_path ?? Name(head));
                if (path.EndsWith('/') && type == '\0')
                    Folder(path);
                else
                    _entries.Add(new ArchiveEntry(path, size, data, size, null));
                break;
            case '5': Folder(Here(_path ?? Name(head))); break;
            case '1' or '2' or '3' or '4' or '6': _entries.Link(_path ?? Name(head)); break;
            default:
                _entries.Tell("archive_special", $"'{ArchiveEntries.Shown(_path ?? Name(head))}' is of a kind ('{(char.IsAsciiLetterOrDigit(type) ? type : '?')}') that is not read here.", ScanVerdict.Unknown);
                break;
        }
        (_path, _size) = (null, null);
        return next;
    }

    /// <summary>What stands in front of a file about it: its name where that is long, its size where that is large.</summary>
    private void Extended(char type, byte[] content)
    {
        if (type == 'L')
            _path = Text(content);
        // GNU's K is the target of a link, and a link is found whatever its target.
        if (type is not ('x' or 'g'))
            return;
        for (var rest = content.AsSpan(); rest.Length > 0;)
        {
            file.Budget.Step();
            var blank = rest.IndexOf((byte)' ');
            if (blank is < 1 or > 9 || !int.TryParse(Encoding.ASCII.GetString(rest[..blank]), NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length <= blank + 1 || length > rest.Length || rest[length - 1] != '\n')
                throw new InspectionStop("malformed", "One of its extended headers is damaged.");
            var record = Encoding.UTF8.GetString(rest[(blank + 1)..(length - 1)]);
            rest = rest[length..];
            if (record.StartsWith("path=", StringComparison.Ordinal))
                _path = record[5..];
            else if (record.StartsWith("size=", StringComparison.Ordinal))
                _size = long.TryParse(record[5..], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : throw new InspectionStop("malformed", "One of its extended headers is damaged.");
            else if (record.StartsWith("GNU.sparse", StringComparison.Ordinal))
                _entries.Tell("archive_special", "A file in it is sparse, which is not read here.", ScanVerdict.Unknown);
        }
        // Said for all files that follow, it would name them all alike.
        if (type == 'g' && (_path is not null || _size is not null))
            throw new InspectionStop("malformed", "One of its headers names every file at once.");
    }

    private void End(long at)
    {
        Span<byte> rest = new byte[16 * 1024];
        for (file.Position = at; !file.AtEnd;)
        {
            var some = file.Some(rest);
            if (rest[..some].ContainsAnyExcept((byte)0))
            {
                _entries.Tell("archive_trailing", "Behind its end stands something: readers that go on find files there.");
                return;
            }
        }
    }

    private static string Name(byte[] head)
    {
        var (name, prefix) = (Text(head.AsSpan(0, 100)), Text(head.AsSpan(345, 155)));
        // GNU's own form, "ustar " with two blanks, has other things where the prefix is.
        return head[262] == ' ' || prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    // "tar -C folder ." writes its names so; it is where they are anyway.
    private static string Here(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;

    private void Folder(string path)
    {
        if (path.Length > 0 && path != ".")
            _entries.Folder(path);
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes);

    private static long Sum(byte[] head)
    {
        var sum = 0L;
        for (var i = 0; i < Block; i++)
            sum += i is >= 148 and < 156 ? ' ' : head[i];
        return sum;
    }

    /// <summary>Octal digits, or, with the highest bit set, a binary number; negative where it is neither.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if (field[0] == 0x80)
        {
            var large = 0L;
            foreach (var b in field[1..])
                large = large >> 55 != 0 ? long.MaxValue : large << 8 | b;
            return large;
        }
        var number = 0L;
        foreach (var b in field.Trim(" \0"u8))
            number = b is >= (byte)'0' and <= (byte)'7' && number >= 0 ? number << 3 | (byte)(b - '0') : -1;
        return number;
    }
}
