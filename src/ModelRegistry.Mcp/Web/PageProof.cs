using ModelRegistry.Domain;
using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Web;

/// <summary>The proof in a form: the signed-in person's passphrase, or their passkey's answer.</summary>
internal static class PageProof
{
    private const int MostCredential = 65_536;

    /// <param name="use">What the passkey's challenge was for.</param>
    public static async Task<Outcome<ProvenPerson>> OfAsync(Visit visit, IFormCollection form, PasskeyUse use)
    {
        if (form["passkey_credential"] is not [{ Length: > 0 and <= MostCredential } credential])
            return form["passphrase"] is [{ Length: > 0 } passphrase] ? await visit.Registry.People.ProveAsync(visit.Person.Name, passphrase, Visit.Door, visit.Cancel) : await visit.Registry.People.RefuseUnprovenAsync(visit.Person, visit.Cancel);
        var proven = await visit.Registry.Passkeys.ProveAsync(use, new PasskeyAnswer(form["passkey_state"].ToString(), credential), Visit.Door, visit.Cancel);
        // Another person at the same browser signs in first.
        return proven.Refusal is null && proven.Value.Actor.Id != visit.Person.Id ? Refusals.PasskeyFailed : proven;
    }

    /// <summary>Does what takes a proof and goes back to the list it was asked on; a no is shown there.</summary>
    /// <param name="show">The list, with why it was not done.</param>
    public static async Task ActAsync(Visit visit, IFormCollection form, Func<Visit, Refusal?, Task> show, Func<Actor, Task<Refusal?>> act)
    {
        var proven = await OfAsync(visit, form, PasskeyUse.Confirm);
        var no = proven.Refusal ?? await act(proven.Value.Actor);
        // The list's address is the beginning of the form's.
        await (no is null ? Replies.GoTo(visit.Http, string.Join('/', visit.Path.Split('/').Take(3))) : show(visit, no));
    }
}
