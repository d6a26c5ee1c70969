namespace ModelRegistry.Domain;

/// <summary>Where a deployment stands. The first two are live, and a target has at most one active one of a model.</summary>
public enum DeploymentStatus
{
    /// <summary>Its promotion waits for a person.</summary>
    Pending,
    /// <summary>What the target is to serve.</summary>
    Active,
    /// <summary>Another one took its place.</summary>
    Replaced,
    /// <summary>A rollback took its place.</summary>
    RolledBack,
    /// <summary>Its version left the stage that the target requires, or it was taken off; nothing came instead.</summary>
    Stopped,
    /// <summary>Its promotion ended and was never applied.</summary>
    Cancelled,
}

/// <summary>The words that stand for the states of a deployment, wherever it is written.</summary>
public static class DeploymentWords
{
    public static string Word(this DeploymentStatus status) => status == DeploymentStatus.RolledBack ? "rolled_back" : status.ToString().ToLowerInvariant();

    /// <summary>The state that a word stands for; null when it is none.</summary>
    public static DeploymentStatus? Read(string word) => Enum.GetValues<DeploymentStatus>().Select(s => (DeploymentStatus?)s).FirstOrDefault(s => s!.Value.Word() == word);

    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<DeploymentStatus>().Select(Word)];
}

/// <summary>A version on a serving target: what is wanted there, and what was last seen running.</summary>
public sealed record Deployment
{
    public required string Id { get; init; }
    public required string ModelId { get; init; }
    public required string VersionId { get; init; }
    /// <summary>Target, the stage it required and the configuration, as they were decided on.</summary>
    public required TargetWish Wish { get; init; }
    public required DeploymentStatus Status { get; init; }
    /// <summary>The promotion that brought it about; a later one of the same version does not change it.</summary>
    public required string PromotionId { get; init; }
    public required ActorRef RequestedBy { get; init; }
    /// <summary>Who deployed it, as the request said: a claim that nobody checked.</summary>
    public string? DeployedBy { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public DateTimeOffset? RollbackAt { get; init; }
    public string RollbackReason { get; init; } = "";
    /// <summary>Why it ended, in a sentence.</summary>
    public string Note { get; init; } = "";
    public Observation? Observed { get; init; }

    /// <summary>Makes it what the target is to serve.</summary>
    public Deployment Start(DateTimeOffset now) => this with { Status = DeploymentStatus.Active, StartedAt = now };

    /// <summary>Ends it because another took its place, or because nothing may stand there any more.</summary>
    /// <param name="by">The promotion that ended it.</param>
    public Deployment End(DeploymentStatus status, Promotion by, string note, DateTimeOffset now) => this with
    {
        Status = status,
        EndedAt = now,
        Note = note,
        RollbackAt = status == DeploymentStatus.RolledBack ? now : null,
        RollbackReason = status == DeploymentStatus.RolledBack ? by.Reason : "",
    };

    /// <summary>
    /// Whether a version in a stage may stand on a target that requires another: it has come at least as far on the ladder, and
    /// is not in the archive.
    /// </summary>
    public static bool Meets(IReadOnlyList<string> ladder, string stage, string required)
    {
        var (at, needed) = (Rung(ladder, stage), Rung(ladder, required));
        return needed >= 0 && at >= needed && stage != Stages.Archived;
    }

    private static int Rung(IReadOnlyList<string> ladder, string stage)
    {
        for (var i = 0; i < ladder.Count; i++)
            if (ladder[i] == stage)
                return i;
        return -1;
    }
}
