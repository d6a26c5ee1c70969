using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Headers of answers, for whoever reads the description of the routes. A header means the same wherever it comes.</summary>
internal static class AnswerHeaders
{
    private static readonly SortedDictionary<string, (string Type, string Meaning)> Known = new(StringComparer.Ordinal)
    {
        ["Accept-Ranges"] = ("string", "`bytes`: ranges are taken (RFC 9110, section 14.3)."),
        ["Content-Disposition"] = ("string", "The name to keep it under (RFC 6266)."),
        ["Content-Range"] = ("string", "Which bytes these are, and of how many (RFC 9110, section 14.4)."),
        ["ETag"] = ("string", "In quotes: the revision of what can be edited, which `If-Match` takes; the SHA-256 of a content; else a digest of the answer."),
        ["Location"] = ("string", "Where what was made is, or what waits is followed."),
        ["Retry-After"] = ("integer", "How many seconds to wait before the request is sent again (RFC 9110, section 10.2.3)."),
        ["Upload-Offset"] = ("integer", "How many bytes of the caller's upload are here: where it goes on."),
        ["WWW-Authenticate"] = ("string", "`Bearer`, and whether the token that was sent is the reason (RFC 6750, section 3)."),
    };

    /// <summary>References to those that come with an answer; null where none does.</summary>
    public static JsonObject? Of(IReadOnlyList<string> names) => names.Count == 0 ? null
        : new(names.Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["$ref"] = Known.ContainsKey(name) ? $"#/components/headers/{name}" : throw new KeyNotFoundException($"'{name}' has no description in {nameof(AnswerHeaders)}.") })));

    public static JsonObject All() => new(Known.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)new JsonObject
    {
        ["description"] = header.Value.Meaning, ["schema"] = new JsonObject { ["type"] = header.Value.Type },
    })));
}
