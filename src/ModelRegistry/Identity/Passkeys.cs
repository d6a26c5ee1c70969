using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>
/// Passkeys (WebAuthn Level 3): a person signs in with one, proves with one that it is them, and signs a decision with one.
/// Every answer is to a challenge that this registry gave out for just that, and is taken once.
/// </summary>
public sealed partial class Passkeys
{
    private readonly RegistryDb _db;
    private readonly OneTimeStates _states;
    private readonly PageAddress _pages;

    internal Passkeys(RegistryDb db, OneTimeStates states, PageAddress pages) => (_db, _states, _pages) = (db, states, pages);

    /// <summary>What a challenge was for.</summary>
    private sealed record Challenge(string Nonce, string? PromotionId = null, int Revision = 0, string? StatementDigest = null, string? Word = null)
    {
        public SignedDecision? Decision => Word is null ? null : new SignedDecision(Word, Digest.Parse(StatementDigest!));

        public byte[] Bytes => Decision is { } decision ? ApprovalChallenge.Of(decision, Convert.FromHexString(Nonce)) : Convert.FromHexString(Nonce);
    }

    /// <summary>A challenge to show who one is. It names nobody: which passkey answers tells who it is.</summary>
    public Task<Outcome<CeremonyView>> ChallengeAsync(PasskeyUse use, CancellationToken cancel = default) => AskAsync(Purpose(use), _ => new ValueTask<Outcome<Challenge>>(new Challenge(Nonce())), cancel);

    /// <summary>A challenge that is one decision on a promotion as it stands: its statement and the word are in it.</summary>
    /// <param name="word"><c>approve</c>, <c>reject</c>, <c>break_glass</c>.</param>
    public Task<Outcome<CeremonyView>> ChallengeAsync(string promotionId, string word, CancellationToken cancel = default) => AskAsync(Purpose(PasskeyUse.Decide), async session =>
        await session.FindPromotionAsync(promotionId) is not { } stored ? Refusals.PromotionNotFound(promotionId)
        : !stored.Promotion.IsLive ? stored.Promotion.NotPending
        : new Challenge(Nonce(), promotionId, stored.Promotion.Revision, stored.Promotion.Statement.Digest.Hex, word), cancel);

    /// <summary>Takes the answer to a challenge. Used answers, others' challenges and strange keys are refused and put on record.</summary>
    /// <param name="channel">Where it was given: <c>page</c>, <c>rest</c>.</param>
    /// <returns>The person, with a proof that is worth <c>signed</c> where it was a decision that was signed.</returns>
    public async Task<Outcome<ProvenPerson>> ProveAsync(PasskeyUse use, PasskeyAnswer answer, string channel, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("passkey.use", "passkey", "unknown", null, new JsonObject { ["use"] = Purpose(use), ["channel"] = channel });
        var by = Actor.Registry with { Door = channel };
        var (challenge, key, holder) = await _db.ReadAsync(async session =>
        {
            var challenge = await _states.ReadAsync<Challenge>(session, Purpose(use), answer.State);
            var key = IdOf(answer.Credential) is { } id ? await session.PasskeyByWebAuthnIdAsync(id) : null;
            return (challenge, key, key is null ? null : await session.FindActorAsync(key.Credential.ActorId));
        }, cancel);
        Refusal? no = challenge is null ? Refusals.ChallengeInvalid : _pages.Base is null ? Refusals.NoPages : null;
        var seen = no is null && key is { Credential.RevokedAt: null } && holder is { DisabledAt: null }
            ? await new PasskeyCeremony(_pages.Base!, new PasskeyHolder(holder.Id, holder.Name), [key.Info]).SignedAsync(answer.Credential, challenge!.Bytes) : null;
        if (seen is null)
            return await _db.WriteAsync<ProvenPerson>(by, attempt, _ => new ValueTask<Outcome<Written<ProvenPerson>>>(no ?? Refusals.PasskeyFailed), CancellationToken.None);
        return await _db.WriteAsync<ProvenPerson>(by, attempt, async session =>
        {
            if (await _states.CloseAsync<Challenge>(session, Purpose(use), answer.State) is null)
                return Refusals.ChallengeInvalid;
            // As they are now: the signature was checked outside of any transaction.
            if (await session.FindCredentialAsync(key!.Credential.Id) is not { RevokedAt: null } || await session.FindActorAsync(holder!.Id) is not { Kind: ActorKind.Person, DisabledAt: null } person)
                return Refusals.PasskeyFailed;
            await session.UsePasskeyAsync(key.Credential.Id, seen);
            var proof = new Proof(ProofMethod.Passkey, channel, key.Credential.Id, key.Credential.CreatedAt, session.Now)
            {
                Signed = challenge!.Decision,
                Evidence = challenge.Decision is null ? null : new JsonObject { ["nonce"] = challenge.Nonce, ["assertion"] = JsonNode.Parse(answer.Credential) }.ToJsonString(),
            };
            var actor = new Actor(person.Id, person.Name, ActorKind.Person, person.Roles, [], null, null, key.Credential.Id, channel);
            var facts = new JsonObject { ["use"] = Purpose(use), ["channel"] = channel, ["person_id"] = person.Id };
            if (challenge.PromotionId is { } promotion)
                facts["promotion_id"] = promotion;
            return new Written<ProvenPerson>(new ProvenPerson(actor, proof), [new AuditAct("passkey.use", "passkey", key.Credential.Id, null, facts)], []);
        }, cancel);
    }

    private async Task<Outcome<CeremonyView>> AskAsync(string purpose, Func<RegistrySession, ValueTask<Outcome<Challenge>>> make, CancellationToken cancel)
    {
        if (_pages.Base is not { } address)
            return Refusals.NoPages;
        var opened = await _db.ReadAsync<Outcome<(Challenge Challenge, string State, DateTimeOffset Now)>>(async session =>
        {
            var made = await make(session);
            return made.Refusal is { } no ? no : (made.Value, await _states.OpenAsync(session, purpose, made.Value), session.Now);
        }, cancel);
        if (opened.Refusal is { } refused)
            return refused;
        var (challenge, state, now) = opened.Value;
        return new CeremonyView(state, await new PasskeyCeremony(address, null, []).AskAsync(challenge.Bytes), challenge.StatementDigest, now + Proof.Freshness);
    }

    // What proxies and this registry could read differently, or nobody can write down again, is no answer.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>The id a credential of a browser says it has; null when it is none.</summary>
    private static string? IdOf(string credential)
    {
        try
        {
            if (JsonNode.Parse(credential, documentOptions: Strict) is not JsonObject json || json["id"] is not JsonValue id)
                return null;
            // Half a character, escaped, is JSON and throws whenever it is read; the answer is kept as evidence.
            _ = json.ToJsonString();
            // Written anew: the same bytes may be spelt in several ways.
            return id.TryGetValue<string>(out var text) && text.Length <= 2048 && Base64Url.IsValid(text) ? Base64Url.EncodeToString(Base64Url.DecodeFromChars(text)) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static string Nonce() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ApprovalChallenge.NonceBytes));

    private static string Purpose(PasskeyUse use) => "passkey-" + use.ToString().ToLowerInvariant();
}
