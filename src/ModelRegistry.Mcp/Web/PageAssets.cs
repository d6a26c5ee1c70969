using System.Reflection;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Web;

/// <summary>The style sheet, the script and the icon, out of the executable.</summary>
internal static class PageAssets
{
    private sealed record Asset(byte[] Bytes, string Type, string Tag);

    private static readonly Dictionary<string, Asset> All = new() { ["app.css"] = Read("app.css", "text/css; charset=utf-8"), ["app.js"] = Read("app.js", "text/javascript; charset=utf-8"), ["icon.svg"] = Read("icon.svg", "image/svg+xml") };

    /// <summary>The address of this very text: another release's is another, so that it may be kept for ever.</summary>
    public static string Address(string name) => $"/ui/assets/{name}?{All[name].Tag}";

    public static Task SendAsync(HttpContext http)
    {
        if (!All.TryGetValue((string)http.Request.RouteValues["name"]!, out var asset))
            return Replies.ProblemAsync(http, Refusals.PathNotFound(http.Request.Path.Value));
        http.Response.ContentType = asset.Type;
        http.Response.ContentLength = asset.Bytes.Length;
        http.Response.Headers.CacheControl = http.Request.QueryString.Value == "?" + asset.Tag ? "public, max-age=31536000, immutable" : "no-cache";
        // An image is also a document when it is opened by itself.
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return http.Response.Body.WriteAsync(asset.Bytes, http.RequestAborted).AsTask();
    }

    private static Asset Read(string name, string type)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("asset/" + name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new Asset(bytes, type, Digest.Of(bytes).Hex[..12]);
    }
}
