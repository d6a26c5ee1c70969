using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>A wish for a token. Exactly one of <see cref="Agent"/> and <see cref="Service"/> is named.</summary>
/// <param name="Models">Name patterns that narrow it; empty: all models.</param>
/// <param name="ExpiresDays">Null: 90 days.</param>
public sealed record NewToken(string? Agent, string? Service, string Owner, IReadOnlyList<string> Roles, IReadOnlyList<string> Models, int? ExpiresDays);

/// <summary>
/// Opaque bearer tokens of agents and services, stored as SHA-256 of 32 random bytes. There are none for persons, and no
/// token decides a promotion.
/// </summary>
public sealed class Tokens
{
    public const string Prefix = "mrt_";
    private const int DefaultDays = 90;

    private readonly RegistryDb _db;

    internal Tokens(RegistryDb db) => _db = db;

    /// <summary>Makes a token, asked for by an admin or, for an agent of their own, by its owner.</summary>
    public Task<Outcome<NewTokenView>> CreateAsync(Actor person, NewToken wish, CancellationToken cancel = default) =>
        _db.WriteAsync<NewTokenView>(person, new AuditAct("token.create", "actor", wish.Agent ?? wish.Service ?? ""), async session =>
        {
            if (await CheckAsync(session, person, wish) is { } no)
                return no;
            var kind = wish.Agent is not null ? ActorKind.Agent : ActorKind.Service;
            var name = (wish.Agent ?? wish.Service)!;
            var owner = (await session.FindActorByNameAsync(wish.Owner))!;
            var actor = await session.FindActorByNameAsync(name);
            if (actor is not null && (actor.Kind != kind || actor.OwnerId != owner.Id))
                return Refusals.ActorExists(name);
            var actorId = actor?.Id ?? Ids.New("act", session.Now);
            if (actor is null)
                await session.InsertActorAsync(actorId, kind, name, owner.Id, [], []);

            var secret = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            IReadOnlyList<string> roles = wish.Roles.Count > 0 ? [.. wish.Roles.Distinct()] : kind == ActorKind.Agent ? [Permissions.Viewer, Permissions.Proposer] : [Permissions.Viewer, Permissions.Registrar];
            var credential = new StoredCredential(Ids.New("tok", session.Now), actorId, "token", Hash(secret), roles, wish.Models, session.Now, session.Now.AddDays(wish.ExpiresDays ?? DefaultDays), null);
            await session.InsertCredentialAsync(credential, person.Id);
            var facts = new JsonObject
            {
                ["actor_id"] = actorId,
                ["kind"] = kind.ToString().ToLowerInvariant(),
                ["owner_id"] = owner.Id,
                ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]),
                ["models"] = new JsonArray([.. wish.Models.Select(m => (JsonNode)m)]),
                ["expires_at"] = Times.Text(credential.ExpiresAt!.Value),
            };
            return new Written<NewTokenView>(new NewTokenView(credential.Id, name, secret, credential.ExpiresAt),
                [new AuditAct("token.create", "token", credential.Id, null, facts, new Dictionary<string, string> { ["actor"] = name })], []);
        }, cancel);

    public async Task<Outcome<IReadOnlyList<TokenView>>> ListAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<IReadOnlyList<TokenView>>>(async session =>
        {
            var views = new List<TokenView>();
            foreach (var token in await session.TokensAsync())
                if (await session.FindActorAsync(token.ActorId) is { } actor)
                    views.Add(View(token, actor));
            return views;
        }, cancel);
    }

    /// <summary>Ends a token at once, asked for by an admin or its owner.</summary>
    public Task<Outcome<TokenView>> RevokeAsync(Actor person, string tokenId, CancellationToken cancel = default) =>
        _db.WriteAsync<TokenView>(person, new AuditAct("token.revoke", "token", tokenId), async session =>
        {
            if (Permissions.InPerson(person, Permission.Administer) is { } unproven)
                return unproven;
            if (await session.FindCredentialAsync(tokenId) is not { Kind: "token" } token)
                return Refusals.TokenNotFound(tokenId);
            var actor = (await session.FindActorAsync(token.ActorId))!;
            if (actor.OwnerId != person.Id && await People.CheckAdminAsync(session, person) is { } no)
                return no;
            if (token.RevokedAt is not null)
                return new Written<TokenView>(View(token, actor), [], []);
            await session.RevokeCredentialAsync(tokenId);
            return new Written<TokenView>(View(token with { RevokedAt = session.Now }, actor), [new AuditAct("token.revoke", "token", tokenId)], []);
        }, cancel);

    /// <summary>Who a bearer token stands for. A token of a disabled owner is worth nothing.</summary>
    /// <param name="door">The face, for the record.</param>
    public async Task<Outcome<Actor>> AuthenticateAsync(string secret, string door, string? client, CancellationToken cancel = default)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal) || secret.Length > 100)
            return Refusals.TokenInvalid;
        var hash = Hash(secret);
        var bearer = await _db.RecallAsync(new RecallKey("token", hash), async session => await BearerAsync(session, await session.TokenByHashAsync(hash)), found => found.Token is not null, cancel);
        return Standing(bearer, _db.Now, door, client);
    }

    /// <summary>Who a token stands for that was presented before, as it stands now.</summary>
    /// <param name="tokenId">The <see cref="Actor.CredentialId"/> of whoever presented it.</param>
    internal static async ValueTask<Outcome<Actor>> BearerAsync(RegistrySession session, string tokenId, string door) =>
        Standing(await BearerAsync(session, await session.FindCredentialAsync(tokenId)), session.Now, door, null);

    /// <summary>A token that is there, with whom it is of and who answers for them.</summary>
    private sealed record Bearer(StoredCredential? Token, StoredActor? Of, StoredActor? Owner);

    private static async ValueTask<Bearer> BearerAsync(RegistrySession session, StoredCredential? token)
    {
        var of = token is null ? null : await session.FindActorAsync(token.ActorId);
        return new Bearer(token, of, of?.OwnerId is { } owner ? await session.FindActorAsync(owner) : null);
    }

    private static Outcome<Actor> Standing(Bearer bearer, DateTimeOffset now, string door, string? client) =>
        bearer is { Token: { Kind: "token", RevokedAt: null } token, Of: { DisabledAt: null, Kind: not ActorKind.Person } of, Owner: { DisabledAt: null } owner } && !(token.ExpiresAt <= now)
            ? new Actor(of.Id, of.Name, of.Kind, token.Roles, token.Models, owner.Ref, client, token.Id, door)
            : Refusals.TokenInvalid;

    private static async ValueTask<Refusal?> CheckAsync(RegistrySession session, Actor person, NewToken wish)
    {
        if (Permissions.InPerson(person, Permission.Administer) is { } unproven)
            return unproven;
        if ((wish.Agent is null) == (wish.Service is null))
            return Refusals.InvalidArgument("agent", "name either an agent or a service");
        if (Names.Actor(wish.Agent ?? wish.Service).Refusal is { } unfit)
            return unfit;
        if (await session.FindActorByNameAsync(wish.Owner) is not { Kind: ActorKind.Person, DisabledAt: null } owner)
            return Refusals.PersonNotFound(wish.Owner);
        if (!(wish.Agent is not null && owner.Id == person.Id) && await People.CheckAdminAsync(session, person) is { } no)
            return no;
        if (wish.Roles.FirstOrDefault(r => !Permissions.MachineRoles.Contains(r)) is { } role)
            return Refusals.RoleNotForMachines(role);
        if (wish.Models.Count > 100 || wish.Models.Any(m => m.Length is 0 or > 128 || !m.All(c => char.IsAsciiLetterOrDigit(c) || " ._-*?".Contains(c, StringComparison.Ordinal))))
            return Refusals.InvalidArgument("model", "at most 100 names or patterns such as fraud-*, each of at most 128 characters");
        return wish.ExpiresDays is < 1 or > 3650 ? Refusals.InvalidArgument("expires", "1 to 3,650 days") : null;
    }

    private static string Hash(string secret) => Digest.Of(secret).Hex;

    private static TokenView View(StoredCredential t, StoredActor actor) => new(t.Id, actor.Name, actor.Kind.ToString().ToLowerInvariant(), actor.OwnerName ?? "", t.Roles, t.Models, t.CreatedAt, t.ExpiresAt, t.RevokedAt);
}
