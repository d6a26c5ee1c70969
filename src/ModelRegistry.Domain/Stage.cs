namespace ModelRegistry.Domain;

/// <summary>Stage names and the other spellings they are understood by.</summary>
public static class Stages
{
    public const string Development = "development", Validation = "validation", Staging = "staging", Production = "production", Archived = "archived";

    /// <summary>The ladder of every shipped policy; a policy file may name another.</summary>
    public static IReadOnlyList<string> Ladder { get; } = [Development, Validation, Staging, Production, Archived];

    private static readonly Dictionary<string, string> Spellings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["dev"] = Development, ["training"] = Development, ["none"] = Development,
        ["val"] = Validation, ["testing"] = Validation, ["test"] = Validation,
        ["stage"] = Staging, ["stg"] = Staging,
        ["prod"] = Production, ["live"] = Production,
        ["archive"] = Archived, ["retired"] = Archived,
    };

    /// <summary>The stage of <paramref name="ladder"/> that <paramref name="text"/> means, in any case or common spelling; null when none.</summary>
    public static string? Find(IReadOnlyList<string> ladder, string? text)
    {
        var asked = text?.Trim() ?? "";
        return ladder.FirstOrDefault(s => string.Equals(s, asked, StringComparison.OrdinalIgnoreCase))
            ?? (Spellings.TryGetValue(asked, out var meant) ? ladder.FirstOrDefault(s => s == meant) : null);
    }
}
