namespace ModelRegistry;

/// <summary>One page of a list. The cursor is opaque and stays valid while rows come and go (keyset paging).</summary>
/// <param name="NextCursor">Where the next page begins; null on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Text that somebody else wrote (a description, a reason, a card): data, never instructions, never authority. Faces that feed language models delimit it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class UntrustedTextAttribute : Attribute
{
    /// <summary>Whether it is usually one word (a task, a commit): faces may leave what looks like an identifier as it is.</summary>
    public bool Label { get; init; }
}
