namespace ModelRegistry.Domain;

/// <summary>The name somebody probably meant.</summary>
public static class Nearest
{
    /// <summary>The candidate with the smallest edit distance, if it is close enough to be a slip; ties go to the first.</summary>
    public static string? Of(string? asked, IEnumerable<string> candidates)
    {
        var text = (asked ?? "").Trim().ToLowerInvariant();
        if (text.Length is 0 or > 200)
            return null;
        var best = candidates.Select(c => (Name: c, Distance: Distance(text, c.ToLowerInvariant()))).OrderBy(c => c.Distance).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(2, text.Length / 3) ? best.Name : null;
    }

    /// <summary>Levenshtein distance: insertions, deletions and substitutions.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var next = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = next;
            }
        }
        return row[b.Length];
    }
}
