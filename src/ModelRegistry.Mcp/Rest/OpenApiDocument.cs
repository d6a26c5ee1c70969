using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>
/// Describes the routes as OpenAPI 3.1 (OpenAPI Specification 3.1.1). Nothing of it is written twice: fields are those that the
/// routes' own code asks for, answers are the views that they give.
/// </summary>
internal sealed partial class OpenApiDocument
{
    private readonly IReadOnlyList<RouteDescription> _routes;
    private readonly ViewSchemas _schemas = new();

    private OpenApiDocument(IReadOnlyList<RouteDescription> routes) => _routes = routes;

    /// <summary>The document as UTF-8, the same for the same routes.</summary>
    public static byte[] Write(IReadOnlyList<RouteDescription> routes, RegistryServices? registry = null) =>
        Encoding.UTF8.GetBytes(new OpenApiDocument(routes).Build(registry).ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");

    private JsonObject Build(RegistryServices? registry)
    {
        var paths = new JsonObject();
        foreach (var route in _routes)
        {
            var path = Rest().Replace(route.Path, "{$1}");
            var item = paths[path] as JsonObject ?? [];
            paths[path] ??= item;
            item[route.Method.ToLowerInvariant()] = Operation(route, registry);
        }
        // Its schemas come before they are listed.
        var refused = RefusedAnswers.All(_schemas.Problem());
        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Model Registry MCP",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3),
                ["description"] = "Models, versions, promotions and deployments. A promotion into a governed stage waits until a person decides with a proof of their own; no token decides.",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = _schemas.All(),
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "A token of an agent or a service, which a person made (`token create`). It registers and asks; it decides nothing. Under `open` and `local`, from this machine, none is needed. What takes a person's power takes their proof in the body (`proof`) instead." },
                },
                ["headers"] = AnswerHeaders.All(),
                ["responses"] = refused,
            },
        };
    }

    private JsonObject Operation(RouteDescription route, RegistryServices? registry)
    {
        var asked = RestFields.Asking();
        route.Ask(new RestCall(new DefaultHttpContext(), registry!, Actor.Registry, null, asked, CancellationToken.None));
        var operation = new JsonObject { ["operationId"] = IdOf(route), ["tags"] = new JsonArray(TagOf(route.Path)), ["summary"] = route.Says };
        if (route.Access == RouteAccess.Anybody)
            operation["security"] = new JsonArray();
        else if (route.Access == RouteAccess.Person)
            operation["security"] = new JsonArray(new JsonObject(), new JsonObject { ["token"] = new JsonArray() });

        var parameters = new JsonArray();
        foreach (Match part in Part().Matches(route.Path))
            parameters.Add(Parameter("path", part.Groups[1].Value, FieldWords.Of(part.Groups[1].Value), new JsonObject { ["type"] = "string" }, required: true));
        if (!route.HasBody)
            foreach (var field in asked.Asked)
                parameters.Add(Parameter("query", field.Name, FieldWords.Of(field.Name), FieldSchema(field), field.Required, field.Repeated || field.Type == "object"));
        foreach (var (name, meaning) in Headers(route, asked))
            parameters.Add(Parameter("header", name, meaning, new JsonObject { ["type"] = "string" }, required: false));
        if (parameters.Count > 0)
            operation["parameters"] = parameters;

        if (route.HasBody)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content("application/json", Members(asked)) };
        else if (route.Stream is { Bodies.Count: > 0 } stream)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = new JsonObject(stream.Bodies.Select(b => KeyValuePair.Create(b.Media, (JsonNode?)new JsonObject { ["schema"] = b.Schema.DeepClone() }))) };
        operation["responses"] = Responses(route, asked);
        return operation;
    }

    private static IEnumerable<(string Name, string Meaning)> Headers(RouteDescription route, RestFields asked)
    {
        if (route.HasKey)
            yield return (RequestKeys.Header, "1 to 200 characters. The same request sent again with it within a day is done once, and answered alike.");
        foreach (var name in asked.Headers)
            yield return (name, "The ETag that was seen; refused with 412 when it has changed since.");
        if (route.Reply.Statuses.Any(s => s.Status == StatusCodes.Status304NotModified))
            yield return ("If-None-Match", "The ETag of what the caller has.");
        foreach (var header in route.Stream?.Headers ?? [])
            yield return header;
    }

    private JsonObject Responses(RouteDescription route, RestFields asked)
    {
        var responses = new JsonObject();
        foreach (var shape in route.Stream?.Answers ?? route.Reply.Statuses)
        {
            var answer = new JsonObject { ["description"] = shape.Meaning };
            if (AnswerHeaders.Of(shape.Headers) is { } headers)
                answer["headers"] = headers;
            if (route.Stream is not null && route.Method != "HEAD")
                answer["content"] = new JsonObject(shape.Contents.Select(c => KeyValuePair.Create(c.Media, (JsonNode?)new JsonObject { ["schema"] = c.View is { } view ? _schemas.Of(view) : new JsonObject() })));
            else if (route.Stream is null && shape.Status != StatusCodes.Status304NotModified)
                answer["content"] = Content(route.Reply.Media, route.Reply.BodyOf(route.View) is { } body ? _schemas.Of(body) : new JsonObject { ["type"] = "string" });
            if (answer["content"] is JsonObject { Count: 0 })
                answer.Remove("content");
            responses[$"{shape.Status}"] = answer;
        }
        foreach (var (status, refused) in RefusedAnswers.Of(route, asked))
            responses.TryAdd(status, refused);
        return responses;
    }

    private static JsonObject Content(string media, JsonNode schema) => new() { [media] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Parameter(string where, string name, string meaning, JsonObject schema, bool required, bool explode = true)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = where, ["description"] = meaning, ["schema"] = schema };
        if (required)
            parameter["required"] = true;
        // A list in a query is one text with commas, unless its parameter may be there several times; an object is a parameter for each member.
        if (where == "query" && (string?)schema["type"] is "array" or "object")
            (parameter["style"], parameter["explode"]) = ("form", explode);
        return parameter;
    }

    private static JsonObject Members(RestFields asked)
    {
        var members = new JsonObject(asked.Asked.Select(f =>
        {
            var schema = FieldSchema(f);
            schema["description"] = FieldWords.Of(f.Name);
            return KeyValuePair.Create(f.Name, (JsonNode?)schema);
        }));
        var schema = new JsonObject { ["type"] = "object", ["properties"] = members, ["additionalProperties"] = false };
        if (asked.Asked.Where(f => f.Required).Select(f => (JsonNode)f.Name).ToArray() is { Length: > 0 } required)
            schema["required"] = new JsonArray(required);
        return schema;
    }

    private static JsonObject FieldSchema(FieldShape field)
    {
        if (field.Within is { } within)
            return Members(within);
        var schema = new JsonObject { ["type"] = field.OrObject ? new JsonArray(field.Type, "object") : field.Type };
        if (field.Format == "date-time")
            schema["format"] = field.Format;
        if (field.Names is { } names)
            schema["patternProperties"] = new JsonObject { [names] = new JsonObject { ["type"] = "number" } };
        else if (field.Format is "texts" or "numbers")
            schema["additionalProperties"] = new JsonObject { ["type"] = field.Format == "texts" ? new JsonArray("string", "null") : "number" };
        if (field.Type == "array")
            schema["items"] = new JsonObject { ["type"] = "string" };
        if (field.Choices is { Count: > 0 } choices && !field.OrObject)
            schema["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]);
        if (field.Least is { } least)
            schema["minimum"] = least;
        if (field.Most is { } most)
            schema["maximum"] = most;
        return schema;
    }

    /// <summary>A name for the operation that stays the same: its method and the words of its path.</summary>
    private static string IdOf(RouteDescription route) => route.Method.ToLowerInvariant() + string.Concat(Word().Matches(route.Path).Select(w => char.ToUpperInvariant(w.Value[0]) + w.Value[1..]));

    private static string TagOf(string path) => path.Contains("/promotions", StringComparison.Ordinal) || path.EndsWith("/rollback", StringComparison.Ordinal) ? "promotions"
        : path.Contains("deploy", StringComparison.Ordinal) || path == "/targets" ? "deployments"
        : path.Split('/')[1] switch { "models" or "blobs" or "versions" => "catalog", "audit" or "policy" => "record", "reviews" or "challenges" => "promotions", _ => "people" };

    [GeneratedRegex(@"\{\**(\w+)\}")]
    private static partial Regex Part();

    [GeneratedRegex(@"\{\*+(\w+)\}")]
    private static partial Regex Rest();

    [GeneratedRegex(@"[A-Za-z0-9]+")]
    private static partial Regex Word();
}
