namespace ModelRegistry.Domain;

/// <summary>
/// What a gate can ask of a model card: whether a field is there. A field is a front-matter key
/// (<c>intended_use: …</c> between <c>---</c> lines) or a Markdown section of that name with text under it.
/// </summary>
public static class ModelCard
{
    /// <summary>Whether the card says something about <paramref name="field"/>, such as <c>intended_use</c>.</summary>
    public static bool Has(string card, string field)
    {
        var wanted = Normal(field);
        string? section = null;
        var (inFrontMatter, frontMatterKey) = (false, (string?)null);
        foreach (var (raw, index) in card.Split('\n').Select((l, i) => (l, i)))
        {
            var line = raw.Trim();
            if (line == "---" && (index == 0 || inFrontMatter))
            {
                inFrontMatter = !inFrontMatter;
                continue;
            }
            if (inFrontMatter)
            {
                // A key at the margin; its value may also be a list or block on the indented lines below.
                var colon = raw.IndexOf(':');
                if (raw.Length > 0 && !char.IsWhiteSpace(raw[0]) && raw[0] != '-' && colon > 0)
                {
                    frontMatterKey = Normal(raw[..colon]);
                    line = raw[(colon + 1)..].Trim().Trim('|', '>').Trim('"', '\'').Trim();
                }
                if (frontMatterKey == wanted && line.Trim('-', ' ').Length > 0)
                    return true;
            }
            else if (line.StartsWith('#'))
                section = Normal(line.TrimStart('#'));
            else if (section == wanted && line.Length > 0)
                return true;
        }
        return false;
    }

    private static string Normal(string name) => string.Concat(name.Trim().ToLowerInvariant().Select(c => char.IsLetterOrDigit(c) ? c : '_')).Trim('_');
}
