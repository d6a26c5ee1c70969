using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>
/// Sends messages to webhooks. The address is checked when the connection is made, on what the name resolves to at that
/// moment, so that a name that changes its mind (DNS rebinding) leads nowhere either. No redirect is followed, no proxy of the
/// environment is used, no cookie kept.
/// </summary>
internal sealed class WebhookPost : IDisposable
{
    private const int MostOfAnswer = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly TimeProvider _time;
    private readonly bool _privateToo;

    public WebhookPost(bool privateToo, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        (_privateToo, _time) = (privateToo, time);
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>One attempt: at most ten seconds, from the look-up of the name to the answer's status.</summary>
    public async Task<Sent> SendAsync(StoredEndpoint to, NoticeMessage message, CancellationToken cancel)
    {
        var now = _time.GetUtcNow();
        var timestamp = now.ToUnixTimeSeconds();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        using var request = new HttpRequestMessage(HttpMethod.Post, to.Address) { Content = new ByteArrayContent(message.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "model-registry");
        var (id, at, signature) = to.IsMlflow ? ("X-MLflow-Delivery-Id", "X-MLflow-Timestamp", "X-MLflow-Signature") : ("webhook-id", "webhook-timestamp", "webhook-signature");
        request.Headers.TryAddWithoutValidation(id, message.Id);
        request.Headers.TryAddWithoutValidation(at, timestamp.ToString(CultureInfo.InvariantCulture));
        if (to.Secret.Length > 0)
            request.Headers.TryAddWithoutValidation(signature, WebhookSignature.Sign(WebhookSignature.Key(to), message.Id, timestamp, message.Body));
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            var status = (int)response.StatusCode;
            var sent = status switch
            {
                >= 200 and < 300 => new Sent(Answer.Taken, Said(status), null, status),
                410 => new Sent(Answer.Gone, Said(status), null, status),
                429 or 503 => new Sent(Answer.Failed, Said(status), Rest(response.Headers.RetryAfter, now), status),
                _ => new Sent(Answer.Failed, Said(status), null, status),
            };
            await ReadAwayAsync(response, patience.Token);
            return sent;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Sent(Answer.Failed, $"it did not answer within {Patience.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            // The system's words on a name or a connection; nothing of an answer is in them.
            return new Sent(Answer.Failed, e.InnerException is NotPublicException no ? no.Message : e.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => "its name cannot be resolved",
                HttpRequestError.ConnectionError => "it cannot be connected to",
                HttpRequestError.SecureConnectionError => "TLS failed",
                _ => "it did not answer in HTTP",
            });
        }
        catch (IOException)
        {
            return new Sent(Answer.Failed, "the connection broke");
        }
    }

    private static string Said(int status) => $"status {status}";

    private static TimeSpan? Rest(RetryConditionHeaderValue? asked, DateTimeOffset now)
    {
        var rest = asked?.Delta ?? asked?.Date - now;
        return rest is not { } span ? null : span < TimeSpan.Zero ? TimeSpan.Zero : span > RetrySchedule.LongestRest ? RetrySchedule.LongestRest : span;
    }

    /// <summary>Reads a short answer to its end, so that the connection can be used again; a longer one is cut off. Either way the status stands.</summary>
    private static async Task ReadAwayAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            var buffer = new byte[MostOfAnswer];
            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // Who has answered with a status has answered.
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancel);
        var allowed = addresses.Where(address => PublicAddress.IsAllowed(address, _privateToo)).ToArray();
        if (allowed.Length == 0)
            throw new NotPublicException();
        SocketException? last = null;
        foreach (var address in allowed)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw last!;
    }

    /// <summary>The name leads to no address that webhooks may go to.</summary>
    private sealed class NotPublicException() : IOException("its address is not one of the public internet");
}
