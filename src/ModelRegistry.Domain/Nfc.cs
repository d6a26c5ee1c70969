using System.Text;

namespace ModelRegistry.Domain;

/// <summary>Unicode normal form C: one spelling for texts that mean and look the same.</summary>
internal static class Nfc
{
    // Hangul syllables are composed by arithmetic: The Unicode Standard, section 3.12.
    private const int Syllables = 0xAC00, Leading = 0x1100, Vowels = 0x1161, Trailing = 0x11A7;
    private const int LeadingCount = 19, VowelCount = 21, TrailingCount = 28, SyllableCount = LeadingCount * VowelCount * TrailingCount;

    /// <summary>
    /// Whether <paramref name="text"/> equals its own normal form C (The Unicode Standard, section 3.11, D120). Characters younger than
    /// <see cref="NfcTables"/> are taken for ones that neither combine nor compose.
    /// </summary>
    internal static bool Holds(string text)
    {
        if (Ascii.IsValid(text))
            return true;
        var points = text.EnumerateRunes().Select(rune => rune.Value).ToList();
        return !points.Any(NfcTables.Never.Contains) && Compose(Decompose(points)).SequenceEqual(points);
    }

    /// <summary>Takes composites apart and sorts each run of marks by class; marks of one class keep their order.</summary>
    private static List<int> Decompose(List<int> points)
    {
        var apart = new List<int>(points.Count * 2);
        foreach (var point in points)
            TakeApart(point, apart);
        for (var start = 0; start < apart.Count; start++)
        {
            var end = start;
            while (end < apart.Count && Class(apart[end]) != 0)
                end++;
            if (end - start > 1)
            {
                var sorted = apart[start..end].OrderBy(Class).ToList();
                apart.RemoveRange(start, end - start);
                apart.InsertRange(start, sorted);
            }
            start = end;
        }
        return apart;
    }

    private static void TakeApart(int point, List<int> into)
    {
        if (point - Syllables is >= 0 and < SyllableCount and var index)
        {
            into.Add(Leading + index / TrailingCount / VowelCount);
            into.Add(Vowels + index / TrailingCount % VowelCount);
            if (index % TrailingCount > 0)
                into.Add(Trailing + index % TrailingCount);
        }
        else if (NfcTables.Decomposed.TryGetValue(point, out var pair))
        {
            TakeApart(pair.First, into);
            into.Add(pair.Second);
        }
        else
        {
            into.Add(point);
        }
    }

    private static List<int> Compose(List<int> apart)
    {
        var composed = new List<int>(apart.Count);
        var starter = -1;
        foreach (var point in apart)
        {
            // Blocked (D115) when something of no lower class stands between the starter and this.
            var adjacent = composed.Count - 1 == starter;
            var blocked = starter < 0 || (!adjacent && Class(composed[^1]) >= Class(point));
            if (!blocked && Composite(composed[starter], point) is { } one)
            {
                composed[starter] = one;
                continue;
            }
            composed.Add(point);
            if (Class(point) == 0)
                starter = composed.Count - 1;
        }
        return composed;
    }

    private static int? Composite(int first, int second)
    {
        if (first - Leading is >= 0 and < LeadingCount and var leading && second - Vowels is >= 0 and < VowelCount and var vowel)
            return Syllables + (leading * VowelCount + vowel) * TrailingCount;
        if (first - Syllables is >= 0 and < SyllableCount and var syllable && syllable % TrailingCount == 0
            && second - Trailing is > 0 and < TrailingCount and var trailing)
            return Syllables + syllable + trailing;
        return NfcTables.Composed.TryGetValue((first, second), out var composite) ? composite : null;
    }

    private static int Class(int point) => NfcTables.CombiningClass.GetValueOrDefault(point);
}
