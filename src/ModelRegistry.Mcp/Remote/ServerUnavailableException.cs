using System.Net.Sockets;

namespace ModelRegistry.Mcp.Remote;

/// <summary>A server that was named does not do its work: it is not there, went away, or says what cannot be understood.</summary>
/// <remarks>An outage, not a refusal: the same request succeeds once the <see cref="Remedy"/> was applied.</remarks>
internal sealed class ServerUnavailableException(string code, string message, string remedy, Exception? cause = null) : Exception(message, cause)
{
    private const int LongestQuote = 200;

    /// <summary>Stable snake_case name, as refusals have.</summary>
    public string Code { get; } = code;

    /// <summary>What to do about it.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>Nothing was asked: there is nobody at the address.</summary>
    public static ServerUnavailableException Unreachable(Uri server, Exception cause) => new("server_unreachable",
        $"No server answers at {server.GetLeftPart(UriPartial.Authority)} ({Quoted((cause.InnerException ?? cause).Message).TrimEnd('.')}).",
        "Start it there with `serve`, or name another one with --server (MODELREGISTRY_SERVER).", cause);

    /// <summary>The answer did not come, or not whole: what was asked may have been done.</summary>
    public static ServerUnavailableException Lost(string how, Exception? cause = null) => new("server_lost",
        $"The connection to the server {how}; whether it did what was asked is not known.",
        "Look at what is there now before asking for a change again; the same idempotency key asks for the same change.", cause);

    /// <param name="what">What came, as the end of the sentence "The server answered with …".</param>
    public static ServerUnavailableException Unreadable(string what, Exception? cause = null) => new("server_unreadable",
        $"The server answered with {what}.", "Check that --server (MODELREGISTRY_SERVER) is the address of a model registry, of a version like this program's (doctor).", cause);

    /// <summary>A redirect is not followed: what is sent along is for the server that was named.</summary>
    public static ServerUnavailableException Redirects(Uri? to) => new("server_redirects",
        $"The server sends on to '{Quoted(to?.ToString() ?? "")}', which is not followed: the token is not for whoever is there.",
        "If that is where the registry is now, name it with --server (MODELREGISTRY_SERVER).");

    /// <summary>A failure of the server's own, in the words it gave.</summary>
    public static ServerUnavailableException Failed(int status, string? code, string? message, string? remedy) => new(code ?? "server_failed",
        message ?? $"The server failed with HTTP {status}.", remedy ?? "Try once more; then look at the server's log.");

    /// <summary>What an exception of the connection comes to; null when it is something else.</summary>
    public static ServerUnavailableException? Of(Exception e, Uri server) => e switch
    {
        ServerUnavailableException known => known,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError } => Unreachable(server, e),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError } => Unreadable("something that is no HTTP, or more than is taken", e),
        HttpRequestException or IOException or SocketException => Lost("broke", e),
        _ => null,
    };

    private static string Quoted(string text) => VisibleText.Line(text.Length <= LongestQuote ? text : text[..LongestQuote] + "…");
}
