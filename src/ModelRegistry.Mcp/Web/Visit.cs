using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Web;

/// <summary>
/// One request of a browser's: who is signed in there, and the token that shows that a form is one of our own pages'. The
/// cookie lets a person look around; whatever takes a person's power asks for their proof in the form.
/// </summary>
/// <param name="person">Null when nobody is signed in.</param>
/// <param name="csrf">Belongs to the sign-in; empty when there is none.</param>
/// <param name="hasKey">Whether the person has a passkey that was not revoked.</param>
public sealed class Visit(HttpContext http, RegistryServices registry, Actor? person, string csrf, bool hasKey)
{
    public const string Door = "page";

    public HttpContext Http { get; } = http;

    public RegistryServices Registry { get; } = registry;

    public Actor? Signed { get; } = person;

    /// <summary>Who is signed in, on pages that nobody else sees.</summary>
    public Actor Person => Signed ?? throw new InvalidOperationException("Nobody is signed in.");

    /// <summary>Whether there is a passkey to ask this person for; a button for one they do not have leads nowhere.</summary>
    public bool HasKey { get; } = hasKey;

    /// <summary>Goes into every form (synchronizer token).</summary>
    public string Csrf { get; } = csrf;

    public CancellationToken Cancel => Http.RequestAborted;

    public string Path => Http.Request.Path.Value ?? "/ui";

    /// <summary>A part of the address, such as the id in <c>/ui/promotions/{id}</c>.</summary>
    public string Of(string part) => (string?)Http.Request.RouteValues[part] ?? "";

    /// <summary>A parameter of the query; null when it is missing or empty.</summary>
    public string? Asked(string name) => Http.Request.Query[name] is [{ Length: > 0 } value] ? value : null;

    public static async Task<Visit> OfAsync(HttpContext http, RegistryServices registry)
    {
        if (http.Request.Cookies[CookieName(registry)] is not { Length: > 0 } secret || await registry.SignIns.FindAsync(secret, Door, http.RequestAborted) is not { Refusal: null } found)
            return new Visit(http, registry, null, "", false);
        var keys = await registry.Passkeys.ListAsync(found.Value, found.Value.Name, http.RequestAborted);
        return new Visit(http, registry, found.Value, Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes("form of " + secret))), keys.Refusal is null && keys.Value.Any(k => k.RevokedAt is null));
    }

    /// <summary>Whether a form was made for this sign-in.</summary>
    public bool Belongs(string? csrf) => Csrf.Length > 0 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(csrf ?? ""), Encoding.UTF8.GetBytes(Csrf));

    public static string? SecretOf(HttpContext http, RegistryServices registry) => http.Request.Cookies[CookieName(registry)];

    public static void Remember(HttpContext http, RegistryServices registry, string secret, DateTimeOffset until) =>
        http.Response.Cookies.Append(CookieName(registry), secret, Cookie(registry, until));

    public static void Forget(HttpContext http, RegistryServices registry) => http.Response.Cookies.Delete(CookieName(registry), Cookie(registry, null));

    private static bool OverTls(RegistryServices registry) => registry.Pages.Base is { Scheme: "https" };

    // Cookies of one host are shared by all its ports: two registries on one machine must not sign each other out.
    private static string CookieName(RegistryServices registry) => OverTls(registry) ? "__Host-modelregistry" : $"modelregistry-{registry.Pages.Base?.Port}";

    private static CookieOptions Cookie(RegistryServices registry, DateTimeOffset? until) =>
        new() { HttpOnly = true, Secure = OverTls(registry), SameSite = SameSiteMode.Lax, Path = "/", Expires = until };
}
