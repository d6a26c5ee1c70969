using System.Collections.Concurrent;
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

    private const int MostLately = 10_000;

    private readonly ConcurrentDictionary<string, bool> _lately = new(StringComparer.Ordinal);

    /// <param name="door">The face, for the record.</param>
    public async Task<Outcome<Actor>> IdentifyAsync(HttpContext http, string door, CancellationToken cancel)
    {
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count > 0)
            return BearerOf(authorization) is { } secret ? await AuthenticateAsync(secret, door, cancel) : Refusals.TokenInvalid;
        var connection = http.Connection;
        // A proxy that does not say that it is one may still pass on the name it was asked for.
        var near = loopback && NamesThisMachine(http.Request.Host.Host) && IsLoopback(connection.RemoteIpAddress) && IsLoopback(connection.LocalIpAddress) && !Forwarding.Any(http.Request.Headers.ContainsKey);
        return near ? await registry.Actors.TokenlessAsync(Environment.UserName, door, cancel) : Refusals.TokenRequired;
    }

    /// <summary>Whether a request bears a token that let somebody in lately; to know it, nothing is looked up.</summary>
    public bool Knows(HttpContext http) => BearerOf(http.Request.Headers.Authorization) is { } secret && _lately.ContainsKey(Digest.Of(secret).Hex);

    private async Task<Outcome<Actor>> AuthenticateAsync(string secret, string door, CancellationToken cancel)
    {
        var actor = await registry.Tokens.AuthenticateAsync(secret, door, null, cancel);
        var digest = Digest.Of(secret).Hex;
        if (actor.Refusal is not null)
            _lately.TryRemove(digest, out _);
        else if (_lately.TryAdd(digest, true) && _lately.Count > MostLately)
            _lately.Clear();
        return actor;
    }

    private static string? BearerOf(Microsoft.Extensions.Primitives.StringValues authorization) =>
        authorization is [{ } only] && only.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? only["Bearer ".Length..].Trim() : null;

    private static bool NamesThisMachine(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host, out var address) && IsLoopback(address));

    private static bool IsLoopback(System.Net.IPAddress? address) => address is not null && System.Net.IPAddress.IsLoopback(address);
}
