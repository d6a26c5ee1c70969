namespace ModelRegistry.Mcp.Http;

/// <summary>What a browser asks before it lets a page of another site call (Fetch, CORS protocol): yes to the origins an operator named, silence to all others.</summary>
internal static class CrossOrigin
{
    /// <summary>Adds what the page's browser needs; true when the request was only that question and is answered.</summary>
    public static bool Answer(HttpContext http, HostGuard guard)
    {
        if (http.Request.Headers.Origin is not [{ } origin] || !guard.Allowed.Contains(origin))
            return false;
        var headers = http.Response.Headers;
        (headers.AccessControlAllowOrigin, headers.Vary, headers.AccessControlExposeHeaders) = (origin, "Origin", "Mcp-Session-Id, WWW-Authenticate, Retry-After, ETag, Location, Upload-Offset, Content-Range");
        if (http.Request.Method != "OPTIONS" || http.Request.Headers.AccessControlRequestMethod.Count == 0)
            return false;
        headers.AccessControlAllowMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";
        headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept, If-None-Match, If-Match, If-Range, Idempotency-Key, Range, Content-Range, Last-Event-ID, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, X-MCP-Readonly, X-MCP-Toolsets, X-MCP-Tools";
        headers.AccessControlMaxAge = "600";
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
