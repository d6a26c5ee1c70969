namespace ModelRegistry.Faults.Load;

/// <summary>A version whose registration was acknowledged.</summary>
/// <param name="Digest">Of its manifest.</param>
/// <param name="Files">SHA-256 in hex, by path.</param>
public sealed record KeptVersion(string Model, long Number, string Digest, IReadOnlyDictionary<string, string> Files);

/// <summary>A decision that was acknowledged.</summary>
/// <param name="Verdict"><c>approve</c> or <c>reject</c>.</param>
public sealed record KeptDecision(string Promotion, string Person, string Verdict);

/// <summary>What clients were told is done: from then on the registry has it, whatever happens to it. Safe for many threads.</summary>
public sealed class Ledger
{
    private readonly Lock _lock = new();
    private readonly List<KeptVersion> _versions = [];
    private readonly Dictionary<string, string> _promotions = [];
    private readonly List<KeptDecision> _decisions = [];
    private readonly Dictionary<(string Model, string Key), string> _tags = [], _aliases = [];
    private readonly HashSet<string> _exact = [];

    public void Version(KeptVersion version)
    {
        lock (_lock)
            _versions.Add(version);
    }

    /// <param name="state">The last one it was said to be in. <c>pending</c> and <c>approved</c> may have gone on since.</param>
    public void Promotion(string id, string state)
    {
        lock (_lock)
            _promotions[id] = state;
    }

    public void Decision(KeptDecision decision)
    {
        lock (_lock)
            _decisions.Add(decision);
    }

    /// <summary>The last value that one client gave a tag of a model: nobody else writes it.</summary>
    public void Tag(string model, string key, string value)
    {
        lock (_lock)
            _tags[(model, key)] = value;
    }

    /// <summary>The label of the version that an alias was last put on: nobody else moves it.</summary>
    public void Alias(string model, string alias, string label)
    {
        lock (_lock)
            _aliases[(model, alias)] = label;
    }

    /// <summary>Every registration of this model was sent until it was answered, with a key: it has the versions that are in the ledger and no other.</summary>
    public void Exact(string model)
    {
        lock (_lock)
            _exact.Add(model);
    }

    public IReadOnlyList<KeptVersion> Versions => Copy(_versions);

    public IReadOnlyList<KeptDecision> Decisions => Copy(_decisions);

    public IReadOnlyList<(string Id, string State)> Promotions => Copy(_promotions.Select(p => (p.Key, p.Value)));

    public IReadOnlyList<(string Model, string Key, string Value)> Tags => Copy(_tags.Select(t => (t.Key.Model, t.Key.Key, t.Value)));

    public IReadOnlyList<(string Model, string Alias, string Label)> Aliases => Copy(_aliases.Select(a => (a.Key.Model, a.Key.Key, a.Value)));

    public IReadOnlyList<string> ExactModels => Copy(_exact);

    private List<T> Copy<T>(IEnumerable<T> all)
    {
        lock (_lock)
            return [.. all];
    }
}
