namespace ModelRegistry.Domain;

/// <summary>What a decision proves, from least to most. What the record says is what was proven.</summary>
public enum Assurance
{
    /// <summary>A client program said that a person agreed.</summary>
    Attested,
    /// <summary>A credential no agent holds was used now, for this promotion.</summary>
    Authenticated,
    /// <summary>A person's key, with user verification, signed this very statement.</summary>
    Signed,
}

/// <summary>Which way a metric gets better.</summary>
public enum Better { Higher, Lower }

/// <summary>So many distinct persons of a role.</summary>
public sealed record Approvals(string Role, int Count);

/// <summary>What entering (and leaving) a governed stage takes.</summary>
public sealed record StageRule
{
    /// <summary>Stages a version may come from; empty: any.</summary>
    public IReadOnlyList<string> From { get; init; } = [];
    public required IReadOnlyList<Approvals> Approvals { get; init; }
    public Assurance Assurance { get; init; } = Assurance.Authenticated;
    /// <summary>Whether no approver may be the proposer, its owner, or who answers for the version's author.</summary>
    public bool FourEyes { get; init; }
    public bool ReasonRequired { get; init; }
    /// <summary>How many days a version that served the stage is kept after it stopped serving it.</summary>
    public double RetentionDays { get; init; } = 30;
    /// <summary>How long a promotion may wait for its decision.</summary>
    public double PendingHours { get; init; } = 24;
    /// <summary>How long an approval may wait to be applied.</summary>
    public double ApplyHours { get; init; } = 1;
    /// <summary>The stage that the version replaced goes to.</summary>
    public string OnReplace { get; init; } = Stages.Archived;
    public IReadOnlyList<Gate> Gates { get; init; } = [];
}

/// <summary>The quorum for going back to a version that served before; never empty.</summary>
public sealed record RollbackRule(IReadOnlyList<Approvals> Approvals, Assurance Assurance, bool FourEyes);

/// <summary>A serving target and the stage a version must be in to be deployed there.</summary>
public sealed record Target(string Name, string Stage);

/// <summary>An accepted exception from one gate for one version, until it expires.</summary>
public sealed record Waiver(string Rule, string Model, string Version, string Reason, DateTimeOffset Expires)
{
    /// <summary>Whether both are for the same rule of the same version.</summary>
    public bool Covers(Waiver other) => Covers(other.Rule, other.Model, other.Version);

    /// <summary>Model and version are compared ignoring case; a label may be written with or without its <c>v</c>.</summary>
    public bool Covers(string rule, string model, string version) => Rule == rule
        && string.Equals(Model, model, StringComparison.OrdinalIgnoreCase) && string.Equals(Bare(Version), Bare(version), StringComparison.OrdinalIgnoreCase);

    private static string Bare(string label) => label is ['v' or 'V', >= '0' and <= '9', ..] ? label[1..] : label;
}

/// <summary>What putting another policy in force takes.</summary>
/// <param name="Admins">How many distinct persons with the admin role; never none.</param>
/// <param name="Assurance">What each of them has to prove: <see cref="Assurance.Authenticated"/> or <see cref="Assurance.Signed"/>.</param>
public sealed record PolicyChangeRule(int Admins, Assurance Assurance)
{
    /// <summary>Where a policy says nothing: one admin with a passphrase or passkey.</summary>
    public static PolicyChangeRule Default { get; } = new(1, Assurance.Authenticated);
}

/// <summary>
/// The rules as data: which stages there are, which of them are governed and how. Default deny, no scripting.
/// The one in force lives in the database.
/// </summary>
public sealed record PromotionPolicy
{
    public required string Name { get; init; }
    public required IReadOnlyList<string> StageNames { get; init; }
    /// <summary>Aliases that follow what serves a stage, such as champion → production; a policy read from a file looks them up ignoring case.</summary>
    public IReadOnlyDictionary<string, string> GovernedAliases { get; init; } = new Dictionary<string, string>();
    /// <summary>Direction of metrics for which higher is not better.</summary>
    public IReadOnlyDictionary<string, Better> Directions { get; init; } = new Dictionary<string, Better>();
    public IReadOnlyList<Target> Targets { get; init; } = [];
    /// <summary>The governed stages. Promotion into any other applies at once.</summary>
    public IReadOnlyDictionary<string, StageRule> Promotions { get; init; } = new Dictionary<string, StageRule>();
    public IReadOnlyDictionary<string, RollbackRule> Rollbacks { get; init; } = new Dictionary<string, RollbackRule>();
    public IReadOnlyList<Waiver> Waivers { get; init; } = [];
    /// <summary>Persons who may break the glass; nobody when empty.</summary>
    public IReadOnlyList<string> BreakGlass { get; init; } = [];
    /// <summary>What it takes to put another policy in its place.</summary>
    public PolicyChangeRule Change { get; init; } = PolicyChangeRule.Default;
    /// <summary>SHA-256 of the canonical JSON (RFC 8785) it was read from.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Whether this person may break the glass; persons are listed by name or id.</summary>
    public bool Trusts(ActorRef person) => BreakGlass.Any(listed => listed == person.Id || string.Equals(listed, person.Name, StringComparison.OrdinalIgnoreCase));

    public bool Governs(string stage) => Promotions.ContainsKey(stage);

    public Better DirectionOf(string metric) => Directions.GetValueOrDefault(metric, Better.Higher);

    /// <summary>Where new versions start.</summary>
    public string FirstStage => StageNames[0];
}
