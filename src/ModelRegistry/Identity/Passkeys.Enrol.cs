using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>
/// Enrolling and revoking. This is where an approval is weakest: a program can enrol a key as well. So the first key takes the
/// person's passphrase, now; each later one a key that the person has, or another person's invite.
/// </summary>
public sealed partial class Passkeys
{
    private const string Enrolment = "passkey-enrolment";
    private static readonly TimeSpan InviteLasts = TimeSpan.FromHours(24);

    private sealed record EnrolmentState(string PersonId, string Attestation);

    /// <summary>What a browser is asked to make a key for this person, who may be no more than signed in: nothing is enrolled by it.</summary>
    public async Task<Outcome<CeremonyView>> BeginAsync(Actor person, CancellationToken cancel = default)
    {
        if (!person.IsPerson)
            return Refusals.PersonRequired(Permission.Decide);
        if (_pages.Base is not { } address)
            return Refusals.NoPages;
        var keys = await _db.ReadAsync(session => session.PasskeysOfAsync(person.Id), cancel);
        var (options, attestation) = await new PasskeyCeremony(address, new PasskeyHolder(person.Id, person.Name), [.. keys.Where(k => k.Credential.RevokedAt is null).Select(k => k.Info)]).AskNewAsync();
        var (state, now) = await _db.ReadAsync(async session => (await _states.OpenAsync(session, Enrolment, new EnrolmentState(person.Id, attestation)), session.Now), cancel);
        return new CeremonyView(state, options, null, now + Proof.Freshness);
    }

    /// <summary>Enrols the key that was made. It cannot decide what was proposed before it.</summary>
    /// <param name="person">Proven now: by passphrase (for a first key, or with an invite), or by a passkey enrolled earlier.</param>
    /// <param name="name">What the person calls it: at most 64 characters.</param>
    /// <param name="invite">Another person's invite; null when there is none.</param>
    public async Task<Outcome<PasskeyView>> EnrolAsync(ProvenPerson person, string name, PasskeyAnswer made, string? invite, CancellationToken cancel = default)
    {
        var by = person.Actor;
        var attempt = new AuditAct("passkey.enrol", "person", by.Id, null, new JsonObject { ["method"] = person.Proof.Method.ToString().ToLowerInvariant(), ["invited"] = invite is not null });
        var state = await _db.ReadAsync(session => _states.ReadAsync<EnrolmentState>(session, Enrolment, made.State), cancel);
        var info = state?.PersonId == by.Id && _pages.Base is { } address
            ? await new PasskeyCeremony(address, new PasskeyHolder(by.Id, by.Name), []).MadeAsync(made.Credential, state.Attestation) : null;
        return await _db.WriteAsync<PasskeyView>(by, attempt, async session =>
        {
            if (by.SessionOnly || session.Now - person.Proof.ProvenAt > Proof.Freshness)
                return Refusals.ProofRequired;
            if (await session.FindActorAsync(by.Id) is not { Kind: ActorKind.Person, DisabledAt: null } holder)
                return Refusals.PersonRequired(Permission.Decide);
            if (state is null || await _states.CloseAsync<EnrolmentState>(session, Enrolment, made.State) is null)
                return Refusals.ChallengeInvalid;
            if (info is null)
                return Refusals.PasskeyFailed;
            if (name.Trim() is not { Length: > 0 and <= 64 } named)
                return Refusals.InvalidArgument("name", "1 to 64 characters");
            var id = Base64Url.EncodeToString(info.CredentialId);
            if (await session.PasskeyByWebAuthnIdAsync(id) is not null)
                return Refusals.KeyTaken;
            var witness = await WitnessAsync(session, person, invite);
            if (witness.Refusal is { } unwitnessed)
                return unwitnessed;
            var credential = new StoredCredential(Ids.New("key", session.Now), by.Id, "passkey", Digest.Of(info.PublicKey).Hex, [], [], session.Now, null, null);
            var key = new StoredPasskey(credential, id, named, info);
            await session.InsertPasskeyAsync(key);
            var facts = new JsonObject { ["person_id"] = by.Id, ["witness"] = witness.Value, ["public_key_sha256"] = credential.SecretHash, ["backed_up"] = info.IsBackedUp };
            return new Written<PasskeyView>(View(key, holder.Name), [new AuditAct("passkey.enrol", "passkey", credential.Id, null, facts, new Dictionary<string, string> { ["person"] = holder.Name, ["key"] = named })], [new FeedChange("person", null, by.Id)]);
        }, cancel);
    }

