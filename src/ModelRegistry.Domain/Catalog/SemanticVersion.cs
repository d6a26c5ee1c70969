using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ModelRegistry.Domain;

/// <summary>Which part of a semantic version a registration raises.</summary>
public enum Bump { Patch, Minor, Major }

/// <summary>
/// A version by Semantic Versioning 2.0.0, compared by its precedence (section 11), never as text:
/// 1.10.0 comes after 1.9.0, and 1.0.0-rc.1 before 1.0.0.
/// </summary>
public sealed partial record SemanticVersion(long Major, long Minor, long Patch, string Prerelease = "", string Build = "") : IComparable<SemanticVersion>
{
    /// <summary>The longest text that is read, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>Reads <c>1.2.0</c>, <c>v1.2.0</c> and the short forms <c>v1.1</c> (1.1.0) and <c>v2</c> (2.0.0).</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SemanticVersion? version)
    {
        version = null;
        if (text is null || text.Length > MaxLength)
            return false;
        var match = Pattern().Match(text);
        if (!match.Success || !Read(match.Groups[1], out var major) || !Read(match.Groups[2], out var minor) || !Read(match.Groups[3], out var patch))
            return false;
        version = new SemanticVersion(major, minor, patch, match.Groups[4].Value, match.Groups[5].Value);
        return true;
    }

    /// <summary>The next release of that kind. A prerelease is raised to the release it leads up to: 1.2.0-rc.1 by minor is 1.2.0.</summary>
    public SemanticVersion Raise(Bump bump)
    {
        var release = new SemanticVersion(Major, Minor, Patch);
        return bump switch
        {
            Bump.Major => Prerelease.Length > 0 && (Minor, Patch) == (0, 0) ? release : new(Major + 1, 0, 0),
            Bump.Minor => Prerelease.Length > 0 && Patch == 0 ? release : new(Major, Minor + 1, 0),
            _ => Prerelease.Length > 0 ? release : new(Major, Minor, Patch + 1),
        };
    }

    public int CompareTo(SemanticVersion? other)
    {
        if (other is null)
            return 1;
        var core = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        return core != 0 ? core : ComparePrerelease(Prerelease, other.Prerelease);
    }

    public override string ToString() =>
        $"{Major}.{Minor}.{Patch}{(Prerelease.Length > 0 ? "-" + Prerelease : "")}{(Build.Length > 0 ? "+" + Build : "")}";

    private static int ComparePrerelease(string left, string right)
    {
        if (left.Length == 0 || right.Length == 0)
            return (left.Length == 0).CompareTo(right.Length == 0);
        var (a, b) = (left.Split('.'), right.Split('.'));
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            var (leftIsNumber, rightIsNumber) = (a[i].All(char.IsAsciiDigit), b[i].All(char.IsAsciiDigit));
            var part = (leftIsNumber, rightIsNumber) switch
            {
                // Numeric identifiers have no leading zeros, so the longer one is the larger one.
                (true, true) => a[i].Length != b[i].Length ? a[i].Length.CompareTo(b[i].Length) : string.CompareOrdinal(a[i], b[i]),
                (true, false) => -1,
                (false, true) => 1,
                _ => string.CompareOrdinal(a[i], b[i]),
            };
            if (part != 0)
                return part;
        }
        return a.Length.CompareTo(b.Length);
    }

    private static bool Read(Group digits, out long value)
    {
        value = 0;
        return !digits.Success || long.TryParse(digits.ValueSpan, out value);
    }

    [GeneratedRegex(@"\A[vV]?(0|[1-9][0-9]{0,14})(?:\.(0|[1-9][0-9]{0,14})(?:\.(0|[1-9][0-9]{0,14})(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?)?)?\z")]
    private static partial Regex Pattern();
}
