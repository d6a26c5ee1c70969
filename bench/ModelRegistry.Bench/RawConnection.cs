using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ModelRegistry.Bench;

/// <summary>One kept-open HTTP/1.1 connection that sends the same bytes again and again: the client costs next to nothing.</summary>
internal sealed class RawConnection(Uri server) : IDisposable
{
    private readonly Socket _socket = Open(server);
    private readonly byte[] _buffer = new byte[256 * 1024];

    public static byte[] Request(Uri server, byte[] body, params (string Name, string Value)[] headers)
    {
        var head = new StringBuilder($"POST /mcp HTTP/1.1\r\nHost: {server.Authority}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n");
        foreach (var (name, value) in headers)
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
    }

    /// <summary>A request that reads.</summary>
    /// <param name="path">With its query.</param>
    public static byte[] Get(Uri server, string path, string token) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nAccept: */*\r\nAuthorization: Bearer {token}\r\n\r\n");

    /// <summary>Sends a request and waits for the whole response; its head and body.</summary>
    public async Task<(string Head, ReadOnlyMemory<byte> Body)> ExchangeAsync(byte[] request)
    {
        await _socket.SendAsync(request);
        var (read, body, length) = (0, -1, -1);
        while (body < 0 || read < body + length)
        {
            var more = await _socket.ReceiveAsync(_buffer.AsMemory(read));
            if (more == 0)
                throw new EndOfStreamException("The server closed the connection.");
            read += more;
            if (body < 0 && _buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                body = end + 4;
                var at = _buffer.AsSpan(0, end).IndexOf("Content-Length: "u8);
                if (at < 0)
                    throw new InvalidOperationException($"The response has no length: {Encoding.ASCII.GetString(_buffer, 0, end)}");
                length = int.Parse(Encoding.ASCII.GetString(_buffer, at + 16, _buffer.AsSpan(at + 16).IndexOf((byte)'\r')), CultureInfo.InvariantCulture);
            }
        }
        return (Encoding.ASCII.GetString(_buffer, 0, body), _buffer.AsMemory(body, length));
    }

    public void Dispose() => _socket.Dispose();

    private static Socket Open(Uri server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(server.Host, server.Port);
        return socket;
    }
}
