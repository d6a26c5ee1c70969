using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Http;

/// <summary>
/// Which names and which web pages a request may come by, before anything else is looked at. A page that makes its own
/// name point at this machine (DNS rebinding) is told by the name it asks for; a page of another site by its origin.
/// </summary>
internal sealed class HostGuard
{
    private readonly HashSet<string> _hosts = new(["localhost", "127.0.0.1", "[::1]"], StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _origins = new(StringComparer.OrdinalIgnoreCase);

    public HostGuard(HttpSettings settings)
    {
        foreach (var url in settings.PublicUrl is { } published ? [.. settings.Urls, published] : settings.Urls)
        {
            _hosts.Add(url.Host);
            _origins.Add(url.GetLeftPart(UriPartial.Authority));
        }
        _hosts.UnionWith(settings.AllowedHosts);
        Allowed = new HashSet<string>(settings.AllowedOrigins, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Whether a proxy on the way may have seen another request than this server (RFC 9112, section 6.1): a length and chunks,
    /// chunks in HTTP/1.0, or a coding beside them. Kestrel goes by the chunks, and renames the length it did not go by.
    /// </summary>
    public static bool IsAmbiguous(HttpRequest request) => request.Headers.TransferEncoding is { Count: > 0 } codings
        && (!string.Equals(codings.ToString(), "chunked", StringComparison.OrdinalIgnoreCase) || !HttpProtocol.IsHttp11(request.Protocol) || request.ContentLength is not null || request.Headers.ContainsKey("X-Content-Length"));

    /// <summary>Origins that an operator named; only their pages may read answers of another site.</summary>
    public IReadOnlySet<string> Allowed { get; }

    /// <summary>Why a request is turned away; null when it is not.</summary>
    public Refusal? Problem(HttpRequest request)
    {
        if (!_hosts.Contains(request.Host.Host))
            return Refusals.HostNotAllowed(request.Host.Host);
        if (request.Headers.Origin.Count == 0)
            return null;
        // Several origins, or "null", are no origin of ours. A page that this server itself answered names it as the request does.
        var origin = request.Headers.Origin is [{ } only] ? only : request.Headers.Origin.ToString();
        return IsOwn(request) || Allowed.Contains(origin) ? null : Refusals.OriginNotAllowed(origin);
    }

    /// <summary>Whether a page of this server's sends it. A browser says so with every request that changes something.</summary>
    public bool IsOwn(HttpRequest request) => request.Headers.Origin is [{ } origin]
        && (_origins.Contains(origin) || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));
}
