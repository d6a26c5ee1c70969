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
    private static readonly string[] Forwarding = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Real-IP", "Via"];

    /// <summary>The door that takes a name and a token as well.</summary>
    public const string BasicDoor = "mlflow";

    private const int MostLately = 10_000;

    private readonly ConcurrentDictionary<string, bool> _lately = new(StringComparer.Ordinal);

    /// <param name="door">The face, for the record.</param>
    public async Task<Outcome<Actor>> IdentifyAsync(HttpContext http, string door, CancellationToken cancel)
    {
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count > 0)
            return SecretOf(http, door) is var (name, secret) ? await AuthenticateAsync(name, secret, door, cancel) : Refusals.TokenInvalid;
        var connection = http.Connection;
        // A proxy that does not say that it is one may still pass on the name it was asked for.
        var near = loopback && NamesThisMachine(http.Request.Host.Host) && IsLoopback(connection.RemoteIpAddress) && IsLoopback(connection.LocalIpAddress) && !Forwarding.Any(http.Request.Headers.ContainsKey);
        return near ? await registry.Actors.TokenlessAsync(Environment.UserName, door, cancel) : Refusals.TokenRequired;
    }

    /// <summary>Whether a request bears a token that let somebody in lately; to know it, nothing is looked up.</summary>
    public bool Knows(HttpContext http, string door) => SecretOf(http, door) is var (_, secret) && _lately.ContainsKey(Digest.Of(secret).Hex);

    private async Task<Outcome<Actor>> AuthenticateAsync(string? name, string secret, string door, CancellationToken cancel)
    {
        var actor = await registry.Tokens.AuthenticateAsync(secret, door, null, cancel);
        var digest = Digest.Of(secret).Hex;
        if (actor.Refusal is not null)
            _lately.TryRemove(digest, out _);
        else if (_lately.TryAdd(digest, true) && _lately.Count > MostLately)
            _lately.Clear();
        // A name beside a token is either its bearer's or a mistake that should be seen.
        return actor.Refusal is null && name is not null && Names.Fold(name) != Names.Fold(actor.Value.Name) ? Refusals.TokenInvalid : actor;
    }

    /// <summary>The token of a request, and the name beside it where it came as a password (RFC 7617); that is taken at one door, whose clients can do no other.</summary>
    private static (string? Name, string Secret)? SecretOf(HttpContext http, string door)
    {
        if (http.Request.Headers.Authorization is not [{ } only])
            return null;
        if (only.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return (null, only["Bearer ".Length..].Trim());
        if (door != BasicDoor || only.Length > 1_024 || !only.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return null;
        var bytes = new byte[only.Length];
        if (!Convert.TryFromBase64String(only["Basic ".Length..].Trim(), bytes, out var length))
            return null;
        var pair = System.Text.Encoding.UTF8.GetString(bytes, 0, length);
        return pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? (pair[..colon], pair[(colon + 1)..]) : null;
    }

    private static bool NamesThisMachine(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host, out var address) && IsLoopback(address));

    private static bool IsLoopback(System.Net.IPAddress? address) => address is not null && System.Net.IPAddress.IsLoopback(address);
}
