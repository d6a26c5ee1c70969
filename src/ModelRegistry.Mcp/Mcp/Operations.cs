using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// Tells what each request and notification came to and how long it took, by the semantic conventions for MCP: one
/// measurement and, where somebody follows traces, one span. What clients make up becomes no label: a method or tool that
/// nobody knows is <c>_OTHER</c>.
/// </summary>
/// <remarks>The SDK has instruments of the same names, which take the tool's name as it was sent; these stand in their place.</remarks>
internal static class Operations
{
    private const string TraceItem = "trace", Other = "_OTHER", Method = "mcp.method.name", Tool = "gen_ai.tool.name", Error = "error.type", Transport = "network.transport";

    /// <summary>The longest id of a request that is told: what a client makes of it is its own.</summary>
    private const int LongestId = 64;

    /// <summary>Those of the conventions, and finer ones below, where reads are.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] };

    private static readonly Histogram<double> Durations = FaceMeter.Meter.CreateHistogram("mcp.server.operation.duration", "s", "Time of one MCP request or notification, from when it was read until it was answered.", advice: Seconds);

    private static readonly Histogram<double> Sessions = FaceMeter.Meter.CreateHistogram("mcp.server.session.duration", "s", "Time from the beginning of an MCP session to its end.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 14_400, 86_400] });

    private static readonly HashSet<string> Methods = new(
    [
        RequestMethods.Initialize, RequestMethods.Ping, RequestMethods.ToolsList, RequestMethods.ToolsCall, RequestMethods.PromptsList, RequestMethods.PromptsGet,
        RequestMethods.ResourcesList, RequestMethods.ResourcesTemplatesList, RequestMethods.ResourcesRead, RequestMethods.ResourcesSubscribe, RequestMethods.ResourcesUnsubscribe,
        RequestMethods.CompletionComplete, "logging/setLevel", "server/discover", "subscriptions/listen", NotificationMethods.InitializedNotification,
        NotificationMethods.CancelledNotification, NotificationMethods.ProgressNotification, "notifications/roots/list_changed",
    ], StringComparer.Ordinal);

    private static readonly AsyncLocal<Operation?> Current = new();

    private sealed class Operation
    {
        public string? Error;
    }

    /// <summary>Takes the trace of the HTTP request along: within a session, handlers run outside of it.</summary>
    public static Dictionary<string, object?> Carry(Dictionary<string, object?> items)
    {
        if (Activity.Current is { } request && FaceMeter.Spans.HasListeners())
            items[TraceItem] = request.Context;
        return items;
    }

    /// <summary>The tool that is called now says no, or fails.</summary>
    /// <param name="code">Of the refusal.</param>
    public static void Failed(string code)
    {
        if (Current.Value is { } operation)
            operation.Error = code;
    }

    public static void SessionEnded(TimeSpan lasted, string transport) => Sessions.Record(lasted.TotalSeconds, new KeyValuePair<string, object?>(Transport, transport));

    /// <summary>The filter that tells of whatever passes through it.</summary>
    /// <param name="transport"><c>tcp</c> or <c>pipe</c>.</param>
    public static McpMessageFilter Watched(string transport) => next => (context, cancel) => IsWatched
        ? WatchAsync(() => next(context, cancel), context.JsonRpcMessage, context.JsonRpcMessage.Context?.ProtocolVersion ?? context.Server.NegotiatedProtocolVersion, transport)
        : next(context, cancel);

    /// <summary>Whether anybody measures or follows.</summary>
    public static bool IsWatched => Durations.Enabled || FaceMeter.Spans.HasListeners();

    /// <summary>Does what a message asks for, and tells what it came to.</summary>
    /// <param name="protocol">The version of the protocol, where it is known.</param>
    public static async Task WatchAsync(Func<Task> next, JsonRpcMessage message, string? protocol, string transport)
    {
        var (said, given) = message switch
        {
            JsonRpcRequest request => (request.Method, request.Params),
            JsonRpcNotification notification => (notification.Method, notification.Params),
            _ => (null, null),
        };
        if (said is null)
        {
            await next();
            return;
        }
        var method = Methods.TryGetValue(said, out var known) ? known : Other;
        var tool = method == RequestMethods.ToolsCall ? ToolSurface.Known(Text(given, "name")) ?? Other : null;
        using var span = Begin(message, protocol, method, tool, given, transport);
        var (operation, began) = (new Operation(), Stopwatch.GetTimestamp());
        Current.Value = operation;
        try
        {
            await next();
        }
        catch (Exception e)
        {
            operation.Error = ErrorOf(e);
            throw;
        }
        finally
        {
            Current.Value = null;
            var tags = new TagList { { Method, method }, { Transport, transport } };
            if (tool is not null)
                tags.Add(Tool, tool);
            if (operation.Error is { } error)
            {
                tags.Add(Error, error);
                span?.SetTag(Error, error).SetStatus(ActivityStatusCode.Error);
            }
            Durations.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
        }
    }

    /// <summary>The parent is whom the message names (<c>_meta</c>, W3C Trace Context), else the HTTP request that carries it; that one is linked to in either case.</summary>
    private static Activity? Begin(JsonRpcMessage message, string? protocol, string method, string? tool, JsonNode? given, string transport)
    {
        if (!FaceMeter.Spans.HasListeners())
            return null;
        var carrier = message.Context?.Items?.TryGetValue(TraceItem, out var item) == true && item is ActivityContext request ? request : default;
        var named = given is JsonObject parameters && parameters["_meta"] is JsonObject meta && ActivityContext.TryParse(Text(meta, "traceparent"), Text(meta, "tracestate"), isRemote: true, out var remote) ? remote : default;
        var parent = named != default ? named : carrier;
        var span = FaceMeter.Spans.StartActivity(tool is null ? method : $"{method} {tool}", ActivityKind.Server, parent, links: named != default && carrier != default ? [new ActivityLink(carrier)] : null);
        if (span is null)
            return null;
        span.SetTag(Method, method).SetTag(Transport, transport);
        if (tool is not null)
            span.SetTag(Tool, tool).SetTag("gen_ai.operation.name", "execute_tool");
        if (message is JsonRpcRequest { Id.Id: { } id } && IdText(id) is { } told)
            span.SetTag("jsonrpc.request.id", told);
        if (protocol is { Length: 10 } version && version.All(c => char.IsAsciiDigit(c) || c == '-'))
            span.SetTag("mcp.protocol.version", version);
        return span;
    }

    // A client may write into its ids what it likes; told is what looks like one.
    private static string? IdText(object id) => id switch
    {
        long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        string { Length: > 0 and <= LongestId } text when text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':') => text,
        _ => null,
    };

    private static string? Text(JsonNode? node, string member) => node is JsonObject json && json[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Null where nothing went wrong: a person is asked, and the call comes again.</summary>
    private static string? ErrorOf(Exception e) => e switch
    {
        InputRequiredException => null,
        OperationCanceledException => "cancelled",
        McpProtocolException protocol => ((int)protocol.ErrorCode).ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => e.GetType().FullName,
    };
}
