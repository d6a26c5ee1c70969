using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>
/// What is told of an HTTP request in a trace: method, route and status. Not its path, its query or who sent it: addresses name
/// models, and some are invitations.
/// </summary>
internal sealed class RequestSpans : BaseProcessor<Activity>
{
    public const string Source = "Microsoft.AspNetCore";

    private static readonly HashSet<string> Told = ["http.request.method", "http.route", "http.response.status_code", "url.scheme", "network.protocol.version", "error.type"];

    /// <summary>Notes on the request's span, if it has one, what is known of it once it is answered.</summary>
    public static void Note(HttpContext http)
    {
        if (SpanOf(http) is not { } span)
            return;
        var route = span.GetTagItem("http.route") as string ?? (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        span.SetTag("http.request.method", MethodOf(http)).SetTag("http.route", route).SetTag("http.response.status_code", http.Response.StatusCode);
        span.DisplayName = route is null ? MethodOf(http) : $"{MethodOf(http)} {route}";
        if (http.Response.StatusCode >= 500)
            span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>Says the route of an address that is no endpoint of the router's, to the request's measurement and span.</summary>
    public static void Route(HttpContext http, string route)
    {
        SpanOf(http)?.SetTag("http.route", route);
        http.Features.Get<IHttpMetricsTagsFeature>()?.Tags.Add(new KeyValuePair<string, object?>("http.route", route));
    }

    public override void OnEnd(Activity data)
    {
        if (data.Source.Name != Source)
            return;
        foreach (var (name, _) in data.TagObjects.ToList())
            if (!Told.Contains(name))
                data.SetTag(name, null);
    }

    /// <summary>Null where nobody follows traces: the request may have an activity all the same, for the log.</summary>
    private static Activity? SpanOf(HttpContext http) => FaceMeter.Spans.HasListeners() && http.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span ? span : null;

    private static string MethodOf(HttpContext http) => http.Request.Method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" or "CONNECT" or "TRACE" ? http.Request.Method : "_OTHER";
}
