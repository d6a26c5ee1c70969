using System.Net.Sockets;

namespace ModelRegistry.Fuzz;

/// <summary>One request over a socket of its own, and what comes back.</summary>
internal static class SocketWire
{
    private static readonly TimeSpan More = TimeSpan.FromMilliseconds(500);

    /// <summary>Sends and reads to the end, or to the beginning of a stream of events. Null: there was no end in time.</summary>
    /// <param name="slowly">Whether its bytes come a few at a time.</param>
    public static async Task<byte[]?> ExchangeAsync(Uri server, byte[] request, bool slowly, TimeSpan patience)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var late = new CancellationTokenSource(patience);
        using var answer = new MemoryStream();
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, late.Token);
            var sending = SendAsync(socket, request, slowly, late.Token);
            var buffer = new byte[16 * 1024];
            var (reading, ended) = (socket.ReceiveAsync(buffer, late.Token).AsTask(), false);
            while (true)
            {
                // A request that lacks its end is answered when it is clear that none will come.
                if (!ended && (answer.Length > 0 || !HttpAnswers.Whole(request)) && await Task.WhenAny(reading, Task.Delay(More, late.Token)) != reading && sending.IsCompleted)
                {
                    socket.Shutdown(SocketShutdown.Send);
                    ended = true;
                }
                else if (await reading is > 0 and var read)
                {
                    answer.Write(buffer, 0, read);
                    if (answer.GetBuffer().AsSpan(0, (int)Math.Min(answer.Length, 2_000)).IndexOf("text/event-stream\r\n"u8) >= 0)
                        return answer.ToArray();
                    reading = socket.ReceiveAsync(buffer, late.Token).AsTask();
                }
                else
                    return answer.ToArray();
            }
        }
        catch (SocketException)
        {
            // The server will not hear the rest.
            return answer.ToArray();
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task SendAsync(Socket socket, byte[] bytes, bool slowly, CancellationToken cancel)
    {
        try
        {
            for (var at = 0; at < bytes.Length;)
            {
                at += await socket.SendAsync(bytes.AsMemory(at, slowly ? Math.Min(40, bytes.Length - at) : bytes.Length - at), cancel);
                if (slowly && at < 2_000)
                    await Task.Delay(5, cancel);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It answered before it had heard everything.
        }
    }
}