    /// <summary>An invite for another person to enrol a further key, by an admin; the code is shown this once.</summary>
    public Task<Outcome<InviteView>> InviteAsync(Actor admin, string personName, CancellationToken cancel = default) =>
        _db.WriteAsync<InviteView>(admin, new AuditAct("passkey.invite", "person", "unknown", null, null, new Dictionary<string, string> { ["person"] = personName.Length <= 64 ? personName : personName[..64] }), async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            if (await session.FindActorByNameAsync(personName) is not { Kind: ActorKind.Person, DisabledAt: null } person)
                return Refusals.PersonNotFound(personName);
            // One's own word is none.
            if (person.Id == admin.Id)
                return Refusals.KeyNeedsWitness;
            var (id, code, expires) = (Ids.New("inv", session.Now), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)), session.Now + InviteLasts);
            await session.InsertInviteAsync(id, Digest.Of(code).Hex, person.Id, admin.Id, expires);
            return new Written<InviteView>(new InviteView(id, person.Name, code, expires), [new AuditAct("passkey.invite", "person", person.Id, null, new JsonObject { ["invite_id"] = id, ["expires_at"] = Times.Text(expires) })], []);
        }, cancel);

    /// <summary>Ends a key at once, asked for by an admin or by whose it is. What it signed stays on record.</summary>
    public Task<Outcome<PasskeyView>> RevokeAsync(Actor person, string keyId, CancellationToken cancel = default) =>
        _db.WriteAsync<PasskeyView>(person, new AuditAct("passkey.revoke", "passkey", keyId), async session =>
        {
            if (Permissions.InPerson(person, Permission.Administer) is { } unproven)
                return unproven;
            if (await session.FindCredentialAsync(keyId) is not { Kind: "passkey" } credential)
                return Refusals.KeyNotFound(keyId);
            if (credential.ActorId != person.Id && await People.CheckAdminAsync(session, person) is { } no)
                return no;
            var key = (await session.PasskeysOfAsync(credential.ActorId)).First(k => k.Credential.Id == keyId);
            var holder = (await session.FindActorAsync(credential.ActorId))!;
            if (credential.RevokedAt is not null)
                return new Written<PasskeyView>(View(key, holder.Name), [], []);
            await session.RevokeCredentialAsync(keyId);
            return new Written<PasskeyView>(View(key, holder.Name) with { RevokedAt = session.Now }, [new AuditAct("passkey.revoke", "passkey", keyId, null, new JsonObject { ["person_id"] = holder.Id })], [new FeedChange("person", null, holder.Id)]);
        }, cancel);

    /// <summary>A person's keys, the oldest first; revoked ones too.</summary>
    public async Task<Outcome<IReadOnlyList<PasskeyView>>> ListAsync(Actor by, string personName, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<IReadOnlyList<PasskeyView>>>(async session =>
            await session.FindActorByNameAsync(personName) is { Kind: ActorKind.Person } person
                ? (await session.PasskeysOfAsync(person.Id)).ConvertAll(k => View(k, person.Name)) : Refusals.PersonNotFound(personName), cancel);
    }

    /// <summary>On whose or what's word a key is enrolled. "First" is a person's first ever: revoking all keys is no way back to it.</summary>
    private static async ValueTask<Outcome<string>> WitnessAsync(RegistrySession session, ProvenPerson person, string? invite)
    {
        if (invite is not null)
            return await session.InviteByHashAsync(Digest.Of(invite.Trim()).Hex) is { UsedAt: null } found && found.PersonId == person.Actor.Id && found.ExpiresAt > session.Now
                && await session.FindActorAsync(found.CreatedBy) is { Kind: ActorKind.Person, DisabledAt: null } inviter && inviter.Roles.Contains(Permissions.Admin) && await session.UseInviteAsync(found.Id)
                ? found.Id : Refusals.InviteInvalid;
        var keys = await session.PasskeysOfAsync(person.Actor.Id);
        return person.Proof.Method switch
        {
            ProofMethod.Passphrase when keys.Count == 0 => "first",
            ProofMethod.Passkey when keys.Any(k => k.Credential.Id == person.Proof.CredentialId && k.Credential.RevokedAt is null) => person.Proof.CredentialId,
            _ => Refusals.KeyNeedsWitness,
        };
    }

    private static PasskeyView View(StoredPasskey key, string person) =>
        new(key.Credential.Id, person, key.Name, key.Info.IsBackedUp, key.Info.Transports ?? [], key.Credential.CreatedAt, key.Credential.RevokedAt);
}
