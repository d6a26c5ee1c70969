using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ModelRegistry.Faults.Storage;

/// <summary>What goes wrong between the registry and its bucket.</summary>
public enum StoreFault
{
    None,
    /// <summary>Answers begin late and trickle.</summary>
    Slow,
    /// <summary>The answer ends in its middle.</summary>
    CutAnswer,
    /// <summary>The answer says that it is longer than it is.</summary>
    LongLength,
    /// <summary>The answer says that it is shorter than it is.</summary>
    ShortLength,
    /// <summary>Nothing is done, and 200 is answered with an error for a body.</summary>
    ErrorInOk,
    /// <summary>Nothing is done, and 500 is answered.</summary>
    Error500,
    /// <summary>Nothing is done, and 503 SlowDown is answered.</summary>
    SlowDown,
    /// <summary>The request reaches the store up to its middle.</summary>
    CutRequest,
    /// <summary>The store does what it is asked, and its answer is lost.</summary>
    LostAnswer,
}

/// <summary>
/// Stands before an S3 store on a loopback port and passes on what it gets, byte for byte, except that some requests meet a fault.
/// One request per connection.
/// </summary>
public sealed class FaultyStoreProxy : IAsyncDisposable
{
    private const string Error = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _store;
    private readonly Campaign _campaign;
    private readonly Random _chance;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _accepting;

    /// <param name="store">The store's own address.</param>
    public FaultyStoreProxy(Uri store, Campaign campaign)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        (_store, _campaign, _chance) = (store, campaign, campaign.Chance("store"));
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>What goes wrong from now on.</summary>
    public StoreFault Fault { get; set; }

    /// <summary>How many of a hundred requests meet it.</summary>
    public int Percent { get; set; } = 100;

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
            try
            {
                StoreFault fault;
                lock (_chance)
                    fault = _chance.Next(100) < Percent ? Fault : StoreFault.None;
                if (fault != StoreFault.None)
                    _campaign.Count($"requests to the store that met {fault}");
                await ServeAsync(client.GetStream(), fault);
                client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Cut, by us or by them: no more is sent, and nobody is told properly.
                client.Client.LingerState = new LingerOption(true, 0);
            }
    }

    private async Task ServeAsync(NetworkStream client, StoreFault fault)
    {
        if (await ReadHeadAsync(client) is not { } head)
            return;
        var length = LengthOf(head);
        if (fault is StoreFault.ErrorInOk or StoreFault.Error500 or StoreFault.SlowDown)
        {
            if (head.Contains("100-continue", StringComparison.OrdinalIgnoreCase))
                await client.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _over.Token);
            await CopyAsync(client, Stream.Null, length);
            var status = fault switch { StoreFault.ErrorInOk => "200 OK", StoreFault.Error500 => "500 Internal Server Error", _ => "503 Slow Down" };
            var body = fault == StoreFault.SlowDown ? Error.Replace("InternalError", "SlowDown", StringComparison.Ordinal) : Error;
            await WriteAsync(client, $"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{(head.StartsWith("HEAD ", StringComparison.Ordinal) ? "" : body)}");
            return;
        }
        using var upstream = new TcpClient();
        await upstream.ConnectAsync(_store.Host, _store.Port, _over.Token);
        var store = upstream.GetStream();
        // What is signed stays as it is; how long a connection lasts is not.
        var lines = head.Split("\r\n").Where(line => !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase));
        await WriteAsync(store, string.Join("\r\n", lines)[..^2] + "Connection: close\r\n\r\n");
        var sending = CopyAsync(client, store, fault == StoreFault.CutRequest ? length / 2 : length);
        if (fault == StoreFault.CutRequest)
        {
            await sending;
            throw new IOException("cut");
        }
        await AnswerAsync(store, client, fault, head.StartsWith("HEAD ", StringComparison.Ordinal));
        await sending;
    }

    private async Task AnswerAsync(NetworkStream store, NetworkStream client, StoreFault fault, bool isHead)
    {
        if (await ReadHeadAsync(store) is not { } head)
            return;
        while (head.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
        {
            await WriteAsync(client, head);
            if (await ReadHeadAsync(store) is not { } next)
                return;
            head = next;
        }
        var length = isHead ? 0 : LengthOf(head);
        switch (fault)
        {
            case StoreFault.LostAnswer:
                await store.CopyToAsync(Stream.Null, _over.Token);
                throw new IOException("lost");
            case StoreFault.CutAnswer when length > 1:
                await WriteAsync(client, head);
                await CopyAsync(store, client, length / 2);
                throw new IOException("cut");
            case StoreFault.LongLength or StoreFault.ShortLength when length > 8:
                await WriteAsync(client, head.Replace($"Content-Length: {length}", $"Content-Length: {length + (fault == StoreFault.LongLength ? 7 : -7)}", StringComparison.OrdinalIgnoreCase));
                break;
            case StoreFault.Slow:
                await Task.Delay(300, _over.Token);
                await WriteAsync(client, head);
                var piece = new byte[4096];
                while (await store.ReadAsync(piece, _over.Token) is > 0 and var read)
                {
                    await client.WriteAsync(piece.AsMemory(0, read), _over.Token);
                    await Task.Delay(5, _over.Token);
                }
                return;
            default:
                await WriteAsync(client, head);
                break;
        }
        await store.CopyToAsync(client, _over.Token);
    }

    private static long LengthOf(string head) => head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line
        ? long.Parse(line["Content-Length:".Length..].Trim(), CultureInfo.InvariantCulture) : 0;

    /// <summary>Up to and including the empty line; null where nothing more comes.</summary>
    private async Task<string?> ReadHeadAsync(NetworkStream from)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 64 * 1024)
        {
            if (await from.ReadAsync(one, _over.Token) == 0)
                return head.Length == 0 ? null : throw new IOException("It ended within its head.");
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.Length >= 4 && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r')
                return head.ToString();
        }
        throw new IOException("The head is too long.");
    }

    private ValueTask WriteAsync(NetworkStream to, string text) => to.WriteAsync(Encoding.Latin1.GetBytes(text), _over.Token);

    private async Task CopyAsync(Stream from, Stream to, long length)
    {
        var piece = new byte[64 * 1024];
        while (length > 0)
        {
            var read = await from.ReadAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, length)), _over.Token);
            if (read == 0)
                throw new IOException("It ended early.");
            await to.WriteAsync(piece.AsMemory(0, read), _over.Token);
            length -= read;
        }
    }
}
