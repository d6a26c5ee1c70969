using System.Text.Json.Nodes;
using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Bodies and answers of the routes that read and write for themselves.</summary>
internal static class StreamShapes
{
    private const string Json = "application/json", Binary = "application/octet-stream";

    /// <summary>A new version, as a form with its files or as JSON that names contents put before.</summary>
    /// <param name="named">Whether the body names the model.</param>
    public static StreamShape Registration(bool named) => new(
        [("multipart/form-data", Version(named, files: false)), (Json, Version(named, files: true))],
        [(201, "It was registered; Location is where it is.", Json)], [(RequestKeys.Header, "1 to 200 characters. The same request sent again with it within a day makes no second version, and is answered alike.")]);

    public static StreamShape BlobHead { get; } = new([], [(200, "It is here.", ""), (404, "It is not; Upload-Offset says how many bytes of the caller's upload are.", "")], []);

    public static StreamShape BlobPut { get; } = new([(Binary, new JsonObject())], [(201, "All of it is here.", Json), (202, "A part of it is here; Upload-Offset says how much.", Json)],
        [("Content-Range", "`bytes N-M/TOTAL`, or `bytes N-`: the part that this request carries, when it goes on after a cut.")]);

    public static StreamShape File { get; } = new([], [(200, "The content, hashed on the way; its ETag is its SHA-256.", Binary), (206, "The range asked for.", Binary), (304, "It is what the caller has.", "")],
        [("Range", "`bytes=N-M` (RFC 9110, section 14)."), ("If-None-Match", "The SHA-256 that the caller has, in quotes.")]);

    public static StreamShape Archive { get; } = new([], [(200, "All files as a tar (POSIX.1-2001).", "application/x-tar")], []);

    private static JsonObject Version(bool named, bool files)
    {
        var properties = new JsonObject();
        if (named)
            properties["model_name"] = Text("A model's name; it is made where it is not there.");
        properties["version"] = Text("The label wanted; default: the next one.");
        properties["bump"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("major", "minor", "patch") };
        properties["alias"] = Text(FieldWords.Of("alias"));
        foreach (var metric in VersionForm.Metrics)
            properties[metric] = new JsonObject { ["type"] = "number" };
        foreach (var shape in VersionForm.Shapes)
            properties[shape] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = new JsonArray("integer", "string") } };
        properties["metadata"] = new JsonObject { ["type"] = "object", ["description"] = "A whole metadata document; what is said beside it counts more." };
        foreach (var name in MetadataFile.Names)
            properties.TryAdd(name, name switch
            {
                "dependencies" => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } },
                _ when MetadataFile.IsObject(name) => new JsonObject { ["type"] = "object" },
                _ => new JsonObject { ["type"] = "string" },
            });
        properties[files ? "files" : "file"] = files
            ? new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["path"] = Text("Within the version; with a uri, default: the last step of its key."), ["sha256"] = Text("Of a content that was put before; with a uri, what it must hash to."), ["uri"] = Text("s3://BUCKET/KEY: an object of the registry's bucket, in place of a content put before.") } },
            }
            : new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string", ["contentMediaType"] = Binary }, ["description"] = "One or more; the file name is the path within the version." };
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        schema["required"] = named ? new JsonArray("model_name", files ? "files" : "file") : new JsonArray(files ? "files" : "file");
        return schema;
    }

    private static JsonObject Text(string says) => new() { ["type"] = "string", ["description"] = says };
}
