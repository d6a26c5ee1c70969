using Microsoft.Net.Http.Headers;
using ModelRegistry.Artifacts;

namespace ModelRegistry.Mcp.Rest;

/// <summary>The files of a version, on their way out.</summary>
internal static class FileRoutes
{
    private const string Presigned = "presigned";

    private static readonly string[] Reads = ["GET", "HEAD"];

    public static void Map(RestRoutes routes)
    {
        routes.Get("/models/{model}/versions/{version}/files", "The files of a version.", _ => 0, (call, _) => call.Registry.Downloads.FilesAsync(call.By, call.Of("model"), call.Of("version"), call.Cancel), RestReply.Items);
        routes.Stream(Reads, "/models/{model}/versions/{version}/files/{**path}", "One file of a version, whole or in ranges; with ?presigned=true, where its files lie in a bucket, an address to fetch it from past this server.", StreamShapes.File, SendAsync, call => call.Given.Flag(Presigned));
        routes.Stream(["GET"], "/models/{model}/versions/{version}/archive", "All files of a version.", StreamShapes.Archive, ArchiveAsync);
    }

    /// <summary>
    /// One file: whole, or the ranges asked for (RFC 9110, section 14), under its SHA-256 as its tag. Sent whole it is hashed
    /// on the way, and broken off before its last bytes when it is not what was registered; a range cannot be checked so.
    /// </summary>
    private static async Task SendAsync(RestCall call)
    {
        var past = call.Given.Flag(Presigned);
        if (call.Http.Request.Query.ContainsKey(Presigned) && (past == true || call.Given.Problem is not null))
        {
            await (call.Given.Problem is { } misfit ? Replies.ProblemAsync(call.Http, misfit)
                : Replies.JsonAsync(call.Http, await call.Registry.Downloads.SignAsync(call.By, call.Of("model"), call.Of("version"), call.Of("path"), call.Cancel)));
            return;
        }
        var (http, ranged) = (call.Http, call.Http.Request.Headers.Range.Count > 0);
        var opened = await call.Registry.Downloads.OpenAsync(call.By, call.Of("model"), call.Of("version"), call.Of("path"), seekable: ranged || HttpMethods.IsHead(call.Http.Request.Method), call.Cancel);
        if (opened.Refusal is { } no)
        {
            await Replies.ProblemAsync(http, no);
            return;
        }
        await using var content = opened.Value.Content;
        var file = opened.Value.File;
        // Never shown in a browser, whatever its bytes would be there: it shares its host with the pages.
        http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.AcceptRanges = "bytes";
        // A condition that fails answers without a body.
        if (!ranged && http.Request.Headers.IfMatch.Count == 0 && http.Request.Headers.IfUnmodifiedSince.Count == 0)
            http.Response.ContentLength = file.SizeBytes;
        try
        {
            await Results.Stream(content, "application/octet-stream", file.Path[(file.Path.LastIndexOf('/') + 1)..], opened.Value.Since, new EntityTagHeaderValue($"\"{file.Sha256}\""), enableRangeProcessing: ranged).ExecuteAsync(http);
        }
        catch (BlobAlteredException altered) when (!http.Response.HasStarted)
        {
            // What was said of the file is not so.
            foreach (var name in new[] { HeaderNames.ETag, HeaderNames.LastModified, HeaderNames.ContentDisposition, HeaderNames.AcceptRanges, HeaderNames.ContentLength })
                http.Response.Headers.Remove(name);
            await Replies.ProblemAsync(http, altered.Refusal);
        }
    }

    /// <summary>All of them as one tar (POSIX.1-2001), in the order of their paths, each hashed on the way.</summary>
    private static async Task ArchiveAsync(RestCall call)
    {
        var files = await call.Registry.Downloads.FilesAsync(call.By, call.Of("model"), call.Of("version"), call.Cancel);
        if (files.Refusal is { } no)
        {
            await Replies.ProblemAsync(call.Http, no);
            return;
        }
        var http = call.Http;
        http.Response.ContentType = "application/x-tar";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = $"{call.Of("model")}-{call.Of("version")}.tar" }.ToString();
        await call.Registry.Downloads.ArchiveAsync(files.Value, http.Response.Body, call.Cancel);
    }
}
