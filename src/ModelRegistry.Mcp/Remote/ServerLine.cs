using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace ModelRegistry.Mcp.Remote;

/// <summary>
/// How a server is spoken to. What goes along (a token, a passphrase) is for the server that was named and nobody else:
/// redirects are not followed, cookies not kept, and plain http goes to an address of this machine and through no proxy.
/// </summary>
internal static class ServerLine
{
    /// <summary>How long a connection may take to be made, and the most bytes of an answer that is read whole.</summary>
    public static readonly TimeSpan Connecting = TimeSpan.FromSeconds(10);

    public const int MostBytes = 32 * 1024 * 1024;

    /// <summary>A client of the server; the token goes only with requests made by <see cref="Request"/>.</summary>
    public static HttpClient Open(ServerSettings server)
    {
        var here = server.Address.Scheme == Uri.UriSchemeHttp;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !here,
            ConnectTimeout = Connecting,
            ActivityHeadersPropagator = null,
            // A name may move; connections that are kept would not notice.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectCallback = (context, cancel) => ConnectAsync(context.DnsEndPoint, here, cancel),
        };
        var client = new HttpClient(handler) { BaseAddress = server.Address, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("modelregistry", typeof(ServerLine).Assembly.GetName().Version?.ToString(3)));
        return client;
    }

    /// <summary>A request with the token.</summary>
    public static HttpRequestMessage Request(ServerSettings server, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (server.Token is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, bool here, CancellationToken cancel)
    {
        // What "localhost" is called elsewhere is not asked: plain http stays on this machine.
        var addresses = (await Dns.GetHostAddressesAsync(to.Host, cancel)).Where(address => !here || IPAddress.IsLoopback(address)).ToArray();
        if (addresses.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // A person may take long to answer; a peer that died meanwhile is noticed.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            await socket.ConnectAsync(addresses, to.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
