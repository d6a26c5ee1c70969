using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>A way to a server on which connections break. It knows nothing of HTTP: it passes bytes on, until it does not.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<TcpClient, bool> _open = [];
    private readonly Task _accepting;
    private long _requestBytes = long.MaxValue, _answerBytes = long.MaxValue;
    private int _left, _cuts;
    private volatile bool _away;

    public CuttingProxy(Uri server)
    {
        _server = server;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>How many connections were cut.</summary>
    public int Cuts => _cuts;

    /// <summary>While true nobody comes through, and whoever was through is cut off.</summary>
    public bool Away
    {
        get => _away;
        set
        {
            _away = value;
            if (value)
                foreach (var client in _open.Keys)
                    client.Close();
        }
    }

    /// <summary>The next connections on which so many bytes have gone one way end there. Shorter exchanges are let be.</summary>
    /// <param name="times">How many are cut; then all come through.</param>
    public void Cut(int times, long requestBytes = long.MaxValue, long answerBytes = long.MaxValue)
    {
        (_requestBytes, _answerBytes) = (requestBytes, answerBytes);
        Volatile.Write(ref _left, times);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        Away = true;
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(_over.Token);
            if (_away)
                client.Close();
            else
                _ = PassAsync(client);
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        _open[client] = true;
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _server.Port, _over.Token);
            // Whichever way ends first ends both: HTTP's clients here ask for one answer a connection.
            await Task.WhenAny(PumpAsync(client.GetStream(), server.GetStream(), () => _requestBytes), PumpAsync(server.GetStream(), client.GetStream(), () => _answerBytes));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It is cut, by one or by the other.
        }
        finally
        {
            _open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, Func<long> most)
    {
        var buffer = new byte[65_536];
        long passed = 0;
        int read;
        while ((read = await from.ReadAsync(buffer, _over.Token)) > 0)
        {
            var room = most() - passed;
            if (read > room && Interlocked.Decrement(ref _left) >= 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, (int)Math.Max(0, room)), _over.Token);
                Interlocked.Increment(ref _cuts);
                return;
            }
            await to.WriteAsync(buffer.AsMemory(0, read), _over.Token);
            passed += read;
        }
    }
}
