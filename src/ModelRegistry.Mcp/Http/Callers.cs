using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Http;

/// <summary>
/// From the credential of a request to who sends it: a bearer token, or nothing at all where the policy is for one user on
/// one machine and the request has not left it.
/// </summary>
/// <param name="loopback">Whether this process listens on loopback addresses and no others, and is published under no other.</param>
internal sealed class Callers(RegistryServices registry, bool loopback)
{
    // A proxy on this machine speaks for others, who are elsewhere.
    private static readonly string[] Forwarding = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    /// <param name="door">The face, for the record.</param>
    public async Task<Outcome<Actor>> IdentifyAsync(HttpContext http, string door, CancellationToken cancel)
    {
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count > 0)
            return authorization is [{ } only] && only.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                ? await registry.Tokens.AuthenticateAsync(only["Bearer ".Length..].Trim(), door, null, cancel)
                : Refusals.TokenInvalid;
        var connection = http.Connection;
        // A proxy that does not say that it is one may still pass on the name it was asked for.
        var near = loopback && (http.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]") && IsLoopback(connection.RemoteIpAddress) && IsLoopback(connection.LocalIpAddress) && !Forwarding.Any(http.Request.Headers.ContainsKey);
        return near ? await registry.Actors.TokenlessAsync(Environment.UserName, door, cancel) : Refusals.TokenRequired;
    }

    private static bool IsLoopback(System.Net.IPAddress? address) => address is not null && System.Net.IPAddress.IsLoopback(address);
}
