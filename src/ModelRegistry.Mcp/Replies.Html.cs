using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Web;
using ModelRegistry.Mcp.Web.Pages;

namespace ModelRegistry.Mcp;

internal static partial class Replies
{
    // Nothing but what this server sends itself; no inline script or style, no frames around it, no other site's forms.
    private const string ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    private static readonly IServiceProvider NoServices = new ServiceCollection().BuildServiceProvider();

    /// <summary>A page. Everything that varies in it is encoded by the renderer.</summary>
    public static async Task PageAsync<TPage>(Visit visit, int status = StatusCodes.Status200OK, params (string Name, object? Value)[] parameters) where TPage : IComponent
    {
        var http = visit.Http;
        foreach (var (_, value) in parameters)
            if (value is Refusal no)
                FaceMeter.Refused(no, "web");
        var html = await RenderAsync<TPage>([("Visit", visit), .. parameters]);
        var headers = http.Response.Headers;
        (headers.ContentSecurityPolicy, headers.XFrameOptions, headers.CacheControl) = (ContentPolicy, "DENY", "no-store");
        // Not "no-referrer": browsers would then send forms of ours without their origin.
        (headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"], headers["Cross-Origin-Resource-Policy"]) = ("same-origin", "same-origin", "same-origin");
        headers["Permissions-Policy"] = "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()";
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.WriteAsync(html, http.RequestAborted);
    }

    /// <summary>A page that says no, why, and what to do next.</summary>
    public static Task PageAsync(Visit visit, Refusal refusal) => PageAsync<RefusalPage>(visit, Sign(refusal.Kind).Http, ("Refusal", refusal));

    /// <summary>To another page, by GET (RFC 9110, section 15.4.4): reloading it repeats nothing.</summary>
    public static Task GoTo(HttpContext http, string path)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = path;
        http.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    private static async Task<string> RenderAsync<TPage>((string Name, object? Value)[] parameters) where TPage : IComponent
    {
        await using var renderer = new HtmlRenderer(NoServices, NullLoggerFactory.Instance);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var page = await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(parameters.ToDictionary(p => p.Name, p => p.Value)));
            return page.ToHtmlString();
        });
    }
}
