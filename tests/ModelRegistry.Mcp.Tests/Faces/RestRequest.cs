using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests.Faces;

/// <summary>A request as REST takes it.</summary>
/// <param name="Path">With its query.</param>
/// <param name="Body">Null where it only reads.</param>
internal sealed record RestRequest(string Path, JsonObject? Body)
{
    // What an edit says under the same names as over MCP.
    private static readonly string[] Edits = ["description", "task", "is_active", "remove_aliases", "alias", "dataset", "release_notes"];

    public HttpMethod Method { get; init; } = Body is null ? HttpMethod.Get : HttpMethod.Post;

    /// <summary>The same as over MCP; null where REST has no such request.</summary>
    public static RestRequest? Of(SameRequest request)
    {
        var arguments = request.Arguments;
        var model = Part("model_name");
        return request.Tool switch
        {
            "list_models" => new("/models" + Query("search", "stage", "tag", "limit", "cursor"), null),
            "list_versions" => new($"/models/{model}/versions" + Query("stage", "status", "limit", "cursor"), null),
            "get_model_info" when arguments.ContainsKey("version") => new($"/models/{model}/versions/{Part("version")}", null),
            "get_model_info" => new($"/models/{model}", null),
            "get_serving_version" => new($"/models/{model}/serving" + Query("stage", "at"), null),
            "compare_versions" => new($"/models/{model}/compare?versions={Uri.EscapeDataString(string.Join(',', arguments["versions"]!.AsArray()))}", null),
            "get_history" => new($"/models/{model}/history" + Query("at", "limit", "cursor"), null),
            "list_promotions" => new("/promotions" + Query("status", "limit", "cursor") + (arguments.ContainsKey("model_name") ? $"?model={model}" : ""), null),
            "get_promotion" => new($"/promotions/{Part("promotion_id")}", null),
            "promote_model" => new($"/models/{model}/versions/{Part("version")}/promotions", Body("stage", "reason", "idempotency_key")),
            "rollback_model" => new($"/models/{model}/rollback", Body("to_version", "reason", "idempotency_key")),
            "deploy_model" => new("/deploy", Deployed()),
            "list_deployments" => new("/deployments" + Query("cursor") + (arguments.ContainsKey("model_name") ? $"?model={model}" : ""), null),
            "set_metadata" when arguments.All(a => a.Key is "model_name" or "version" || Edits.Contains(a.Key)) =>
                new($"/models/{model}" + (arguments.ContainsKey("version") ? $"/versions/{Part("version")}" : ""), Body(Edits)) { Method = HttpMethod.Patch },
            "withdraw_promotion" => new($"/promotions/{Part("promotion_id")}/withdraw", Body("reason")),
            _ => null,
        };

        string Part(string name) => arguments[name] is { } value ? Uri.EscapeDataString(value.ToString()).Replace("%7B", "{", StringComparison.Ordinal).Replace("%7D", "}", StringComparison.Ordinal) : "";

        string Query(params string[] names)
        {
            var given = names.Where(arguments.ContainsKey).Select(name => $"{name}={Part(name)}").ToList();
            return given.Count == 0 ? "" : "?" + string.Join('&', given);
        }

        // REST takes a configuration as the object that it is.
        JsonObject Deployed()
        {
            var body = Body("model_name", "version", "deployment_target", "deployment_config", "reason", "idempotency_key");
            if (body["deployment_config"] is { } text)
                body["deployment_config"] = JsonNode.Parse((string)text!);
            return body;
        }

        JsonObject Body(params string[] names) => new(names.Where(arguments.ContainsKey).Select(name => KeyValuePair.Create(name, arguments[name]?.DeepClone())));
    }
}
