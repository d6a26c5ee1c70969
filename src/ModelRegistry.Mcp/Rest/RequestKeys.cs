using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>The header <c>Idempotency-Key</c>: a request that is repeated with it is done once, and answered as it was.</summary>
internal static class RequestKeys
{
    public const string Header = "Idempotency-Key";

    /// <summary>The caller, with the key of this request where it has one.</summary>
    /// <param name="asked">Over the body, or what stands for it.</param>
    public static Outcome<Actor> Of(HttpContext http, Actor by, Digest? asked)
    {
        var read = Read(http);
        if (read.Refusal is { } no)
            return no;
        // Everything that tells one request from another, each part with its length before it.
        var parts = new[] { http.Request.Method, http.Request.Path.Value ?? "", http.Request.QueryString.Value ?? "", asked?.Hex ?? "" };
        return read.Value is { } key ? by with { Once = new RequestKey(key, Digest.Of(string.Concat(parts.Select(p => $"{p.Length}:{p}")))) } : by;
    }

    /// <summary>The key as it was sent; null where there is none.</summary>
    public static Outcome<string?> Read(HttpContext http)
    {
        var sent = http.Request.Headers[Header];
        if (sent.Count == 0)
            return (string?)null;
        // A structured header's string (RFC 8941, section 3.3.3) comes in quotes; most clients leave them out.
        var key = (sent is [{ } only] ? only : "").Trim();
        if (key is ['"', .. var inner, '"'])
            key = inner;
        return RequestKey.Check(key, Header) is { } no ? no : key;
    }
}
