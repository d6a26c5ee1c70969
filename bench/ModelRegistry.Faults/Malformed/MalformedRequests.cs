using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>Malformed HTTP requests to an MCP address.</summary>
/// <param name="sessions">Ids of sessions that are there.</param>
internal sealed class MalformedRequests(int seed, Known known, string host, string token, IReadOnlyList<string> sessions)
{
    private static readonly string[] Targets = ["/mcp", "/mcp", "/mcp", "//mcp", "/mcp/", "/MCP", "/%6dcp", "/mcp?x=%00", "/mcp/../mcp", "/mcp%2f", "/", "*", "/health", "/health/ready", "/metrics", "/%", "/mcp#x", "http://evil.example/mcp", "/\u00e9", "/../../etc/passwd"];

    private readonly MalformedMessages _messages = new(seed, known);

    /// <summary>The bytes of one request.</summary>
    public byte[] this[int index]
    {
        get
        {
            var random = Nasty.Case(seed * 31, index);
            if (random.Next(50) == 0)
                return BentRequest.Noise(random);
            var body = random.Next(2) == 0 ? _messages[index] : Encoding.UTF8.GetBytes(ValidMessages.Any(random, known, index).ToJsonString());
            var request = new BentRequest("POST", "/mcp", Headers(body, random), body);
            for (var bends = random.Next(4); bends > 0; bends--)
                request.Bend(random, Targets);
            return request.Written(random, framed: random.Next(5) == 0);
        }
    }

    private List<(string Name, string Value)> Headers(byte[] body, Random random)
    {
        List<(string Name, string Value)> headers = [("Host", host), ("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json"), ("Authorization", $"Bearer {token}"), ("Connection", "close")];
        JsonObject? message = null;
        try
        {
            message = JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
        }
        if (random.Next(3) == 0)
            headers.Add(("Mcp-Session-Id", Nasty.Pick(random, sessions)));
        else
        {
            headers.Add(("MCP-Protocol-Version", ValidMessages.Stateless));
            headers.Add(("Mcp-Method", Member(message, "method") ?? "tools/call"));
            if (Member(Parameters(message), "name") is { } name)
                headers.Add(("Mcp-Name", name));
        }
        return headers;
    }

    private static JsonObject? Parameters(JsonObject? message)
    {
        try
        {
            return message?["params"] as JsonObject;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // A member that is there twice, or bytes that are no text.
            return null;
        }
    }

    private static string? Member(JsonObject? of, string name)
    {
        try
        {
            return of?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
