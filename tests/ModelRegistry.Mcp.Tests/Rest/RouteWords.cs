using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>
/// The description of the routes, held against what a server really answers: each status that a test sees is described, with its
/// media type and with the headers that a caller goes by. Another test says that the description is the one that a server gives.
/// </summary>
internal static class RouteWords
{
    private static readonly JsonObject Document = JsonNode.Parse(File.ReadAllText(Repository.At("tests/ModelRegistry.Mcp.Tests/Snapshots/openapi.json")))!.AsObject();

    // What stands in an address literally counts more than what may be anything.
    private static readonly List<(Regex Path, JsonObject Item)> Routes = [.. Document["paths"]!.AsObject()
        .OrderBy(p => p.Key.Count(c => c == '{'))
        .Select(p => (new Regex("^" + Regex.Replace(Regex.Escape(p.Key).Replace("\\{path}", ".+", StringComparison.Ordinal), @"\\\{\w+}", "[^/]+") + "$", RegexOptions.CultureInvariant), p.Value!.AsObject()))];

    private static readonly string[] Telling = ["ETag", "Location", "Upload-Offset", "Retry-After", "WWW-Authenticate", "Content-Range", "Content-Disposition"];

    /// <summary>Whether an answer is one of those that are described.</summary>
    public static void Holds(string method, string path, HttpResponseMessage answer)
    {
        if (Routes.FirstOrDefault(r => r.Path.IsMatch(path)).Item?[method.ToLowerInvariant()] is not JsonObject operation)
            return;
        var (status, seen) = ((int)answer.StatusCode, $"{method} {path} answered {(int)answer.StatusCode}");
        // Not of the route: the request never came to it.
        if (status is 405 or 421)
            return;
        Assert.True(operation["responses"]![$"{status}"] is not null, $"{seen}, which is not described.");
        var described = Resolved(operation["responses"]![$"{status}"]!);
        if (answer.Content.Headers.ContentType?.MediaType is { } media && answer.Content.Headers.ContentLength is not 0 && method != "HEAD")
            Assert.True(described["content"]?[media] is not null, $"{seen} with {media}, which is not described.");
        foreach (var name in Telling.Where(name => answer.Headers.NonValidated.Contains(name) || answer.Content.Headers.NonValidated.Contains(name)))
            Assert.True(described["headers"]?[name] is not null, $"{seen} with {name}, which is not described.");
    }

    private static JsonNode Resolved(JsonNode node) => (string?)node["$ref"] is { } reference ? reference.Split('/').Skip(1).Aggregate((JsonNode)Document, (at, step) => at[step]!) : node;
}
