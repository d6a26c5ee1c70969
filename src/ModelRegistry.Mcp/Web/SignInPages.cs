using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;

namespace ModelRegistry.Mcp.Web;

/// <summary>Signing in and out.</summary>
internal static class SignInPages
{
    public static void Map(PageRoutes pages)
    {
        pages.OpenGet("/ui/sign-in", visit => visit.Signed is null ? ShowAsync(visit, visit.Asked("next"), "", null) : Replies.GoTo(visit.Http, Inside(visit.Asked("next"))));
        pages.OpenPost("/ui/sign-in", async (visit, form) =>
        {
            var (name, next) = (form["name"].ToString().Trim(), form["next"].ToString());
            var proven = form["passkey_credential"] is [{ Length: > 0 and <= 65_536 } credential]
                ? await visit.Registry.Passkeys.ProveAsync(PasskeyUse.SignIn, new PasskeyAnswer(form["passkey_state"].ToString(), credential), Visit.Door, visit.Cancel)
                : form["passphrase"] is [{ Length: > 0 } passphrase] ? await visit.Registry.People.ProveAsync(name, passphrase, Visit.Door, visit.Cancel) : Refusals.ProofFailed;
            var signIn = proven.Refusal is { } no ? no : await visit.Registry.SignIns.BeginAsync(proven.Value, visit.Cancel);
            if (signIn.Refusal is { } refused)
            {
                await ShowAsync(visit, next, name, refused);
                return;
            }
            // Who was signed in here before no longer is: a cookie planted in this browser is worth nothing.
            if (Visit.SecretOf(visit.Http, visit.Registry) is { } old)
                await visit.Registry.SignIns.EndAsync(old, visit.Cancel);
            Visit.Remember(visit.Http, visit.Registry, signIn.Value.Secret, signIn.Value.ExpiresAt);
            await Replies.GoTo(visit.Http, Inside(next));
        });
        pages.OpenPost("/ui/challenges/sign-in", async (visit, _) => await Replies.JsonAsync(visit.Http, await visit.Registry.Passkeys.ChallengeAsync(PasskeyUse.SignIn, visit.Cancel)));
        pages.Post("/ui/challenges/confirm", async (visit, _) => await Replies.JsonAsync(visit.Http, await visit.Registry.Passkeys.ChallengeAsync(PasskeyUse.Confirm, visit.Cancel)));
        pages.Post("/ui/sign-out", async (visit, _) =>
        {
            if (Visit.SecretOf(visit.Http, visit.Registry) is { } secret)
                await visit.Registry.SignIns.EndAsync(secret, visit.Cancel);
            Visit.Forget(visit.Http, visit.Registry);
            await Replies.GoTo(visit.Http, "/ui/sign-in");
        });
    }

    private static Task ShowAsync(Visit visit, string? next, string name, Refusal? refusal) =>
        Replies.PageAsync<SignInPage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Next", Inside(next)), ("Name", name), ("Refusal", refusal));

    /// <summary>A page of ours, never an address elsewhere: <c>//host</c> and <c>/\host</c> are such to a browser.</summary>
    private static string Inside(string? next) =>
        next is not null && next.StartsWith("/ui/", StringComparison.Ordinal) && !next.StartsWith("/ui/sign", StringComparison.Ordinal) && next.All(c => c is > ' ' and <= '~' and not '\\') ? next : "/ui/inbox";
}
