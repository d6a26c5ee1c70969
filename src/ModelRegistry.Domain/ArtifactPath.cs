using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ModelRegistry.Domain;

/// <summary>
/// The relative path of a file within a version, such as <c>variables/variables.index</c>: one that means the same file,
/// inside the folder it is written to, on every system and after every hop that decodes it.
/// </summary>
/// <remarks>Rather refused than repaired: a repaired path would no longer be the one whose digest was approved.</remarks>
public sealed record ArtifactPath
{
    /// <summary>The most UTF-8 bytes a path may have: what one name may have on common file systems.</summary>
    public const int MaxBytes = 255;

    /// <summary>Not allowed in Windows names ("Naming Files, Paths, and Namespaces"); the colon also starts drives and streams.</summary>
    private const string NotInNames = "<>:\"|?*";

    /// <summary>Device names of Windows, whatever extension follows ("Naming Files, Paths, and Namespaces").</summary>
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. "0123456789¹²³".SelectMany(d => new[] { $"COM{d}", $"LPT{d}" })],
        StringComparer.OrdinalIgnoreCase);

    private ArtifactPath(string value) => Value = value;

    /// <summary>The path, with forward slashes.</summary>
    public string Value { get; }

    /// <summary>Folder names and, last, the file name.</summary>
    public IReadOnlyList<string> Segments => Value.Split('/');

    /// <summary>The path, or <c>path_unsafe</c> saying which rule it breaks.</summary>
    public static Outcome<ArtifactPath> Parse(string? text) =>
        Problem(text) is { } problem ? Refusals.PathUnsafe(text ?? "", problem) : new ArtifactPath(text);

    public override string ToString() => Value;

    private static string? Problem([NotNull] string? text)
    {
        text ??= "";
        if (text.Length == 0)
            return "it is empty";
        if (text.Length > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes)
            return $"it is longer than {MaxBytes} bytes in UTF-8";
        if (text.Contains('\\'))
            return "it has a backslash; folders are separated by '/'";
        if (text[0] == '/')
            return "it is absolute";
        if (text.Length > 1 && text[1] == ':' && char.IsAsciiLetter(text[0]))
            return "it names a drive";
        return CharacterProblem(text)
            ?? (Nfc.Holds(text) ? null : "it is not in Unicode normal form C")
            ?? text.Split('/').Select(SegmentProblem).FirstOrDefault(problem => problem is not null);
    }

    private static string? CharacterProblem(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var used) != System.Buffers.OperationStatus.Done || rune == Rune.ReplacementChar)
                return "it is not well-formed Unicode";
            if (NotInNames.Contains(text[i]))
                return $"it has the character '{text[i]}', which not every system allows";
            // %2e%2e, %2f, %00 and, doubled, %252e: a hop that decodes would see another path than was approved.
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
                return $"it has the percent escape '{text.Substring(i, 3)}'";
            if (Unseen(rune))
                return $"it has the control or invisible character U+{rune.Value:X4}";
            i += used - 1;
        }
        return null;
    }

    private static string? SegmentProblem(string segment) => segment switch
    {
        "" => "it has an empty folder or file name",
        "." or ".." => $"it steps through '{segment}'",
        _ when segment[^1] is '.' or ' ' => $"'{segment}' ends in a {(segment[^1] == '.' ? "dot" : "blank")}, which some systems drop",
        _ when Devices.Contains(segment.Split('.')[0].TrimEnd(' ')) => $"'{segment}' is a device name on Windows",
        _ => null,
    };

    /// <summary>
    /// Whether a reader would not see this, or not see what it is: controls, formats (bidirectional ones and zero widths included),
    /// blanks other than the plain one, what is unassigned or private, and the rest of Unicode's Default_Ignorable_Code_Point.
    /// </summary>
    public static bool Unseen(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate => true,
        UnicodeCategory.SpaceSeparator => rune.Value != ' ',
        _ => rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2800 or 0x3164 or 0xFFA0
            or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF),
    };
}
