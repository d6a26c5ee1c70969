using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

public sealed partial class People
{
    /// <summary>
    /// Gives a person another passphrase. The one before ends at once, and with it every browser that was signed in by it. As
    /// any credential it decides nothing that was proposed before it.
    /// </summary>
    /// <param name="person">Proven now, by the passphrase there was or by a passkey. Nobody sets another person's, an admin neither.</param>
    public Task<Outcome<PersonView>> ChangePassphraseAsync(ProvenPerson person, string passphrase, CancellationToken cancel = default)
    {
        var by = person.Actor;
        var attempt = new AuditAct("passphrase.change", "person", by.Id, null, new JsonObject { ["method"] = person.Proof.Method.ToString().ToLowerInvariant() });
        return _db.WriteAsync<PersonView>(by, attempt, async session =>
        {
            if (!by.IsPerson || await session.FindActorAsync(by.Id) is not { Kind: ActorKind.Person, DisabledAt: null } stored)
                return Refusals.PersonRequired(Permission.Decide);
            if (by.SessionOnly || person.Proof.Method == ProofMethod.Elicitation || session.Now - person.Proof.ProvenAt > Proof.Freshness)
                return Refusals.ProofRequired;
            // Of two that change it at once, the second proved what is no longer true.
            if ((await CheckProofAsync(session, stored, person.Proof)).Refusal is { } unproven)
                return unproven;
            if (!Passphrases.Fits(stored.Name, passphrase))
                return Refusals.PassphraseWeak(Passphrases.Least);
            var before = await session.PassphraseOfAsync(by.Id);
            if (before is not null && Passphrases.Verify(before.SecretHash, passphrase))
                return Refusals.PassphraseSame;
            if (before is not null)
                await session.RevokeCredentialAsync(before.Id);
            var credential = new StoredCredential(Ids.New("crd", session.Now), by.Id, "passphrase", Passphrases.Hash(passphrase), [], [], session.Now, null, null);
            await session.InsertCredentialAsync(credential, by.Id);
            var facts = attempt.Facts!.DeepClone().AsObject();
            (facts["witness"], facts["credential_id"], facts["replaced"]) = (person.Proof.CredentialId, credential.Id, before?.Id);
            return new Written<PersonView>(View(stored), [attempt with { Facts = facts, Erasable = new Dictionary<string, string> { ["person"] = stored.Name } }], [new FeedChange("person", null, by.Id)]);
        }, cancel);
    }
}
