using System.Text;

namespace ModelRegistry.Domain;

/// <summary>Unicode normal form C: one spelling for texts that mean and look the same.</summary>
internal static class Nfc
{
    private const int FirstSyllable = 0xAC00, LastSyllable = 0xD7A3, TrailingPerSyllable = 28;

    /// <summary>
    /// Whether <paramref name="text"/> equals its own normal form C: Unicode Standard Annex 15, sections 1.2 and 9.
    /// Marks younger than <see cref="NfcTables"/> are taken for letters.
    /// </summary>
    internal static bool Holds(string text)
    {
        if (Ascii.IsValid(text))
            return true;
        // The letter that a following mark could still melt into, and the class of the mark seen last since then.
        int? starter = null;
        var seen = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var point = rune.Value;
            var own = NfcTables.CombiningClass.GetValueOrDefault(point);
            if (NfcTables.Never.Contains(point) || (own != 0 && own < seen))
                return false;
            var blocked = seen != 0 && own <= seen;
            if (starter is { } first && !blocked && Composes(first, point))
                return false;
            if (own == 0)
                starter = point;
            seen = own;
        }
        return true;
    }

    private static bool Composes(int first, int second) =>
        first is >= 0x1100 and <= 0x1112 && second is >= 0x1161 and <= 0x1175
        || first is >= FirstSyllable and <= LastSyllable && (first - FirstSyllable) % TrailingPerSyllable == 0 && second is >= 0x11A8 and <= 0x11C2
        || NfcTables.Composing.Contains((first, second));
}
