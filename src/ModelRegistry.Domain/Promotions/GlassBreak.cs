namespace ModelRegistry.Domain;

/// <summary>What a reviewer says of a broken glass.</summary>
public enum GlassVerdict { Upheld, Objected }

/// <summary>
/// One person's way past quorum, four eyes and gates in an emergency, with what it was worth and what came of its review.
/// Content verification, what serves now and the deadlines are not to be got past.
/// </summary>
/// <param name="Reason">Why it could not wait; never empty.</param>
/// <param name="Proof">Of assurance <see cref="Assurance.Signed"/>.</param>
public sealed record GlassBreak(ActorRef Person, string Reason, Proof Proof, Digest StatementDigest, DateTimeOffset At)
{
    /// <summary>The word that a passkey signs to break the glass.</summary>
    public const string Word = "break_glass";

    /// <summary>Another approver's look at it; null while it is owed.</summary>
    public GlassReview? Review { get; init; }

    /// <summary>The word that a passkey signs to review it so.</summary>
    public static string ReviewWord(GlassVerdict verdict) => verdict == GlassVerdict.Upheld ? "uphold_glass" : "object_glass";
}

/// <summary>An approver's verdict on a broken glass.</summary>
public sealed record GlassReview(ActorRef Person, GlassVerdict Verdict, string Comment, Proof Proof, DateTimeOffset At);
