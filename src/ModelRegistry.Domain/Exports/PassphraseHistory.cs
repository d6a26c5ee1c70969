namespace ModelRegistry.Domain.Exports;

/// <summary>Which passphrase a person had when, as the log tells it: as it was set at their enrolment, and by each change since.</summary>
internal sealed class PassphraseHistory
{
    private readonly List<(long Index, string? CredentialId)> _steps;

    private PassphraseHistory(List<(long Index, string? CredentialId)> steps) => _steps = steps;

    /// <summary>Follows the changes from the enrolment on.</summary>
    /// <param name="enrolled">The entry <c>person.init</c> or <c>person.add</c>.</param>
    /// <param name="changes">Their entries <c>passphrase.change</c>, in the order of the log.</param>
    /// <exception cref="FormatException">A change replaces another passphrase than there was.</exception>
    public static PassphraseHistory Of(RecordedLeaf enrolled, IReadOnlyList<RecordedLeaf> changes)
    {
        var steps = new List<(long Index, string? CredentialId)>(changes.Count + 1) { (enrolled.Index, enrolled.Fact("credential_id")) };
        foreach (var change in changes)
        {
            if (change.Index < enrolled.Index || change.ActorId != enrolled.SubjectId || change.Fact("replaced") != steps[^1].CredentialId)
                throw new FormatException($"Entry {change.Index} changes another passphrase than {enrolled.SubjectId} had.");
            steps.Add((change.Index, change.Fact("credential_id") ?? throw new FormatException($"Entry {change.Index} does not say which passphrase was set.")));
        }
        return new PassphraseHistory(steps);
    }

    /// <summary>The passphrase that was good when an entry was made, and the entry that set it.</summary>
    public (string? CredentialId, long Since) At(long index)
    {
        var found = _steps.FindLastIndex(step => step.Index < index);
        return found < 0 ? (null, long.MaxValue) : (_steps[found].CredentialId, _steps[found].Index);
    }
}
