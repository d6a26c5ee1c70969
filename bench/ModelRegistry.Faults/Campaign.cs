using System.Diagnostics;
using System.Globalization;
using System.Text;
using ModelRegistry.Measured;

namespace ModelRegistry.Faults;

/// <summary>One run of a campaign: its chance, what it counts, and what was violated. Safe for many threads.</summary>
public sealed class Campaign
{
    private const int MostTold = 50;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly List<string> _violations = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly string _name, _command;
    private readonly bool _record;
    private long _unsaid;

    /// <param name="name">The heading of its section.</param>
    public Campaign(string name, RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_name, _command, _record, Seed) = (name, options.Command, options.Record, options.Seed);
    }

    /// <summary>Its own, for a test of a part of it.</summary>
    public Campaign() => (_name, _command) = ("test", "");

    public int Seed { get; }

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
                return [.. _violations];
        }
    }

    /// <summary>Chance of its own for whoever asks, so that what one draws does not depend on when another does.</summary>
    public Random Chance(string whose) => new(HashCode(whose) ^ Seed);

    public void Count(string what, long by = 1)
    {
        lock (_lock)
            _counts[what] = _counts.GetValueOrDefault(what) + by;
    }

    public long Counted(string what)
    {
        lock (_lock)
            return _counts.GetValueOrDefault(what);
    }

    /// <summary>Something that must never be.</summary>
    /// <param name="what">With all that is needed to find it again.</param>
    public void Violate(string what)
    {
        lock (_lock)
        {
            if (_violations.Count >= MostTold)
            {
                _unsaid++;
                return;
            }
            _violations.Add(what);
        }
        Console.Error.WriteLine($"VIOLATION {what}");
    }

    public void Say(string what) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_watch.Elapsed.TotalSeconds,6:F1} s] {what}"));

    /// <summary>Tells what it came to, and records it where that was asked for.</summary>
    /// <param name="done">What was done, in a few sentences.</param>
    /// <returns>The exit code.</returns>
    public int Finish(string done)
    {
        var violated = _violations.Count + _unsaid;
        var page = new StringBuilder($"{done} Seed {Seed}; it took {_watch.Elapsed.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s.\n\n| counted | |\n|---|---:|\n");
        foreach (var (what, count) in _counts)
            page.Append(CultureInfo.InvariantCulture, $"| {what} | {count:N0} |\n");
        page.Append(CultureInfo.InvariantCulture, $"| **violations** | **{violated:N0}** |\n");
        foreach (var violation in _violations)
            page.Append(CultureInfo.InvariantCulture, $"\n- {violation}\n");
        Console.WriteLine(page);
        Console.WriteLine(violated == 0 ? "nothing was violated" : $"{violated} violations; again with: {_command}");
        if (_record)
            NumbersPage.Record(_name, _command, page.ToString());
        return violated == 0 ? 0 : 1;
    }

    // The same in every process, which that of string is not.
    private static int HashCode(string text) => text.Aggregate(17, (sum, c) => unchecked(sum * 31 + c));
}
