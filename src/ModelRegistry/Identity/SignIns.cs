using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>Browsers that are signed in. That lets a person look around; it decides nothing.</summary>
public sealed class SignIns
{
    /// <summary>A sign-in ends after so long, however it is used.</summary>
    public static TimeSpan Lasts { get; } = TimeSpan.FromHours(12);

    private readonly RegistryDb _db;

    internal SignIns(RegistryDb db) => _db = db;

    /// <summary>Signs a browser in, for a person who has just proven that it is them.</summary>
    public Task<Outcome<SignInView>> BeginAsync(ProvenPerson person, CancellationToken cancel = default) =>
        _db.WriteAsync<SignInView>(person.Actor, new AuditAct("person.sign_in", "person", person.Actor.Id), async session =>
        {
            if (person.Actor.SessionOnly || session.Now - person.Proof.ProvenAt > Proof.Freshness)
                return Refusals.ProofRequired;
            if (await session.FindActorAsync(person.Actor.Id) is not { Kind: ActorKind.Person, DisabledAt: null })
                return Refusals.ProofFailed;
            var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            var signIn = new StoredSignIn(Ids.New("sgn", session.Now), person.Actor.Id, person.Proof.CredentialId, session.Now, session.Now + Lasts, null);
            await session.InsertSignInAsync(signIn, Digest.Of(secret).Hex);
            var facts = new JsonObject { ["sign_in_id"] = signIn.Id, ["method"] = person.Proof.Method.ToString().ToLowerInvariant(), ["credential_id"] = person.Proof.CredentialId };
            return new Written<SignInView>(new SignInView(secret, signIn.ExpiresAt), [new AuditAct("person.sign_in", "person", person.Actor.Id, null, facts)], []);
        }, cancel);

    /// <summary>Who a browser's cookie stands for, with the roles they have now. A person who was disabled, or whose credential was revoked, is nobody.</summary>
    public Task<Outcome<Actor>> FindAsync(string secret, string door, CancellationToken cancel = default) => _db.ReadAsync<Outcome<Actor>>(async session =>
        await FindAsync(session, secret) is var (signIn, person) ? new Actor(person.Id, person.Name, ActorKind.Person, person.Roles, [], null, null, signIn.CredentialId, door) { SessionOnly = true } : Refusals.SignInRequired, cancel);

    /// <summary>Signs a browser out. One that is not signed in is as it should be.</summary>
    public Task<Outcome<bool>> EndAsync(string secret, CancellationToken cancel = default) => _db.WriteAsync<bool>(Actor.Registry with { Door = "page" }, new AuditAct("person.sign_out", "person", "unknown"), async session =>
    {
        if (await FindAsync(session, secret) is not var (signIn, person))
            return new Written<bool>(false, [], []);
        await session.EndSignInAsync(signIn.Id);
        return new Written<bool>(true, [new AuditAct("person.sign_out", "person", person.Id, null, new JsonObject { ["sign_in_id"] = signIn.Id })], []);
    }, cancel);

    private static async ValueTask<(StoredSignIn SignIn, StoredActor Person)?> FindAsync(RegistrySession session, string secret) =>
        secret.Length is > 0 and <= 100
        && await session.SignInByHashAsync(Digest.Of(secret).Hex) is { EndedAt: null } signIn && signIn.ExpiresAt > session.Now
        && await session.FindCredentialAsync(signIn.CredentialId) is { RevokedAt: null }
        && await session.FindActorAsync(signIn.PersonId) is { Kind: ActorKind.Person, DisabledAt: null } person ? (signIn, person) : null;
}
