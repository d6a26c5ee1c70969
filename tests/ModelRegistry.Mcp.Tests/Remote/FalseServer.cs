using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>Something that listens and is no registry. It keeps what it was sent, and answers every request with the same bytes.</summary>
internal sealed class FalseServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _answering = [];
    private readonly Func<Stream, CancellationToken, Task> _answer;
    private readonly Task _listening;

    public FalseServer(string answer) : this((stream, cancel) => stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancel).AsTask()) { }

    public FalseServer(Func<Stream, CancellationToken, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _listening = ListenAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The beginning of each request: its lines and headers.</summary>
    public ConcurrentQueue<string> Heard { get; } = [];

    /// <summary>An answer of this type, whole.</summary>
    public static string Of(string body, string type = "application/json", string status = "200 OK", string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{headers}\r\n{body}";

    /// <summary>A server whose answer begins so and goes on for ever with that.</summary>
    public static FalseServer Endless(string type, string begins, string goesOn) => new(async (stream, cancel) =>
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nConnection: close\r\n\r\n{begins}"), cancel);
        var chunk = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(goesOn, 64 * 1024 / goesOn.Length)));
        while (true)
            await stream.WriteAsync(chunk, cancel);
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll([_listening, .. _answering]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ListenAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _answering.Add(Task.Run(async () =>
            {
                using (client)
                {
                    var stream = client.GetStream();
                    var (buffer, head) = (new byte[4096], new StringBuilder());
                    while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, _stop.Token) is > 0 and var count)
                        head.Append(Encoding.UTF8.GetString(buffer, 0, count));
                    Heard.Enqueue(head.ToString());
                    await _answer(stream, _stop.Token);
                }
            }));
        }
    }
}
