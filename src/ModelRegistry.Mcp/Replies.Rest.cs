using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Exports;
using ModelRegistry.Mcp.Rest;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp;

internal static partial class Replies
{
    /// <summary>
    /// What a request to move something came to: 200 it is done, 202 it waits for a person. Whoever scripts it must not take a
    /// no for a yes: what a gate stopped is a problem (422), and so is what the same key brought about and was over before (409).
    /// </summary>
    public static Task AskedAsync(RestCall call, Outcome<PromotionView> asked)
    {
        var http = call.Http;
        if (asked.Refusal is { } no)
            return ProblemAsync(http, no);
        var promotion = asked.Value;
        var code = SignOf(promotion);
        if (code is Exit.Done or Exit.Parked)
        {
            http.Response.StatusCode = code == Exit.Done ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
            if (code == Exit.Parked)
                http.Response.Headers.Location = $"/promotions/{promotion.PromotionId}";
            return JsonAsync(http, asked);
        }
        var status = http.Response.StatusCode = code == Exit.PolicyUnmet ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status409Conflict;
        var title = code == Exit.PolicyUnmet ? $"The gates of {promotion.ToStage} stop version {promotion.Version} of '{promotion.ModelName}'." : $"Promotion {promotion.PromotionId} is {promotion.Status} and stays so.";
        return JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(new { Title = title, Status = status, Code = code == Exit.PolicyUnmet ? promotion.Status : "promotion_over", Remedy = promotion.Next, Promotion = promotion }, Json), Problem);
    }

    /// <summary>Something that was made: 201.</summary>
    public static Task CreatedAsync<T>(HttpContext http, Outcome<T> outcome)
    {
        if (outcome.Refusal is null)
            http.Response.StatusCode = StatusCodes.Status201Created;
        return JsonAsync(http, outcome);
    }

    public static async Task TextAsync(HttpContext http, Outcome<string> outcome)
    {
        if (outcome.Refusal is { } no)
            await ProblemAsync(http, no);
        else
            await JsonAsync(http, Encoding.UTF8.GetBytes(outcome.Value), "text/plain; charset=utf-8");
    }

    /// <summary>The signed export of a promotion, byte for byte.</summary>
    public static Task ExportAsync(RestCall call, Outcome<HeldExport> export) => export.Refusal is { } no ? ProblemAsync(call.Http, no) : FileAsync(call.Http, $"{call.Of("id")}.json", export.Value);

    /// <summary>Whether the client has this view already, as it says.</summary>
    public static bool Knows<T>(HttpContext http, T view) => Knows(http, Tag(JsonSerializer.SerializeToUtf8Bytes(view, Json)));

    private static bool Knows(HttpContext http, string tag) =>
        http.Request.Headers.IfNoneMatch.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries)).Any(known => known == "*" || known == tag || known == "W/" + tag);

    private static string Tag(byte[] json) => $"\"{Digest.Of(json).Hex[..32]}\"";

    /// <summary>A view under a tag of its content (RFC 9110, section 8.8.3): who has it already is told so with 304 and nothing else.</summary>
    public static Task TaggedAsync<T>(HttpContext http, Outcome<T> outcome) => TaggedAsync(http, outcome, (_, json) => Tag(json));

    /// <summary>The same for a view that names its own revision, which a later edit may ask for (<c>If-Match</c>).</summary>
    public static Task RevisedAsync<T>(HttpContext http, Outcome<T> outcome, Func<T, string?> revision) => TaggedAsync(http, outcome, (view, _) => $"\"{revision(view)}\"");

    /// <summary>What an edit came to, under the revision that it led to: of an answer to what changes something, the tag is of what is there now (RFC 9110, section 8.8).</summary>
    public static Task EditedAsync<T>(HttpContext http, Outcome<T> outcome, Func<T, string?> revision)
    {
        if (outcome.Refusal is null && revision(outcome.Value) is { } now)
            http.Response.Headers.ETag = $"\"{now}\"";
        return JsonAsync(http, outcome);
    }

    private static async Task TaggedAsync<T>(HttpContext http, Outcome<T> outcome, Func<T, byte[], string> tagOf)
    {
        if (outcome.Refusal is { } no)
        {
            await ProblemAsync(http, no);
            return;
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(outcome.Value, Json);
        await UnderTagAsync(http, json, tagOf(outcome.Value, json));
    }

    /// <summary>JSON that is written already, under a tag of its content.</summary>
    public static Task BytesUnderTagAsync(HttpContext http, byte[] json) => UnderTagAsync(http, json, Tag(json));

    private static async Task UnderTagAsync(HttpContext http, byte[] json, string tag)
    {
        http.Response.Headers.ETag = tag;
        if (Knows(http, tag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        await JsonAsync(http, json);
    }
}
