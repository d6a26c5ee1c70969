using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Cli;

/// <summary>What <c>doctor</c> looks at where a server stands in for a data folder.</summary>
internal static class ServerChecks
{
    private const string Stateless = "2026-07-28";

    public static async Task<IReadOnlyList<DoctorVerb.CheckView>> RunAsync(ServerSettings server, CancellationToken cancel)
    {
        using var client = new RestClient(server);
        var checks = new List<DoctorVerb.CheckView>();
        async Task<bool> LookAsync<T>(string what, RestRequest asked, Func<T, DoctorVerb.CheckView> found)
        {
            try
            {
                var answer = await client.SendAsync<T>(asked, withToken: true, cancel);
                checks.Add(answer.Refusal is { } no ? new(what, "fail", no.Message, no.Remedy) : found(answer.Value));
                return answer.Refusal is null;
            }
            catch (ServerUnavailableException e)
            {
                checks.Add(new(what, "fail", e.Message, e.Remedy));
                return false;
            }
        }

        // Without the first there is nothing more to learn.
        if (!await LookAsync<JsonObject>("server", RestRequest.Get("health"), _ => DoctorVerb.Ok("server", $"answers at {server.Address.GetLeftPart(UriPartial.Authority)}")))
            return checks;
        await LookAsync<JsonObject>("ready", RestRequest.Get("health", "ready"), _ => DoctorVerb.Ok("ready", "database and files answer"));
        if (!await LookAsync<JsonObject>("token", RestRequest.Get("me"), me => DoctorVerb.Ok("token", Who(me, server.Token is not null))))
            return checks;
        await LookAsync<JsonObject>("mcp", Discover(), answer => Spoken(answer["result"] as JsonObject));
        await LookAsync<PolicyView>("policy", RestRequest.Get("policy"), policy => DoctorVerb.Ok("policy", $"{policy.Name}, sha256 {policy.Digest}"));
        return checks;
    }

    private static string Who(JsonObject me, bool token) =>
        $"{(token ? "" : "none, and none is needed: ")}{me["kind"]} {me["name"]}{(me["owner"] is { } owner ? $" of {owner}" : "")}, {Shown.List((me["roles"] as JsonArray ?? []).Select(role => $"{role}"))}";

    private static DoctorVerb.CheckView Spoken(JsonObject? said)
    {
        var version = $"{(said?["serverInfo"] ?? said?["_meta"]?["io.modelcontextprotocol/serverInfo"])?["version"]}";
        return version.Length == 0 ? new("mcp", "fail", "its answer names no version", "Check that the address is that of a model registry.")
            : version == DoctorVerb.Version ? DoctorVerb.Ok("mcp", $"the server is of version {version}")
            : new("mcp", "warn", $"the server is of version {version}, this program of {DoctorVerb.Version}", "Use the same version here and there, or read what changed.");
    }

    // What a client of 2026-07-28 asks first.
    private static RestRequest Discover()
    {
        var meta = new JsonObject
        {
            ["io.modelcontextprotocol/protocolVersion"] = Stateless,
            ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
            ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "doctor", ["version"] = DoctorVerb.Version },
        };
        var headers = new Dictionary<string, string> { ["Accept"] = "application/json, text/event-stream", ["MCP-Protocol-Version"] = Stateless, ["Mcp-Method"] = "server/discover" };
        var request = RestRequest.Post("mcp").With("jsonrpc", "2.0").With("id", 1).With("method", "server/discover").With("params", new JsonObject { ["_meta"] = meta });
        return request with { Headers = headers };
    }
}
