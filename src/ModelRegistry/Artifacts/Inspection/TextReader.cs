using System.Text.Unicode;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// The plain texts that stand beside a model: cards, licences, vocabularies, configurations, held-out rows. They are clean
/// when they are what their name says: text, to the last byte.
/// </summary>
/// <remarks>YAML is left out: its readers can be told to make objects. So is source code of any language.</remarks>
internal static class TextReader
{
    private const int Most = 64 * 1024 * 1024, Chunk = 16 * 1024;

    private static readonly string[] Endings = [".json", ".jsonl", ".md", ".txt", ".csv", ".tsv"];
    private static readonly string[] Names = ["LICENSE", "LICENCE", "NOTICE", "README", "COPYING"];

    /// <summary>Whether text under this name is harmless.</summary>
    public static bool Allows(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Endings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase)) || Names.Contains(name, StringComparer.Ordinal);
    }

    public static void Read(ByteWindow file, FileReading it)
    {
        if (file.Length > Most)
        {
            it.Find("text_too_long", $"It is longer than {Most / 1024 / 1024} MiB, more than is read of a text.", ScanVerdict.Unknown);
            return;
        }
        Span<byte> chunk = new byte[(int)Math.Min(Chunk, file.Length)];
        Span<byte> scratch = stackalloc byte[4];
        var carried = 0;
        file.Position = 0;
        for (var left = file.Length; left > 0;)
        {
            scratch[..carried].CopyTo(chunk);
            var taken = (int)Math.Min(chunk.Length - carried, left);
            file.Read(chunk.Slice(carried, taken));
            left -= taken;
            var text = chunk[..(carried + taken)];
            // A character may lie across the edge: its beginning is looked at with the next piece.
            carried = left > 0 ? Begun(text) : 0;
            var whole = text[..^carried];
            if (!Utf8.IsValid(whole) || whole.ContainsAnyInRange((byte)0, (byte)8) || whole.ContainsAnyInRange((byte)14, (byte)31))
            {
                it.Find("not_text", "Its name is that of a text, its bytes are not.", ScanVerdict.Unknown);
                return;
            }
            text[^carried..].CopyTo(scratch);
        }
        it.Kind = "text";
    }

    /// <summary>How many bytes at the end begin a character without ending it.</summary>
    private static int Begun(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= Math.Min(3, text.Length); back++)
        {
            var b = text[^back];
            if (b < 0x80)
                return 0;
            if (b >= 0xc0)
                return (b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2) > back ? back : 0;
        }
        return 0;
    }
}
