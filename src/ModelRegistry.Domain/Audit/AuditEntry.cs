using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Audit;

/// <summary>Whether what was asked for happened. Noes are entries too.</summary>
public enum AuditOutcome { Done, Refused }

/// <summary>Who did it, as they were at the time.</summary>
/// <param name="Name">Display name; erasable.</param>
/// <param name="OwnerId">The person who answers for an agent or a service.</param>
/// <param name="Client">The client program as it calls itself; erasable.</param>
public sealed record AuditActor(string Id, string? Name, ActorKind Kind, string? OwnerId, string? Client, string? CredentialId, string Door)
{
    public static AuditActor Of(Actor actor) =>
        new(actor.Id, actor.Name, actor.Kind, actor.Owner?.Id, actor.Client, actor.CredentialId, actor.Door);
}

/// <summary>What it was done to: <c>version</c>, <c>promotion</c>, <c>person</c> …, and its id.</summary>
public sealed record AuditSubject(string Type, string Id);

/// <summary>
/// One fact of the audit log. <see cref="Seal"/> turns it into the bytes that go into the tree and can never change,
/// with everything erasable beside them.
/// </summary>
/// <remarks>Its position in the log is not part of it: that is given when it is appended.</remarks>
public sealed record AuditEntry
{
    /// <summary>The schema every leaf of this shape names. Another shape gets another number, and this one stays readable.</summary>
    public const int CurrentSchema = 1;

    public int Schema => CurrentSchema;

    /// <summary>Unique id (<c>aud_…</c>).</summary>
    public required string Id { get; init; }

    /// <summary>When; kept in UTC to the microsecond.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What was done: <c>promotion.requested</c>, <c>version.registered</c> …</summary>
    public required string Verb { get; init; }

    public required AuditOutcome Outcome { get; init; }

    public required AuditActor Actor { get; init; }

    public required AuditSubject Subject { get; init; }

    /// <summary>Immutable id of the model concerned; null when none is.</summary>
    public string? Model { get; init; }

    /// <summary>The request it came with, to find it in other logs.</summary>
    public string? RequestId { get; init; }

    /// <summary>Details that are never erased: digests, stages, thresholds, refusal codes. Must have a canonical form.</summary>
    public JsonObject Facts { get; init; } = [];

    /// <summary>
    /// Texts that may have to be erased later (comments, reasons, names of people). Names are snake_case, at most 64
    /// characters; at most <see cref="MaxErasable"/> of them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Erasable { get; init; } = new Dictionary<string, string>();

    /// <summary>How many erasable texts one entry may have.</summary>
    public const int MaxErasable = 64;

    /// <summary>The entry as a leaf of the tree, with the erasable texts and salts to be kept beside it.</summary>
    /// <param name="salt">Gives <see cref="ErasableText.SaltBytes"/> fresh random bytes at each call.</param>
    /// <exception cref="ArgumentException">A salt or the name of an erasable text is not as it must be: a bug of the caller.</exception>
    /// <exception cref="System.Text.Json.JsonException">The facts have no canonical form (<see cref="CanonicalJson"/>).</exception>
    public SealedEntry Seal(Func<byte[]> salt)
    {
        var texts = Erasables().Select(e => ErasableText.Of(e.Field, salt(), e.Text)).ToList();
        var leaf = AuditLeaf.Write(this, texts);
        return new SealedEntry(leaf, MerkleTree.LeafHash(leaf), texts);
    }

    private IEnumerable<(string Field, string Text)> Erasables()
    {
        if (Erasable.Count > MaxErasable)
            throw new ArgumentException($"An entry has at most {MaxErasable} erasable texts.");
        // The dots of these two keep them apart from the entry's own.
        if (Actor.Name is not null)
            yield return ("actor.name", Actor.Name);
        if (Actor.Client is not null)
            yield return ("actor.client", Actor.Client);
        foreach (var (field, text) in Erasable)
        {
            if (field.Length is 0 or > 64 || !field.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
                throw new ArgumentException($"'{field}' cannot name an erasable text.");
            yield return (field, text);
        }
    }
}
