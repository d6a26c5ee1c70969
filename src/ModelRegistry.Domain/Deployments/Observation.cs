namespace ModelRegistry.Domain;

/// <summary>What a service said of itself that it runs on a target. It moves nothing: the record of what is wanted stays as it was decided.</summary>
/// <param name="VersionId">The version it runs.</param>
/// <param name="Status">One of <see cref="Words"/>.</param>
/// <param name="Message">What it says beside that; may be empty.</param>
/// <param name="Instance">Which of several it is; may be empty. The last one to speak is kept.</param>
public sealed record Observation(string VersionId, string Label, string Status, string Message, string Instance, ActorRef By, DateTimeOffset At)
{
    /// <summary>What is meant where nothing is said.</summary>
    public const string Usual = "running";

    public static IReadOnlyList<string> Words { get; } = ["starting", Usual, "failed", "stopped"];

    /// <summary>Whether it says anything new, so that it is worth an entry in the log.</summary>
    public bool Differs(Observation? before) => before is null || (VersionId, Status, Message, Instance, By.Id) != (before.VersionId, before.Status, before.Message, before.Instance, before.By.Id);
}
