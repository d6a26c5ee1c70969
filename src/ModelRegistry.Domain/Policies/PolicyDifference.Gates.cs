namespace ModelRegistry.Domain;

public sealed partial class PolicyDifference
{
    /// <summary>
    /// Gates that check the same thing on both sides are compared; the rest are added or removed. Several gates of one
    /// key count together: what each asks has to hold.
    /// </summary>
    private void Gates(string stage, IReadOnlyList<Gate> was, IReadOnlyList<Gate> now)
    {
        foreach (var key in now.Concat(was).Select(Key).Distinct())
        {
            var (before, after) = (was.Where(g => Key(g) == key).ToList(), now.Where(g => Key(g) == key).ToList());
            if (before is [Gate.Requires, ..] || after is [Gate.Requires, ..])
                Fields(stage, before, after);
            else if (before is [Gate.Freeze, ..] || after is [Gate.Freeze, ..])
                Windows(stage, before, after);
            else if (before is [var one] && after is [var other])
                Changed(stage, one, other);
            else
            {
                foreach (var gate in after.Where(g => !before.Contains(g)).DistinctBy(g => g.Identity))
                    Say(stage, $"asks for {Words(gate)}", Bearing.Stricter);
                foreach (var gate in before.Where(g => !after.Contains(g)).DistinctBy(g => g.Identity))
                    Say(stage, $"asks no more for {Words(gate)}", Bearing.Looser);
            }
        }
    }

    private void Changed(string stage, Gate was, Gate now)
    {
        switch (was, now)
        {
            case (Gate.MetricMin w, Gate.MetricMin n): Amount(stage, $"{n.Metric} is at least", "", w.Value, n.Value, lessIsStricter: false); break;
            case (Gate.MetricMax w, Gate.MetricMax n): Amount(stage, $"{n.Metric} is at most", "", w.Value, n.Value, lessIsStricter: true); break;
            case (Gate.NoRegression w, Gate.NoRegression n): Amount(stage, $"{n.Metric} may be worse than what serves by", "", w.Tolerance, n.Tolerance, lessIsStricter: true); break;
            case (Gate.SoakHours w, Gate.SoakHours n): Amount(stage, $"hours in {n.Stage} before:", "", w.Hours, n.Hours, lessIsStricter: false); break;
            case (Gate.FormatIn w, Gate.FormatIn n):
                // The check ignores case.
                Allowed(stage, "format", [.. w.Formats.Select(f => f.ToLowerInvariant())], [.. n.Formats.Select(f => f.ToLowerInvariant())]);
                break;
            default: break;
        }
    }

    private void Fields(string stage, List<Gate> was, List<Gate> now)
    {
        var (before, after) = (Of(was), Of(now));
        if (after.Except(before).ToList() is { Count: > 0 } more)
            Say(stage, $"must be known too: {string.Join(", ", more)}", Bearing.Stricter);
        if (before.Except(after).ToList() is { Count: > 0 } fewer)
            Say(stage, $"need not be known any more: {string.Join(", ", fewer)}", Bearing.Looser);
        static List<string> Of(List<Gate> gates) => [.. gates.Cast<Gate.Requires>().SelectMany(g => g.Fields).Distinct()];
    }

    private void Windows(string stage, List<Gate> was, List<Gate> now)
    {
        var (before, after) = (Of(was), Of(now));
        foreach (var window in after.Except(before))
            Say(stage, $"is frozen {Words(window)}", Bearing.Stricter);
        foreach (var window in before.Except(after))
            Say(stage, $"is not frozen any more {Words(window)}", Bearing.Looser);
        static List<FreezeWindow> Of(List<Gate> gates) => [.. gates.Cast<Gate.Freeze>().SelectMany(g => g.Windows).Distinct()];
    }

    private static string Key(Gate gate) => gate switch
    {
        Gate.MetricMin g => $"{g.Rule} {g.Metric}",
        Gate.MetricMax g => $"{g.Rule} {g.Metric}",
        Gate.NoRegression g => $"{g.Rule} {g.Metric}",
        Gate.SoakHours g => $"{g.Rule} {g.Stage}",
        _ => gate.Rule,
    };

    private static string Words(Gate gate) => gate switch
    {
        Gate.MetricMin g => $"{g.Metric} of at least {Text(g.Value)}",
        Gate.MetricMax g => $"{g.Metric} of at most {Text(g.Value)}",
        Gate.NoRegression g => $"{g.Metric} no worse than what serves{(g.Tolerance == 0 ? "" : $" by more than {Text(g.Tolerance)}")}",
        Gate.Requires g => string.Join(", ", g.Fields),
        Gate.FormatIn g => $"the format {string.Join(" or ", g.Formats)}",
        Gate.ScanClean => "files inspected and clean",
        Gate.SoakHours g => $"{Text(g.Hours)} h in {g.Stage} before",
        Gate.Freeze g => $"days outside {string.Join(", ", g.Windows.Select(Words))}",
        _ => gate.Rule,
    };

    private static string Words(FreezeWindow window) => $"{window.From:yyyy-MM-dd}..{window.To:yyyy-MM-dd}";
}
