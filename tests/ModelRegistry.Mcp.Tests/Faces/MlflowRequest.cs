using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests.Faces;

/// <summary>A request as MLflow's clients send it.</summary>
/// <param name="Path">Behind <c>/api/2.0/mlflow/</c>, with its query.</param>
/// <param name="Body">Null where it only reads.</param>
internal sealed record MlflowRequest(HttpMethod Method, string Path, JsonObject? Body)
{
    /// <summary>The same as over MCP; null where MLflow has no such request, or means another by it.</summary>
    public static MlflowRequest? Of(SameRequest request)
    {
        var arguments = request.Arguments;
        var (model, version) = ((string?)arguments["model_name"] ?? "", Number((string?)arguments["version"]));
        return request.Tool switch
        {
            "get_model_info" when !arguments.ContainsKey("version") => new(HttpMethod.Get, $"registered-models/get?name={Uri.EscapeDataString(model)}", null),
            "get_model_info" when version is not null => new(HttpMethod.Get, $"model-versions/get?name={Uri.EscapeDataString(model)}&version={version}", null),
            // What is there already is done, for MLflow; and it has no place for a reason, so that one is always given.
            "promote_model" when version is not null && Stage() is { } stage && (arguments.ContainsKey("reason") || request.Answer != "blocked") && !arguments.ContainsKey("idempotency_key") =>
                new(HttpMethod.Post, "model-versions/transition-stage", new() { ["name"] = model, ["version"] = version, ["stage"] = stage, ["comment"] = (string?)arguments["reason"] }),
            "set_metadata" when arguments.Count == 2 && arguments["new_name"] is { } name => new(HttpMethod.Post, "registered-models/rename", new() { ["name"] = model, ["new_name"] = (string?)name }),
            "set_metadata" when arguments.Count == 2 && arguments["description"] is { } text => new(HttpMethod.Patch, "registered-models/update", new() { ["name"] = model, ["description"] = (string?)text }),
            "set_metadata" when arguments.Count == 2 && arguments["remove_aliases"] is JsonArray { Count: 1 } aliases => new(HttpMethod.Delete, "registered-models/alias", new() { ["name"] = model, ["alias"] = (string?)aliases[0] }),
            "set_metadata" when arguments.Count == 3 && version is not null && arguments["release_notes"] is { } notes => new(HttpMethod.Patch, "model-versions/update", new() { ["name"] = model, ["version"] = version, ["description"] = (string?)notes }),
            _ => null,
        };

        string? Stage() => (string?)arguments["stage"] switch { "staging" => "Staging", "production" or "prod" => "Production", "archived" => "Archived", _ => null };
    }

    private static string? Number(string? version) => (version is ['v', .. var digits] ? digits : version) is { Length: > 0 } number && number.All(char.IsAsciiDigit) ? number : null;
}
