using System.Text.Json.Nodes;
using ModelRegistry.Artifacts;
using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Bodies and answers of the routes that read and write for themselves.</summary>
internal static class StreamShapes
{
    private const string Json = "application/json", Binary = "application/octet-stream";

    /// <summary>A new version, as a form with its files or as JSON that names contents put before.</summary>
    /// <param name="named">Whether the body names the model.</param>
    public static StreamShape Registration(bool named) => new(
        [("multipart/form-data", Version(named, form: true)), (Json, Version(named, form: false))],
        [new(201, "It was registered.", "Location") { Contents = [(Json, typeof(RegisteredView))] }], [(RequestKeys.Header, "1 to 200 characters. The same request sent again with it within a day makes no second version, and is answered alike.")]);

    public static StreamShape BlobHead { get; } = new([], [new(200, "It is here.", "ETag"), new(404, "It is not; Upload-Offset says how many bytes of the caller's upload are.", "Upload-Offset")], []);

    public static StreamShape BlobPut { get; } = new([(Binary, new JsonObject())], [new(201, "All of it is here.") { Contents = [(Json, typeof(BlobView))] }, new(202, "A part of it is here; Upload-Offset says how much.", "Upload-Offset") { Contents = [(Json, typeof(BlobView))] }],
        [("Content-Range", "`bytes N-M/TOTAL`, or `bytes N-`: the part that this request carries, when it goes on after a cut.")]);

    public static StreamShape File { get; } = new([],
        [
            new(200, "The content, hashed on the way; with `presigned`, an address to fetch it from.", "ETag", "Content-Disposition", "Accept-Ranges") { Contents = [(Binary, null), (Json, typeof(SignedFileView))] },
            new(206, "The range asked for.", "ETag", "Content-Range", "Content-Disposition", "Accept-Ranges") { Contents = [(Binary, null)] },
            new(304, "It is what the caller has (If-None-Match).", "ETag"),
            new(412, "It is not what the caller goes by (If-Match).", "ETag"),
            new(416, "The file has no such range; Content-Range says how long it is.", "ETag", "Content-Range", "Content-Disposition", "Accept-Ranges"),
        ],
        [
            ("Range", "`bytes=N-M` (RFC 9110, section 14)."), ("If-None-Match", "The SHA-256 that the caller has, in quotes."),
            ("If-Match", "The SHA-256 that it must have, in quotes; 412 when it has another."), ("If-Range", "The SHA-256 that the range is to be of, in quotes; the whole file when it has another."),
        ]);

    public static StreamShape Archive { get; } = new([], [new(200, "All files as a tar (POSIX.1-2001).", "Content-Disposition") { Contents = [("application/x-tar", null)] }], []);

    // A part of a form is a text; what is a list or an object within it is that text's content.
    private static JsonObject Version(bool named, bool form)
    {
        JsonObject Within(JsonObject schema, string? says = null)
        {
            var made = form ? new JsonObject { ["type"] = "string", ["contentMediaType"] = Json, ["contentSchema"] = schema } : schema;
            if (says is not null)
                made["description"] = says;
            return made;
        }
        var properties = new JsonObject();
        if (named)
            properties["model_name"] = Text("A model's name; it is made where it is not there.");
        properties["version"] = Text("The label wanted; default: the next one.");
        properties["bump"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("major", "minor", "patch") };
        properties["alias"] = Text(FieldWords.Of("alias"));
        foreach (var metric in VersionForm.Metrics)
            properties[metric] = new JsonObject { ["type"] = "number" };
        foreach (var shape in VersionForm.Shapes)
            properties[shape] = Within(new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = new JsonArray("integer", "string") } });
        properties["metadata"] = Within(new JsonObject { ["type"] = "object" }, "A whole metadata document; what is said beside it counts more.");
        foreach (var name in MetadataFile.Names)
            properties.TryAdd(name, name switch
            {
                "dependencies" => Within(new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } }),
                _ when MetadataFile.IsObject(name) => Within(new JsonObject { ["type"] = "object" }),
                _ => new JsonObject { ["type"] = "string" },
            });
        properties[form ? "file" : "files"] = !form
            ? new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["path"] = Text("Within the version; with a uri, default: the last step of its key."), ["sha256"] = Text("Of a content that was put before; with a uri, what it must hash to."), ["uri"] = Text("s3://BUCKET/KEY: an object of the registry's bucket, in place of a content put before.") } },
            }
            : new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string", ["contentMediaType"] = Binary }, ["description"] = "One or more; the file name is the path within the version." };
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        schema["required"] = named ? new JsonArray("model_name", form ? "file" : "files") : new JsonArray(form ? "file" : "files");
        return schema;
    }

    private static JsonObject Text(string says) => new() { ["type"] = "string", ["description"] = says };
}
