namespace ModelRegistry.Domain;

/// <summary>How a model labels its versions; chosen when the model is made.</summary>
public enum Versioning
{
    /// <summary><c>v1</c>, <c>v2</c>, …: the label follows the number.</summary>
    Auto,
    /// <summary>Semantic Versioning 2.0.0, such as <c>1.2.0</c>.</summary>
    Semver,
}

/// <summary>The number and label a new version takes.</summary>
public sealed record NextVersion(long Number, string Label);

/// <summary>The rules for labels: which one a registration gets, and which spellings mean the same.</summary>
public static class VersionLabels
{
    /// <summary>
    /// The largest number a caller may choose. References go up to 15 digits, so that counting on from the largest
    /// choice never runs out of numbers that can be named.
    /// </summary>
    public const long LargestChoice = 999_999_999;

    public static Versioning? FindScheme(string? text) => text?.ToLowerInvariant() switch
    {
        "auto" or "auto-increment" or "auto_increment" => Versioning.Auto,
        "semver" or "semantic" => Versioning.Semver,
        _ => null,
    };

    /// <summary>The scheme a first label suggests: <c>1.0.0</c> semver, <c>v1</c> or none auto-increment.</summary>
    public static Versioning Infer(string? label) => label is not null && label.Contains('.') ? Versioning.Semver : Versioning.Auto;

    /// <summary>
    /// What a registration that asks for <paramref name="asked"/> (or for nothing) receives. Numbers are never reused:
    /// in auto-increment <c>v7</c> takes number 7 only above <paramref name="highestNumber"/>.
    /// </summary>
    /// <param name="taken">Every label the model ever used, deleted ones included.</param>
    public static Outcome<NextVersion> Next(Versioning scheme, string? asked, Bump? bump, long highestNumber, IReadOnlyCollection<string> taken)
    {
        if (asked is not null && bump is not null)
            return Refusals.LabelAndBump;
        return scheme == Versioning.Auto ? NextAuto(asked, bump, highestNumber) : NextSemver(asked, bump, highestNumber, taken);
    }

    /// <summary>The label <paramref name="text"/> may mean under a scheme, <c>v</c> and short forms included; null when none.</summary>
    public static string? Canonical(Versioning scheme, string text) => scheme switch
    {
        Versioning.Auto => AutoNumber(text) is { } number ? $"v{number}" : null,
        _ => SemanticVersion.TryParse(text, out var version) ? version.ToString() : null,
    };

    private static Outcome<NextVersion> NextAuto(string? asked, Bump? bump, long highest)
    {
        if (bump is not null)
            return Refusals.BumpNeedsSemver;
        if (asked is null)
            return new NextVersion(highest + 1, $"v{highest + 1}");
        if (AutoNumber(asked) is not { } number || number > LargestChoice)
            return Refusals.LabelScheme(asked, "auto-increment", $"Leave the version out to get v{highest + 1}, or name one such as v{highest + 1}.");
        return number > highest ? new NextVersion(number, $"v{number}") : Refusals.VersionExists(asked, $"v{highest + 1}");
    }

    private static Outcome<NextVersion> NextSemver(string? asked, Bump? bump, long highest, IReadOnlyCollection<string> taken)
    {
        var top = taken.Select(l => SemanticVersion.TryParse(l, out var v) ? v : null).Max();
        var next = top is null ? new SemanticVersion(1, 0, 0) : top.Raise(bump ?? Bump.Minor);
        if (asked is null)
            return new NextVersion(highest + 1, next.ToString());
        // A bare integer would be read back as a number, which may be another version's.
        if (asked.All(char.IsAsciiDigit) || !SemanticVersion.TryParse(asked, out var wanted) || wanted is { Major: > LargestChoice } or { Minor: > LargestChoice } or { Patch: > LargestChoice })
            return Refusals.LabelScheme(asked, "semantic", $"Leave the version out to get {next}, or name one such as {next}.");
        // Builds of one version have equal precedence (SemVer 2.0.0 §10): the second is not a new version.
        return taken.Any(l => SemanticVersion.TryParse(l, out var v) && v.CompareTo(wanted) == 0)
            ? Refusals.VersionExists(asked, next.ToString())
            : new NextVersion(highest + 1, wanted.ToString());
    }

    private static long? AutoNumber(string text)
    {
        var digits = text is ['v' or 'V', .. var rest] ? rest : text;
        return digits.Length is > 0 and <= 15 && digits.All(char.IsAsciiDigit) && digits[0] != '0' ? long.Parse(digits) : null;
    }
}
