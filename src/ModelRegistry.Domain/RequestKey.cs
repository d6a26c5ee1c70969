namespace ModelRegistry.Domain;

/// <summary>
/// What makes a repeated request known as the same one: a key that the caller chose, and a digest over all that was asked. With
/// it a change is made once, however often it is asked for within a day.
/// </summary>
/// <param name="Key">1 to 200 characters, unique among the actor's own requests.</param>
public sealed record RequestKey(string Key, Digest Request)
{
    /// <summary>How long a key is remembered.</summary>
    public static TimeSpan Kept { get; } = TimeSpan.FromHours(24);

    /// <summary>What is wrong with a key; null when nothing is.</summary>
    public static Refusal? Check(string key, string field) => key.Length is 0 or > 200 || key.Any(char.IsControl) ? Refusals.InvalidArgument(field, "1 to 200 characters") : null;
}
