using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// Headers of Streamable HTTP. In 2026-07-28 they repeat parts of the body, so that a proxy can route and limit without
/// reading it; what they say has to be what the body says, or proxy and server would act on two different requests.
/// </summary>
internal static class ProtocolHeaders
{
    public const string Session = "Mcp-Session-Id", Version = "MCP-Protocol-Version", Method = "Mcp-Method", Name = "Mcp-Name";

    private const string Parameter = "Mcp-Param-";

    /// <summary>The version from which on every request stands alone.</summary>
    public const string Stateless = "2026-07-28";

    /// <summary>What is spoken after an <c>initialize</c>.</summary>
    public static IReadOnlyList<string> Handshake { get; } = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

    private static readonly string[] GoneMethods = ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

    /// <summary>Why a request of 2026-07-28 is refused before anything looks at it (Transports, Streamable HTTP); null when it is not.</summary>
    /// <param name="version">What its version header says; empty when there is none.</param>
    /// <param name="schemaOf">The input schema of a tool, by name.</param>
    public static (int Status, McpErrorCode Code, string Message)? Problem(IHeaderDictionary headers, string version, JsonRpcRequest request, Func<string, JsonElement?> schemaOf)
    {
        var meta = Meta(request);
        if (Text(meta?[MetaKeys.ProtocolVersion]) is not { } said)
            return (400, McpErrorCode.InvalidParams, $"_meta lacks {MetaKeys.ProtocolVersion}; every request of {Stateless} says it.");
        if (version.Length == 0)
            return (400, McpErrorCode.HeaderMismatch, $"The header {Version} is missing.");
        if (said != version)
            return (400, McpErrorCode.HeaderMismatch, $"The header {Version} and _meta name different versions.");
        if (Mismatch(headers, request, schemaOf) is { } mismatch)
            return (400, McpErrorCode.HeaderMismatch, mismatch);
        if (meta![MetaKeys.ClientCapabilities] is not JsonObject)
            return (400, McpErrorCode.InvalidParams, $"_meta lacks {MetaKeys.ClientCapabilities}; every request of {Stateless} says what its client can do.");
        return GoneMethods.Contains(request.Method) ? (404, McpErrorCode.MethodNotFound, $"{request.Method} does not exist in {Stateless}.") : null;
    }

    /// <summary>Whether a request speaks 2026-07-28, by header or body.</summary>
    public static bool IsStateless(string version, JsonRpcMessage message) => version == Stateless || (message is JsonRpcRequest request && Text(Meta(request)?[MetaKeys.ProtocolVersion]) == Stateless);

    /// <summary>What the header <see cref="Name"/> of a request has to say; null where it has none.</summary>
    public static string? NameOf(JsonRpcRequest request) => NamingMember(request) is { } member ? Text((request.Params as JsonObject)?[member]) : null;

    private static string? NamingMember(JsonRpcRequest request) => request.Method switch { "tools/call" or "prompts/get" => "name", "resources/read" => "uri", _ => null };

    private static JsonObject? Meta(JsonRpcRequest request) => (request.Params as JsonObject)?["_meta"] as JsonObject;

    private static string? Mismatch(IHeaderDictionary headers, JsonRpcRequest request, Func<string, JsonElement?> schemaOf)
    {
        if (headers[Method] is not [{ } method])
            return $"The header {Method} is missing.";
        if (method.Trim() != request.Method)
            return $"The header {Method} and the body name different methods.";
        if (NamingMember(request) is not { } member)
            return null;
        var parameters = request.Params as JsonObject;
        if (headers[Name] is not [{ } name])
            return $"The header {Name} is missing.";
        if (McpHeaderEncoder.DecodeValue(name.Trim()) is not { } decoded)
            return $"The header {Name} is badly encoded.";
        if (decoded != Text(parameters?[member]))
            return $"The header {Name} and the body's {member} differ.";
        return request.Method == "tools/call" && schemaOf(decoded) is { } schema ? Mismatch(headers, schema, parameters?["arguments"] as JsonObject) : null;
    }

    /// <summary>Arguments that a tool's schema marks with <c>x-mcp-header</c> come in a header as well.</summary>
    private static string? Mismatch(IHeaderDictionary headers, JsonElement schema, JsonObject? arguments)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var property in properties.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object))
        {
            var value = arguments?[property.Name];
            if (property.Value.TryGetProperty("x-mcp-header", out var marked) && marked.ValueKind == JsonValueKind.String)
            {
                if (Mismatch(headers[Parameter + marked.GetString()], Parameter + marked.GetString(), value, property.Value) is { } problem)
                    return problem;
            }
            else if (Mismatch(headers, property.Value, value as JsonObject) is { } nested)
                return nested;
        }
        return null;
    }

    private static string? Mismatch(Microsoft.Extensions.Primitives.StringValues given, string name, JsonNode? value, JsonElement schema)
    {
        if (value is null)
            return given.Count > 0 ? $"The header {name} is there, its argument is not." : null;
        if (given is not [{ } raw])
            return $"The header {name} is missing.";
        if (McpHeaderEncoder.DecodeValue(raw.Trim()) is not { } decoded)
            return $"The header {name} is badly encoded.";
        var wanted = McpHeaderEncoder.ConvertToHeaderValue(value) is { } encoded ? McpHeaderEncoder.DecodeValue(encoded) : null;
        // 1 and 1.0 are one integer.
        var whole = schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("integer");
        var same = decoded == wanted || (whole && decimal.TryParse(decoded, out var one) && decimal.TryParse(wanted, out var other) && one == other);
        return same ? null : $"The header {name} and its argument differ.";
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;
}
