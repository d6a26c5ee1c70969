using Microsoft.Net.Http.Headers;
using ModelRegistry.Artifacts;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>The proxy for artifacts: files by path, in and out.</summary>
internal static class ArtifactRoutes
{
    private const string Root = "mlflow-artifacts/artifacts";

    public static void Map(MlflowRoutes routes)
    {
        routes.Map("GET", Root, call => call.Given.Text("path"), (call, path) => call.Registry.MlflowArtifacts.ListAsync(call.By, path, call.Cancel), files => new { Files = files });
        routes.Stream(["GET", "HEAD"], Root + "/{**path}", SendAsync);
        routes.Stream(["PUT"], Root + "/{**path}", async call =>
        {
            JsonBody.Unbound(call.Http);
            await Replies.MlflowAsync(call.Http, await call.Registry.MlflowArtifacts.PutAsync(call.By, PathOf(call), call.Http.Request.Body, call.Cancel), _ => new { }, null, null);
        });
        routes.Stream(["DELETE"], Root + "/{**path}", async call =>
            await Replies.MlflowAsync(call.Http, await call.Registry.MlflowArtifacts.DeleteAsync(call.By, PathOf(call), call.Cancel), _ => new { }, null, null));
    }

    private static string PathOf(MlflowCall call) => ((string?)call.Http.Request.RouteValues["path"] ?? "").TrimEnd('/');

    /// <summary>One file, hashed on the way: broken off before its last bytes when it is not what was stored.</summary>
    private static async Task SendAsync(MlflowCall call)
    {
        var (http, artifacts) = (call.Http, call.Registry.MlflowArtifacts);
        var found = await artifacts.FindAsync(call.By, PathOf(call), call.Cancel);
        if (found.Refusal is { } no)
        {
            await Replies.MlflowAsync(http, no);
            return;
        }
        var opened = await artifacts.OpenAsync(found.Value, call.Cancel);
        if (opened.Refusal is { } gone)
        {
            await Replies.MlflowAsync(http, gone);
            return;
        }
        await using var content = opened.Value;
        // Never shown in a browser, whatever its bytes would be there: it shares its host with the pages.
        http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        http.Response.Headers.CacheControl = "private, no-cache";
        // A condition that fails answers without a body.
        if (http.Request.Headers.IfMatch.Count == 0 && http.Request.Headers.IfUnmodifiedSince.Count == 0)
            http.Response.ContentLength = found.Value.Size;
        try
        {
            await Results.Stream(content, "application/octet-stream", found.Value.Path[(found.Value.Path.LastIndexOf('/') + 1)..], entityTag: new EntityTagHeaderValue($"\"{found.Value.Sha256.Hex}\"")).ExecuteAsync(http);
        }
        catch (BlobAlteredException altered) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await Replies.MlflowAsync(http, altered.Refusal);
        }
    }
}
