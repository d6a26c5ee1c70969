using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>Where a version is to be served from, and how; a part of the statement that a person decides on.</summary>
/// <param name="Target">The name under which the policy declares it.</param>
/// <param name="Stage">The stage that the target required when it was asked for.</param>
/// <param name="Configuration">A JSON object in its canonical form (RFC 8785); <c>{}</c> where nothing was said.</param>
public sealed record TargetWish(string Target, string Stage, string Configuration)
{
    /// <summary>The largest configuration, in bytes of its canonical form: all of it is read by whoever decides, and kept in the log.</summary>
    public const int MostBytes = 4 * 1024;

    /// <summary>The configuration where nothing was said.</summary>
    public const string Nothing = "{}";

    /// <summary>Reads a configuration that comes as text.</summary>
    /// <param name="json">Null: none.</param>
    public static Outcome<JsonNode?> Read(string? json)
    {
        try
        {
            // What is the word null says something, and no object.
            return json is null ? (JsonNode?)null : JsonNode.Parse(json) is { } given ? given : Refusals.InvalidArgument("deployment_config", "a JSON object");
        }
        catch (JsonException e)
        {
            return Refusals.InvalidArgument("deployment_config", $"is no JSON: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Checks a configuration and brings it into its canonical form.</summary>
    /// <param name="given">Null: none.</param>
    public static Outcome<string> Configure(JsonNode? given)
    {
        if (given is null)
            return Nothing;
        if (given is not JsonObject)
            return Refusals.InvalidArgument("deployment_config", "a JSON object");
        try
        {
            var text = CanonicalJson.Text(given);
            return System.Text.Encoding.UTF8.GetByteCount(text) > MostBytes ? Refusals.InvalidArgument("deployment_config", $"at most {MostBytes / 1024} KiB of JSON")
                : text.Contains(@"\u0000", StringComparison.Ordinal) ? Refusals.InvalidArgument("deployment_config", "text without the character U+0000")
                : text;
        }
        catch (JsonException e)
        {
            return Refusals.InvalidArgument("deployment_config", e.Message.TrimEnd('.'));
        }
    }

    public JsonObject ToJson() => new() { ["target"] = Target, ["stage"] = Stage, ["configuration"] = JsonNode.Parse(Configuration) };

    /// <summary>Reads what <see cref="ToJson"/> wrote; it is the registry's own record, so a fault in it is a bug.</summary>
    public static TargetWish FromJson(JsonObject json) => new((string)json["target"]!, (string)json["stage"]!, CanonicalJson.Text(json["configuration"]));
}
