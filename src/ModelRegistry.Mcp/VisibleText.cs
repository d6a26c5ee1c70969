using System.Globalization;
using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp;

/// <summary>
/// Text that somebody else wrote, made fit to be shown: without control characters (terminal escape sequences need one)
/// and without characters that cannot be seen or turn the direction of what follows.
/// </summary>
internal static class VisibleText
{
    /// <summary>On one line: line ends and tabs become blanks.</summary>
    public static string Line(string? text) => Clean(text, keepLines: false);

    /// <summary>With its line ends.</summary>
    public static string Block(string? text) => Clean(text, keepLines: true);

    /// <summary>JSON with every such character as a <c>\u</c> escape: the same document, safe to look at.</summary>
    public static string Json(string json)
    {
        StringBuilder? safe = null;
        var from = 0;
        for (var i = 0; i < json.Length;)
        {
            Rune.DecodeFromUtf16(json.AsSpan(i), out var rune, out var used);
            // Outside of strings JSON has no such character but the line end.
            if (json[i] > '~' && ArtifactPath.Unseen(rune))
            {
                safe ??= new StringBuilder(json.Length + 64);
                safe.Append(json, from, i - from);
                foreach (var unit in json.AsSpan(i, used))
                    safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
                from = i + used;
            }
            i += used;
        }
        return safe is null ? json : safe.Append(json, from, json.Length - from).ToString();
    }

    private static string Clean(string? text, bool keepLines)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text.All(c => c is >= ' ' and <= '~'))
            return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.ReplaceLineEndings("\n").EnumerateRunes())
            if (rune.Value == '\n')
                clean.Append(keepLines ? '\n' : ' ');
            else if (rune.Value == '\t' || Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator)
                clean.Append(' ');
            else if (!ArtifactPath.Unseen(rune))
                clean.Append(rune.ToString());
        return clean.ToString();
    }
}
