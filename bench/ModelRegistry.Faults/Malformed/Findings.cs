using System.Collections.Concurrent;
using System.Globalization;

namespace ModelRegistry.Fuzz;

/// <summary>What a campaign came to: how many answers of which kind, and what was wrong.</summary>
internal sealed class Findings
{
    private const int MostKept = 50;

    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _problems = new();
    private int _wrong;

    public int Wrong => _wrong;

    /// <summary>The first of what was wrong, each with its case.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    public int Of(string kind) => _answers.GetValueOrDefault(kind);

    public int Cases { get; set; }

    public void Count(string kind, int times = 1) => _answers.AddOrUpdate(kind, times, (_, before) => before + times);

    public void Add(string problem)
    {
        Interlocked.Increment(ref _wrong);
        if (_problems.Count < MostKept)
            _problems.Enqueue(problem);
    }

    /// <summary>Kinds of answers with how many there were of each.</summary>
    public string Told() => string.Join(", ", _answers.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Key} {a.Value:N0}")));
}
