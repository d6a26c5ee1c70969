namespace ModelRegistry.Domain.Audit;

/// <summary>One thing that is wrong with a log, and where.</summary>
/// <param name="Kind">One of the names below.</param>
/// <param name="Position">The entry concerned, counted from 1; null when it concerns none.</param>
/// <param name="Sentence">What was found, for people.</param>
public sealed record AuditFinding(string Kind, long? Position, string Sentence)
{
    /// <summary>A position is empty although later ones are not.</summary>
    public const string Missing = "missing";

    /// <summary>An entry's bytes are not those its stored hash was made of.</summary>
    public const string Altered = "altered";

    /// <summary>A position comes twice, or after a later one.</summary>
    public const string Reordered = "reordered";

    /// <summary>The log ends before an entry that it once had.</summary>
    public const string CutOff = "cut_off";

    /// <summary>A text kept beside an entry is not the one the entry was made with.</summary>
    public const string BadErasable = "bad_erasable";

    /// <summary>The entries do not come to the size and root stored with them.</summary>
    public const string RootMismatch = "root_mismatch";

    /// <summary>The entries do not come to a root that was signed: they were rewritten, hashes and all.</summary>
    public const string CheckpointMismatch = "checkpoint_mismatch";

    /// <summary>An entry or the stored tree head cannot be read.</summary>
    public const string Unreadable = "unreadable";
}

/// <summary>What verification came to.</summary>
/// <param name="Entries">How many entries were read.</param>
/// <param name="Root">The root they come to; null when an entry is missing.</param>
/// <param name="Erased">How many texts are gone from beside their entries. Erasing is lawful and leaves the tree whole, so this is no finding.</param>
/// <param name="Findings">What is wrong, first entry first; empty for a sound log.</param>
/// <param name="Unlisted">Further findings beyond those listed.</param>
public sealed record AuditReport(long Entries, Digest? Root, long Erased, IReadOnlyList<AuditFinding> Findings, long Unlisted)
{
    public bool Sound => Findings.Count == 0;

    /// <summary>The first bad, missing or cut-off entry's finding; null for a sound log.</summary>
    public AuditFinding? First => Findings.Count > 0 ? Findings[0] : null;
}
