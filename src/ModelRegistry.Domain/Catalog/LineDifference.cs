namespace ModelRegistry.Domain;

/// <summary>One line of a difference.</summary>
/// <param name="Change"><c>' '</c> in both, <c>'-'</c> only before, <c>'+'</c> only after.</param>
public sealed record DifferenceLine(char Change, string Text);

/// <summary>What changed between two texts, line by line (Myers, "An O(ND) Difference Algorithm", 1986), with a bound on its work.</summary>
public static class LineDifference
{
    private const int MostChanges = 1_000;

    /// <summary>
    /// Every line of both texts, in order. Where they differ in more lines than can be looked for, everything between what they
    /// begin and end with alike is shown as taken away and put in.
    /// </summary>
    public static IReadOnlyList<DifferenceLine> Of(string before, string after)
    {
        var (a, b) = (Lines(before), Lines(after));
        var (head, tail) = (0, 0);
        while (head < Math.Min(a.Length, b.Length) && a[head] == b[head])
            head++;
        while (tail < Math.Min(a.Length, b.Length) - head && a[^(tail + 1)] == b[^(tail + 1)])
            tail++;
        return
        [
            .. a[..head].Select(l => new DifferenceLine(' ', l)),
            .. Between(a[head..^tail], b[head..^tail]),
            .. a[^tail..].Select(l => new DifferenceLine(' ', l)),
        ];
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.ReplaceLineEndings("\n").Split('\n');

    private static List<DifferenceLine> Between(string[] a, string[] b)
    {
        var most = Math.Min(a.Length + b.Length, MostChanges);
        var (reach, trace) = (new int[2 * most + 3], new List<int[]>());
        for (var d = 0; d <= most; d++)
        {
            // Only the part that this step can have changed is kept.
            trace.Add(reach[(most + 1 - d)..(most + 2 + d)]);
            for (var k = -d; k <= d; k += 2)
            {
                var down = k == -d || (k != d && reach[most + 1 + k - 1] < reach[most + 1 + k + 1]);
                var x = down ? reach[most + 1 + k + 1] : reach[most + 1 + k - 1] + 1;
                while (x < a.Length && x - k < b.Length && a[x] == b[x - k])
                    x++;
                reach[most + 1 + k] = x;
                if (x >= a.Length && x - k >= b.Length)
                    return Back(a, b, trace, d);
            }
        }
        return [.. a.Select(l => new DifferenceLine('-', l)), .. b.Select(l => new DifferenceLine('+', l))];
    }

    private static List<DifferenceLine> Back(string[] a, string[] b, List<int[]> trace, int changes)
    {
        var (x, y, lines) = (a.Length, b.Length, new List<DifferenceLine>());
        for (var d = changes; d >= 0; d--)
        {
            int At(int k) => k + d >= 0 && k + d < trace[d].Length ? trace[d][k + d] : 0;
            var k = x - y;
            var down = k == -d || (k != d && At(k - 1) < At(k + 1));
            var from = d == 0 ? 0 : down ? At(k + 1) : At(k - 1);
            var fromY = d == 0 ? 0 : from - (down ? k + 1 : k - 1);
            while (x > from && y > fromY)
                (x, y) = Kept(lines, a, x, y);
            if (d > 0)
            {
                lines.Add(down ? new DifferenceLine('+', b[y - 1]) : new DifferenceLine('-', a[x - 1]));
                (x, y) = (from, fromY);
            }
        }
        lines.Reverse();
        return lines;
    }

    private static (int X, int Y) Kept(List<DifferenceLine> lines, string[] a, int x, int y)
    {
        lines.Add(new DifferenceLine(' ', a[x - 1]));
        return (x - 1, y - 1);
    }
}
