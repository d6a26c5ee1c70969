using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>What there is in the registry under test, so that messages hit something before they are bent.</summary>
/// <param name="Tools">As <c>tools/list</c> gives them.</param>
internal sealed record Known(JsonArray Tools, IReadOnlyList<string> Models, IReadOnlyList<string> Versions, IReadOnlyList<string> Promotions, IReadOnlyList<string> Cursors, IReadOnlyList<string> Files);

/// <summary>Messages that are right, in both eras: the ground from which malformed ones are made.</summary>
internal static class ValidMessages
{
    public const string Stateless = "2026-07-28";

    private static readonly string[] Methods =
    [
        "ping", "tools/list", "tools/call", "tools/call", "server/discover", "initialize", "resources/list", "resources/read", "resources/templates/list", "resources/subscribe", "resources/unsubscribe",
        "prompts/list", "prompts/get", "completion/complete", "logging/setLevel", "subscriptions/listen", "notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/roots/list_changed",
        "sampling/createMessage", "roots/list", "tasks/get",
    ];

    public static JsonObject Any(Random random, Known known, int index)
    {
        var stateless = random.Next(2) == 0;
        // Most of what can go wrong lies behind tools/call.
        var method = random.Next(5) < 3 ? "tools/call" : Methods[random.Next(Methods.Length)];
        var message = new JsonObject { ["jsonrpc"] = "2.0" };
        if (!method.StartsWith("notifications/", StringComparison.Ordinal))
            message["id"] = index;
        message["method"] = method;
        if (Parameters(method, random, known, index) is { } parameters)
            message["params"] = parameters;
        if (stateless && message["id"] is not null)
            ((message["params"] ??= new JsonObject()).AsObject())["_meta"] = Meta(random);
        return message;
    }

    public static JsonObject Meta(Random? random = null) => new()
    {
        ["io.modelcontextprotocol/protocolVersion"] = Stateless,
        ["io.modelcontextprotocol/clientCapabilities"] = random?.Next(2) == 0 ? new JsonObject { ["elicitation"] = new JsonObject { ["form"] = new JsonObject() } } : new JsonObject(),
        ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "fuzzer", ["version"] = "1" },
    };

    private static JsonObject? Parameters(string method, Random random, Known known, int index) => method switch
    {
        "tools/call" => Call(random, known),
        "initialize" => new JsonObject { ["protocolVersion"] = "2025-11-25", ["capabilities"] = new JsonObject { ["elicitation"] = new JsonObject() }, ["clientInfo"] = new JsonObject { ["name"] = "fuzzer", ["version"] = "1" } },
        "resources/read" or "resources/subscribe" or "resources/unsubscribe" => new JsonObject { ["uri"] = $"registry://models/{Nasty.Pick(random, known.Models)}" },
        "prompts/get" => new JsonObject { ["name"] = "review_promotion", ["arguments"] = new JsonObject { ["promotion_id"] = Nasty.Pick(random, known.Promotions) } },
        "completion/complete" => new JsonObject { ["ref"] = new JsonObject { ["type"] = "ref/resource", ["uri"] = "registry://models/{name}" }, ["argument"] = new JsonObject { ["name"] = "name", ["value"] = "c" } },
        "logging/setLevel" => new JsonObject { ["level"] = "debug" },
        "subscriptions/listen" => new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true, ["resourceSubscriptions"] = new JsonArray("registry://policy") } },
        // Of a request long answered; one under way is cancelled by the campaign itself.
        "notifications/cancelled" => new JsonObject { ["requestId"] = -index - 1, ["reason"] = "no longer wanted" },
        "notifications/progress" => new JsonObject { ["progressToken"] = index, ["progress"] = 1 },
        "tools/list" when random.Next(2) == 0 => new JsonObject { ["cursor"] = Nasty.Pick(random, known.Cursors) },
        _ => null,
    };

    private static JsonObject Call(Random random, Known known)
    {
        var tool = known.Tools[random.Next(known.Tools.Count)]!;
        var schema = tool["inputSchema"]!;
        var required = schema["required"]?.AsArray().Select(r => (string)r!).ToHashSet() ?? [];
        var arguments = new JsonObject();
        foreach (var (name, argument) in schema["properties"]!.AsObject())
            if (required.Contains(name) || random.Next(5) == 0)
                arguments[name] = Value(name, argument!, random, known);
        var call = new JsonObject { ["name"] = (string)tool["name"]!, ["arguments"] = arguments };
        if (random.Next(10) == 0)
            call["requestState"] = "eyJOb25jZSI6IjAwIn0.AAAA";
        if (random.Next(8) == 0)
            call["inputResponses"] = new JsonObject { ["decision"] = new JsonObject { ["action"] = "accept", ["content"] = new JsonObject { ["decision"] = "approve" } } };
        return call;
    }

    private static JsonNode Value(string name, JsonNode argument, Random random, Known known) => (string?)argument["type"] switch
    {
        "integer" => random.Next(1, 20),
        "boolean" => random.Next(2) == 0,
        "array" => new JsonArray([.. Enumerable.Range(0, 2).Select(_ => (JsonNode)(name switch { "files" => Nasty.Pick(random, known.Files), "versions" => Nasty.Pick(random, known.Versions), _ => "accuracy=0.5" }))]),
        _ => argument["enum"] is JsonArray choices ? (string)choices[random.Next(choices.Count)]! : name switch
        {
            "model_name" => Nasty.Pick(random, known.Models),
            "version" or "to_version" => Nasty.Pick(random, known.Versions),
            "promotion_id" => Nasty.Pick(random, known.Promotions),
            "cursor" => Nasty.Pick(random, known.Cursors),
            "stage" => Nasty.Pick(random, ["development", "validation", "staging", "production", "archived"]),
            "at" => "2026-01-31T12:00:00Z",
            "metadata" => """{"framework":"none","card":"# Card"}""",
            _ => "a text",
        },
    };
}
