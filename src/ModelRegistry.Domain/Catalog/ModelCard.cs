using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ModelRegistry.Domain;

/// <summary>
/// A model card as it was read: the fields of its front matter and its Markdown. Whether it says something is asked here and
/// nowhere else, so that gates and readers cannot disagree. A field is a front-matter key (<c>intended_use: …</c> between
/// <c>---</c> lines) or a Markdown section of that name with text under it, its subsections included. Comments and the
/// placeholders of card templates are not text.
/// </summary>
/// <param name="Text">As it was written.</param>
/// <param name="Fields">What the front matter says; empty where there is none, or where nobody can read it.</param>
/// <param name="Body">What stands behind the front matter.</param>
public sealed partial record ModelCard(string Text, JsonObject Fields, string Body)
{
    /// <summary>No card at all.</summary>
    public static ModelCard None { get; } = new("", [], "");

    private const string Fence = "---";

    /// <summary>
    /// Takes a card apart: the front matter between a first line <c>---</c> and the next one (null where there is none), the body,
    /// and the number of lines before the body.
    /// </summary>
    public static (string? FrontMatter, string Body, int BodyFrom) Split(string text)
    {
        var lines = text.Split('\n');
        var end = lines[0].TrimEnd() == Fence ? Array.FindIndex(lines, 1, l => l.TrimEnd() == Fence) : -1;
        return end < 0 ? (null, text, 0) : (string.Join('\n', lines[1..end]), string.Join('\n', lines[(end + 1)..]), end + 1);
    }

    /// <summary>The card that counts for a version: its own, or else the model's.</summary>
    public static string Of(VersionMetadata version, string modelCard) => version.Card.Length > 0 ? version.Card : modelCard;

    /// <summary>Whether the card says something about <paramref name="field"/>, such as <c>intended_use</c>.</summary>
    public bool Has(string field)
    {
        var wanted = Normal(field);
        return wanted.Length > 0 && (Fields.Any(f => Normal(f.Key) == wanted && Says(f.Value)) || InSections(wanted));
    }

    private bool InSections(string wanted)
    {
        // The level of the wanted heading while under it or one of its subsections; 0 elsewhere.
        var (under, code) = (0, false);
        foreach (var line in Comment().Replace(Body, "").Split('\n').Select(l => l.Trim()))
        {
            if (line.StartsWith("```", StringComparison.Ordinal) || line.StartsWith("~~~", StringComparison.Ordinal))
            {
                code = !code;
                continue;
            }
            var level = code ? 0 : line.Length - line.TrimStart('#').Length;
            if (level > 0)
                under = Normal(line[level..]) == wanted ? level : level > under ? under : 0;
            else if (under > 0 && Says(line))
                return true;
        }
        return false;
    }

    private static bool Says(JsonNode? node) => node switch
    {
        null => false,
        JsonObject members => members.Any(m => Says(m.Value)),
        JsonArray items => items.Any(Says),
        _ => node.GetValueKind() != JsonValueKind.String || Says(Comment().Replace((string)node!, "").Trim()),
    };

    private static bool Says(string text) => text.Any(char.IsLetterOrDigit)
        && text.ToLowerInvariant() is not ("[more information needed]" or "null" or "todo" or "tbd");

    private static string Normal(string name) => string.Concat(name.Trim().ToLowerInvariant().Select(c => char.IsLetterOrDigit(c) ? c : '_')).Trim('_');

    [GeneratedRegex("<!--.*?(-->|$)", RegexOptions.Singleline)]
    private static partial Regex Comment();
}
