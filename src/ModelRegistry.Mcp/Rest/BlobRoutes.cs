using Microsoft.Net.Http.Headers;
using ModelRegistry.Artifacts;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Contents on their way in, each under its SHA-256. An upload that was cut goes on where it ended.</summary>
internal static class BlobRoutes
{
    private const string Path = "/blobs/{sha256}", Offset = "Upload-Offset";

    public static void Map(RestRoutes routes)
    {
        routes.Stream(["HEAD"], Path, "Whether a content is here, or how much of it.", StreamShapes.BlobHead, async call =>
        {
            var found = await call.Registry.Blobs.FindAsync(call.By, call.Of("sha256"), call.Cancel);
            await (found.Refusal is { } no ? Replies.ProblemAsync(call.Http, no) : Told(call.Http, found.Value));
        });
        routes.Stream(["PUT"], Path, "Puts a content, or a part of it, under its SHA-256.", StreamShapes.BlobPut, PutAsync);
        routes.Post(Path + "/presigned", "Gives addresses to put the parts of a content to, past this server, where its files lie in a bucket.", call => call.Given.NeedBytes("size_bytes"),
            (call, size) => call.Registry.Blobs.SignAsync(call.By, call.Of("sha256"), size, call.Cancel));
        routes.Post(Path + "/complete", "Takes in what was put to such addresses, once it hashes to its SHA-256.", _ => 0,
            (call, _) => call.Registry.Blobs.CompleteAsync(call.By, call.Of("sha256"), call.Cancel), RestReply.Created);
    }

    private static async Task PutAsync(RestCall call)
    {
        var http = call.Http;
        var range = Range(http.Request);
        if (range.Refusal is { } no)
        {
            await Replies.ProblemAsync(http, no);
            return;
        }
        var from = range.Value?.From ?? 0;
        // Subtracted: a place may be any number, and a sum of two would run over.
        if (from > BlobDesk.MostBytes || http.Request.ContentLength > BlobDesk.MostBytes - from || range.Value?.Total > BlobDesk.MostBytes)
        {
            await Replies.ProblemAsync(http, Refusals.FileTooLarge(BlobDesk.MostBytes));
            return;
        }
        VersionParts.Unbound(http, from);
        var taken = await call.Registry.Blobs.PutAsync(call.By, call.Of("sha256"), range.Value, http.Request.Body, call.Cancel);
        if (taken.Refusal is null)
        {
            // 202: a part of it is here, and the rest is waited for.
            http.Response.StatusCode = taken.Value.SizeBytes is null ? StatusCodes.Status202Accepted : StatusCodes.Status201Created;
            if (taken.Value.SizeBytes is null)
                http.Response.Headers[Offset] = $"{taken.Value.UploadOffset}";
        }
        await Replies.JsonAsync(http, taken);
    }

    /// <summary>200 with its length when it is here; 404 with where an upload goes on when it is not.</summary>
    private static Task Told(HttpContext http, BlobView blob)
    {
        if (blob.SizeBytes is { } size)
        {
            http.Response.ContentLength = size;
            http.Response.Headers.ETag = $"\"{blob.Sha256}\"";
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            http.Response.Headers[Offset] = $"{blob.UploadOffset}";
        }
        return Task.CompletedTask;
    }

    /// <summary>Null when the request carries the whole. The end of the range may be left out: <c>bytes 5-</c>, <c>bytes 5-/10</c>.</summary>
    private static Outcome<UploadRange?> Range(HttpRequest request)
    {
        if (request.Headers.ContentRange is not [{ } text])
            return request.Headers.ContentRange.Count == 0 ? (UploadRange?)null : Refusals.UploadRangeInvalid(request.Headers.ContentRange.ToString());
        if (ContentRangeHeaderValue.TryParse(text, out var range) && range.Unit == "bytes" && range.From is { } from && (request.ContentLength is not { } length || range.To - from + 1 == length))
            return new UploadRange(from, range.Length);
        var parts = text.Split(['-', '/']);
        if (text.StartsWith("bytes ", StringComparison.Ordinal) && parts is [var first, "" or "…", ..] && parts.Length <= 3 && long.TryParse(first.AsSpan(6), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var start))
        {
            if (parts.Length == 2 || parts[2] == "*")
                return new UploadRange(start, null);
            if (long.TryParse(parts[2], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var total) && total >= start)
                return new UploadRange(start, total);
        }
        return Refusals.UploadRangeInvalid(text);
    }
}
