using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;
using ModelRegistry.Exports;

namespace ModelRegistry.Mcp;

internal static partial class Replies
{
    /// <summary>A no to an MCP request that never reached a tool: a JSON-RPC error with the refusal's code and remedy as data.</summary>
    public static Task RpcAsync(HttpContext http, Refusal refusal, RequestId? id = null)
    {
        FaceMeter.Refused(refusal, "mcp");
        Hint(http, refusal);
        return RpcAsync(http, Sign(refusal.Kind).Http, McpErrorCode.InvalidRequest, refusal.Message, id, data: json =>
        {
            json.WriteString("code", refusal.Code);
            json.WriteString("remedy", refusal.Remedy);
        });
    }

    /// <summary>What a program goes by, in headers: who it should say it is, or when to come back.</summary>
    private static void Hint(HttpContext http, Refusal refusal)
    {
        if (refusal.Kind == RefusalKind.Unauthenticated)
            // No authorization server to name, so the plain challenge (RFC 6750, section 3); a token that was sent and does not count is said to be the reason.
            http.Response.Headers.WWWAuthenticate = http.Request.Headers.Authorization.Count == 0 ? "Bearer realm=\"modelregistry\"" : "Bearer realm=\"modelregistry\", error=\"invalid_token\"";
        if (refusal.Kind == RefusalKind.Limited)
            http.Response.Headers.RetryAfter = "1";
    }

    /// <summary>A no in the shape that its address answers in.</summary>
    public static Task NoAsync(HttpContext http, Refusal refusal) => http.Request.Path == "/mcp" ? RpcAsync(http, refusal) : IsMlflow(http) ? MlflowAsync(http, refusal) : ProblemAsync(http, refusal);

    /// <param name="id">Of the request that is answered; null when it is not known.</param>
    /// <param name="allow">The methods that are taken, for a 405.</param>
    public static Task RpcAsync(HttpContext http, int status, McpErrorCode code, string message, RequestId? id = null, Action<Utf8JsonWriter>? data = null, string? allow = null)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = Json.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            json.WritePropertyName("id");
            switch (id?.Id)
            {
                case long number:
                    json.WriteNumberValue(number);
                    break;
                case string text:
                    json.WriteStringValue(text);
                    break;
                default:
                    json.WriteNullValue();
                    break;
            }
            json.WriteStartObject("error");
            json.WriteNumber("code", (int)code);
            json.WriteString("message", message);
            if (data is not null)
            {
                json.WriteStartObject("data");
                data(json);
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        http.Response.StatusCode = status;
        if (allow is not null)
            http.Response.Headers.Allow = allow;
        return JsonAsync(http, bytes.ToArray());
    }

    /// <summary>One JSON document as the whole response, not to be stored on the way.</summary>
    public static async Task JsonAsync(HttpContext http, ReadOnlyMemory<byte> json, string type = "application/json")
    {
        http.Response.ContentType = type;
        http.Response.ContentLength = json.Length;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.Body.WriteAsync(json, http.RequestAborted);
    }

    /// <summary>The signed export of a promotion, to be kept as a file (RFC 6266). The name is one of ours: it is the id of a promotion that is there.</summary>
    /// <remarks>Whoever does not read it in its time is cut off: its place is wanted.</remarks>
    public static async Task FileAsync(HttpContext http, string name, HeldExport export)
    {
        using var held = export;
        await using var overdue = held.Overdue.Register(http.Abort);
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        await JsonAsync(http, held.Envelope, Domain.Exports.DsseEnvelope.MediaType);
    }

    /// <summary>Text as the whole response, not to be stored on the way.</summary>
    public static Task TextAsync(HttpContext http, ReadOnlyMemory<byte> text, string type) => JsonAsync(http, text, type);

    /// <summary>A view as JSON, or problem details.</summary>
    public static Task JsonAsync<T>(HttpContext http, Outcome<T> outcome) =>
        outcome.Refusal is { } no ? ProblemAsync(http, no) : JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(outcome.Value, Json));

    /// <summary>Runs what answers a request; what it did not expect becomes an answer too, and nothing of the server's inside goes out.</summary>
    public static async Task SafelyAsync(HttpContext http, ILogger log, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await UnreadableAsync(http, e.StatusCode);
        }
        // A chunk longer than can be counted is told as what it came to, not as a request that cannot be read.
        catch (IOException e) when (e.InnerException is OverflowException && !http.Response.HasStarted)
        {
            await UnreadableAsync(http, StatusCodes.Status400BadRequest);
        }
        catch (StorageUnavailableException outage) when (!http.Response.HasStarted)
        {
            log.LogError(outage, "{Method} {Path} met an outage of the storage", http.Request.Method, http.Request.Path);
            http.Response.Headers.RetryAfter = "5";
            await FailAsync(http, StatusCodes.Status503ServiceUnavailable, outage.Code, outage.Message, outage.Remedy);
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            await FailAsync(http, StatusCodes.Status500InternalServerError, "internal_error", "The server failed at this request; nothing half-done stays.", "Try once more; then look at the server's log (stderr).");
        }
    }

    private static Task UnreadableAsync(HttpContext http, int status) =>
        FailAsync(http, status, "request_unreadable", "This is not a request that can be read.", "Send it as HTTP and this server's interface say.");

    /// <summary>What is no refusal, an outage or a bug, in the shape that its address answers in.</summary>
    public static Task FailAsync(HttpContext http, int status, string code, string message, string remedy)
    {
        if (http.Request.Path == "/mcp")
            return RpcAsync(http, status, status < 500 ? McpErrorCode.InvalidRequest : McpErrorCode.InternalError, message, data: json =>
            {
                json.WriteString("code", code);
                json.WriteString("remedy", remedy);
            });
        http.Response.StatusCode = status;
        if (IsMlflow(http))
            return JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(new { ErrorCode = status < 500 ? "INVALID_PARAMETER_VALUE" : status == 503 ? "TEMPORARILY_UNAVAILABLE" : "INTERNAL_ERROR", Message = $"{message} {remedy}", Code = code, Remedy = remedy }, Json));
        return JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(new { Title = message, Status = status, Code = code, Remedy = remedy }, Json), Problem);
    }

    /// <summary>A method that an address does not take.</summary>
    /// <param name="allow">Those it takes.</param>
    public static Task NotAllowedAsync(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return NoAsync(http, Refusals.MethodNotAllowed(http.Request.Method, allow));
    }

    private const string Problem = "application/problem+json";

    /// <summary>A no outside of MCP: problem details (RFC 9457) with the refusal's code and remedy.</summary>
    public static Task ProblemAsync(HttpContext http, Refusal refusal)
    {
        FaceMeter.Refused(refusal, "rest");
        Hint(http, refusal);
        http.Response.StatusCode = Sign(refusal.Kind).Http;
        return JsonAsync(http, ProblemOf(refusal), Problem);
    }

    /// <summary>A no as problem details.</summary>
    public static byte[] ProblemOf(Refusal refusal) =>
        JsonSerializer.SerializeToUtf8Bytes(new { Title = refusal.Message, Status = Sign(refusal.Kind).Http, refusal.Code, refusal.Remedy, Errors = refusal.Fields }, Json);
}
