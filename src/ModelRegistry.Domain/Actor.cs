namespace ModelRegistry.Domain;

/// <summary>What kind of credential was presented. Decided before any role is looked at.</summary>
public enum ActorKind { Person, Agent, Service }

/// <summary>
/// Whoever calls a use case. An agent or service always has an owner, the person who answers for it;
/// <see cref="Owner"/> is what four eyes compares.
/// </summary>
/// <param name="Id">Immutable id (<c>act_…</c>).</param>
/// <param name="Name">Display name, unique among actors ignoring case.</param>
/// <param name="Roles">Roles granted; what a role allows is <see cref="Permissions"/>.</param>
/// <param name="Models">Name patterns (<c>*</c> matches anything) that narrow an agent or service; empty: all models.</param>
/// <param name="Owner">The owning person of an agent or service; null for a person.</param>
/// <param name="Client">The client program as it calls itself: a claim, never authority.</param>
/// <param name="CredentialId">Which credential was used, for the record.</param>
/// <param name="Door">The face the call came through: <c>cli</c>, <c>mcp-stdio</c>, …</param>
public sealed record Actor(
    string Id,
    string Name,
    ActorKind Kind,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Models,
    ActorRef? Owner,
    string? Client = null,
    string? CredentialId = null,
    string Door = "internal")
{
    /// <summary>The person who answers for what this actor does: itself, or its owner. Null when an agent has none.</summary>
    public ActorRef? Answerable => Kind == ActorKind.Person ? new ActorRef(Id, Name) : Owner;

    /// <summary>The same actor, calling through a client of this name. The name is the client's own word; what is too long of it is cut off.</summary>
    public Actor Through(string? client) => this with { Client = client is { Length: > 100 } ? client[..(char.IsHighSurrogate(client[99]) ? 99 : 100)] : client };

    /// <summary>
    /// Whether a browser's sign-in is all there is. An agent may reuse its owner's cookies, so that it reads, and does nothing
    /// that takes a person: deciding, revoking and administering ask for a passphrase or passkey with the request.
    /// </summary>
    public bool SessionOnly { get; init; }

    /// <summary>The request's own key, so that what it changes is changed once; null where none was sent.</summary>
    public RequestKey? Once { get; init; }

    public bool IsPerson => Kind == ActorKind.Person;

    /// <summary>The actor that the registry itself is, for expiry and other acts nobody asked for.</summary>
    public static Actor Registry { get; } = new("act_registry", "registry", ActorKind.Service, [], [], new ActorRef("act_registry", "registry"));
}

/// <summary>An actor's immutable id with the name it had.</summary>
public sealed record ActorRef(string Id, string Name);
