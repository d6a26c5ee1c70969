using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Remote;

/// <summary>One request to a server's REST: made with <see cref="Get"/>, <see cref="Post"/> or <see cref="Patch"/>, and filled.</summary>
/// <param name="Path">Encoded, with its query.</param>
internal sealed record RestRequest(HttpMethod Method, string Path, JsonObject? Body)
{
    /// <summary>Further headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <param name="segments">Of the path, as they are; each is encoded.</param>
    public static RestRequest Get(params string[] segments) => new(HttpMethod.Get, PathOf(segments), null);

    public static RestRequest Patch(params string[] segments) => new(HttpMethod.Patch, PathOf(segments), []);

    public static RestRequest Post(params string[] segments) => new(HttpMethod.Post, PathOf(segments), []);

    public static RestRequest Delete(params string[] segments) => new(HttpMethod.Delete, PathOf(segments), null);

    /// <summary>With one value more: in the query of what reads, in the body of what changes. One that is not there is left out.</summary>
    public RestRequest With(string name, object? value)
    {
        if (value is null or IReadOnlyCollection<string> { Count: 0 })
            return this;
        if (Body is not null)
        {
            var body = (JsonObject)Body.DeepClone();
            body[name] = value as JsonNode ?? JsonSerializer.SerializeToNode(value, Replies.Json);
            return this with { Body = body };
        }
        var text = value switch
        {
            DateTimeOffset time => Times.Text(time),
            IEnumerable<string> items => string.Join(',', items),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
        return this with { Path = $"{Path}{(Path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{name}={Uri.EscapeDataString(text)}" };
    }

    /// <summary>With a parameter of the query for each of several values.</summary>
    public RestRequest WithEach(string name, IEnumerable<string> values) => values.Aggregate(this, (request, value) => request.With(name, value));

    // Nothing is named by dots, and they would lead to another address.
    private static string PathOf(string[] segments) => string.Concat(segments.Select(s => "/" + (s.Trim('.').Length == 0 ? "%20" : Uri.EscapeDataString(s))));
}
