using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Rest;

/// <summary>What the body of a request says.</summary>
internal static class RestBody
{
    public static async Task<Outcome<RestFields>> ReadAsync(HttpContext http) => (await JsonBody.ReadAsync(http)).Then<RestFields>(body =>
        RestFields.Of(body.Object, http.Request.Headers.ContainsKey(RequestKeys.Header) ? Digest.Of(body.Bytes.Span) : null));
}
