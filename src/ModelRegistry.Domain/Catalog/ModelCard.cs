using System.Text.RegularExpressions;

namespace ModelRegistry.Domain;

/// <summary>
/// What a gate can ask of a model card: whether a field is there. A field is a front-matter key
/// (<c>intended_use: …</c> between <c>---</c> lines) or a Markdown section of that name with text under it,
/// its subsections included. Comments and the placeholders of card templates are not text.
/// </summary>
public static partial class ModelCard
{
    /// <summary>Whether the card says something about <paramref name="field"/>, such as <c>intended_use</c>.</summary>
    public static bool Has(string card, string field)
    {
        var wanted = Normal(field);
        if (wanted.Length == 0)
            return false;
        var lines = Comment().Replace(card, "").Split('\n');
        var body = lines[0].Trim() == "---" ? Array.FindIndex(lines, 1, l => l.Trim() == "---") : 0;
        return body > 0 && InFrontMatter(lines[1..body], wanted) || InSections(lines[(body > 0 ? body + 1 : 0)..], wanted);
    }

    private static bool InFrontMatter(string[] lines, string wanted)
    {
        var key = "";
        foreach (var raw in lines)
        {
            var value = raw;
            // A key at the margin; its value may also be a list or block on the indented lines below.
            var colon = raw.IndexOf(':');
            if (colon > 0 && !char.IsWhiteSpace(raw[0]) && raw[0] is not ('-' or '#'))
                (key, value) = (Normal(raw[..colon]), raw[(colon + 1)..]);
            if (key == wanted && Says(value.Trim(' ', '\t', '\r', '-', '|', '>', '"', '\'')))
                return true;
        }
        return false;
    }

    private static bool InSections(string[] lines, string wanted)
    {
        // The level of the wanted heading while under it or one of its subsections; 0 elsewhere.
        var under = 0;
        foreach (var line in lines.Select(l => l.Trim()))
        {
            var level = line.Length - line.TrimStart('#').Length;
            if (level > 0)
                under = Normal(line[level..]) == wanted ? level : level > under ? under : 0;
            else if (under > 0 && Says(line))
                return true;
        }
        return false;
    }

    private static bool Says(string text) => text.Any(char.IsLetterOrDigit)
        && text.ToLowerInvariant() is not ("[more information needed]" or "null" or "todo" or "tbd");

    private static string Normal(string name) => string.Concat(name.Trim().ToLowerInvariant().Select(c => char.IsLetterOrDigit(c) ? c : '_')).Trim('_');

    [GeneratedRegex("<!--.*?(-->|$)", RegexOptions.Singleline)]
    private static partial Regex Comment();
}
