using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into a NumPy array (<c>numpy.lib.format</c>, versions 1 to 3): its header is a Python literal that says type and
/// shape; numbers fill the rest of the file, and objects are a pickle.
/// </summary>
internal static partial class NumpyReader
{
    private const int MostHeader = 64 * 1024;

    public static bool Looks(ReadOnlySpan<byte> head) => head is [0x93, ..] && head[1..].StartsWith("NUMPY"u8);

    public static void Read(ByteWindow file, FileReading it)
    {
        it.Kind = "numpy";
        file.Position = 6;
        var version = file.Next();
        file.Next();
        var length = version switch { 1 => file.UInt16(), 2 or 3 => file.UInt32(), _ => throw new InspectionStop("numpy_version", $"It is of version {version} of the format, which nothing here reads.") };
        if (length > MostHeader)
            throw new InspectionStop("numpy_version", "Its header is longer than is read of one.");
        var header = Encoding.Latin1.GetString(file.Piece(file.Position, (int)length));
        var layout = Layout().Match(header);
        // Wherever the letter stands: a field of a record can hold objects too, and can be called by any name.
        if (header.Length < length || (!layout.Success && (header.Contains('\\', StringComparison.Ordinal) || Objects().IsMatch(header))))
        {
            it.Find("pickle_in_numpy", "It is a NumPy array of Python objects: its content is a pickle, and loading that runs whatever it names.", ScanVerdict.Unsafe);
            if (!file.AtEnd)
                new PickleWalk(file, it).Walk(file.Position);
            return;
        }
        if (!layout.Success)
        {
            it.Find("numpy_header", "It is a NumPy array of records, or one whose header is not as NumPy writes it, which nothing here reads.", ScanVerdict.Unknown);
            return;
        }
        var count = (UInt128)1;
        foreach (var dimension in layout.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            count = count > long.MaxValue || !ulong.TryParse(dimension, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? UInt128.MaxValue : count * size;
        var width = uint.TryParse(layout.Groups["width"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes * (layout.Groups["kind"].Value == "U" ? 4UL : 1) : 0;
        if (count > long.MaxValue || count * width != (UInt128)(file.Length - file.Position))
            it.Find("numpy_size", "It has another number of bytes than its shape and type ask for.");
    }

    [GeneratedRegex("""['"|<>=]O|'object|"object""")]
    private static partial Regex Objects();

    [GeneratedRegex("""^\{'descr': '[<>|=](?<kind>[biufcSUVmM])(?<width>\d{1,6})(\[\w+\])?', 'fortran_order': (True|False), 'shape': \((?<shape>[\d, ]{0,400})\), *\} *\n?$""")]
    private static partial Regex Layout();
}
