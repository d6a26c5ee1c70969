using ModelRegistry.Domain;
using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Rest;

/// <summary>
/// What somebody sends along to show who they are: their name, and their passphrase or the answer of their passkey. It is worth
/// what it proves; a bearer token beside it adds nothing.
/// </summary>
/// <param name="Passphrase">Null where a passkey answered.</param>
internal sealed record RestProof(string Person, string? Passphrase, PasskeyAnswer? Passkey)
{
    /// <summary>Reads <c>person</c> and <c>proof</c>; null when there is no proof.</summary>
    public static RestProof? Read(RestFields? from)
    {
        if (from?.Object("proof") is not { } proof)
        {
            // Known, whether it is needed or not.
            _ = from?.Text("person");
            return null;
        }
        var person = from.Need("person");
        if (!proof.HasObject("passkey"))
        {
            // The other two are named, so that a misspelt one is told what it should be.
            var neither = (proof.Json("passkey"), proof.Text("state")) is (null, null);
            return new RestProof(person, proof.Text("passphrase", required: neither && !proof.IsAsking), null);
        }
        return new RestProof(person, null, new PasskeyAnswer(proof.Need("state"), proof.Json("passkey")!));
    }

    /// <param name="use">What the passkey's challenge was for.</param>
    public async Task<Outcome<ProvenPerson>> CheckAsync(RegistryServices registry, PasskeyUse use, CancellationToken cancel)
    {
        if (Passkey is null)
            return Passphrase is null ? Refusals.ProofRequired : await registry.People.ProveAsync(Person, Passphrase, RestRoutes.Door, cancel);
        var proven = await registry.Passkeys.ProveAsync(use, Passkey, RestRoutes.Door, cancel);
        return proven.Refusal is null && Names.Fold(proven.Value.Actor.Name) != Names.Fold(Person) ? Refusals.PasskeyFailed : proven;
    }
}
