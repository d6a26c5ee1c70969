using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>A registration as it was asked for.</summary>
/// <param name="Asked">Over all fields and files.</param>
internal sealed record RegistrationForm(Registration Registration, Digest Asked)
{
    public static Digest DigestOf(string model, JsonObject fields, IReadOnlyList<UploadedFile> files) => Digest.Of(new JsonArray(
        model, fields.DeepClone(), new JsonArray([.. files.Select(f => (JsonNode)new JsonArray(f.Path, f.Sha256))])).ToJsonString());
}

/// <summary>
/// What a pipeline says of a new version, as JSON or as the fields of a form: the members of a metadata document, and beside
/// them the label wanted, the usual metrics and shapes by their own names, and a whole document in <c>metadata</c>.
/// </summary>
internal static class VersionForm
{
    internal static readonly string[] Metrics = ["accuracy", "precision", "recall", "f1_score", "mAP"], Shapes = ["input_shape", "output_shape"];

    private static readonly string[] Documents = ["metrics", "hyperparameters", "signature", "lineage", "tags", "dependencies"];

    /// <param name="given">The members; those that are read here are taken out of it.</param>
    /// <param name="uploads">Files that came with the form.</param>
    public static Outcome<Registration> Read(string model, JsonObject given, IReadOnlyList<UploadedFile> uploads)
    {
        var bad = new Dictionary<string, string>();
        var (version, bump, alias, versioning) = (Text(given, "version", bad), Text(given, "bump", bad), Text(given, "alias", bad), Text(given, "versioning", bad));
        var part = bump is null ? null : Enum.TryParse<Bump>(bump, ignoreCase: true, out var raised) && bump.All(char.IsAsciiLetter) ? raised : Bad<Bump>(bad, "bump", "must be major, minor or patch");
        var scheme = versioning is null ? null : Enum.TryParse<Versioning>(versioning, ignoreCase: true, out var known) && versioning.All(char.IsAsciiLetter) ? known : Bad<Versioning>(bad, "versioning", "must be auto or semver");
        var (files, references) = Files(given, bad);
        var document = Document(given, bad);
        foreach (var metric in Metrics)
            if (Take(given, metric) is { } value)
                Within(document, "metrics")[metric] = Number(value) is { } number ? number : Wrong(bad, metric, "must be a finite number");
        foreach (var shape in Shapes)
            if (Take(given, shape) is { } value)
                Within(document, "signature")[shape] = Parsed(value) is JsonArray array ? array : Wrong(bad, shape, "must be a list such as [1,3,224,224]");
        foreach (var (key, value) in given.ToList())
            document[key] = (Documents.Contains(key) ? Parsed(value) : value)?.DeepClone();
        if (bad.Count > 0)
            return Refusals.InvalidArguments(bad);
        return MetadataFile.Parse(document.ToJsonString()).Then<Registration>(known => new Registration(model, version, part, [], known.Version, known.Description, known.Task, known.Owner, known.ModelCard, scheme, alias)
        {
            Uploads = [.. files, .. uploads],
            References = references,
        });
    }

    /// <summary>Below all that is said beside it.</summary>
    private static JsonObject Document(JsonObject given, Dictionary<string, string> bad)
    {
        if (Take(given, "metadata") is not { } said)
            return [];
        if (Parsed(said) is JsonObject document)
            return (JsonObject)document.DeepClone();
        bad["metadata"] = "must be a JSON object";
        return [];
    }

    private static (List<UploadedFile> Uploaded, List<ReferredFile> Referred) Files(JsonObject given, Dictionary<string, string> bad)
    {
        var (files, references) = (new List<UploadedFile>(), new List<ReferredFile>());
        if (Take(given, "files") is not { } said)
            return (files, references);
        if (said is JsonArray list && list.Count <= Manifest.MaxFiles)
            foreach (var item in list)
                if (item is JsonObject file && file.All(member => member.Key is "path" or "sha256" or "uri" && member.Value is JsonValue value && value.GetValueKind() == JsonValueKind.String)
                    && (Member(file, "path"), Member(file, "sha256"), Member(file, "uri")) is var (path, digest, uri) && (uri is not null || (path is not null && digest is not null)))
                    if (uri is not null)
                        references.Add(new ReferredFile(path, uri, digest));
                    else
                        files.Add(new UploadedFile(path!, digest!));
                else
                    bad["files"] = "each must be {path, sha256}, or {path, uri} with an object of the registry's bucket";
        else
            bad["files"] = $"must be a list of at most {Manifest.MaxFiles} objects {{path, sha256}}, their contents put before, or {{path, uri}}";
        return (files, references);
    }

    private static string? Member(JsonObject of, string name) => (string?)of[name];

    private static JsonNode? Take(JsonObject given, string name) => given.Remove(name, out var value) ? value : null;

    private static string? Text(JsonObject given, string name, Dictionary<string, string> bad)
    {
        var value = Take(given, name);
        if (value is null)
            return null;
        if (value.GetValueKind() is JsonValueKind.String or JsonValueKind.Number)
            return value.ToString() is { Length: > 0 } text ? text : null;
        bad[name] = "must be a text";
        return null;
    }

    // A form has texts only; what is a document there is written as JSON.
    private static JsonNode? Parsed(JsonNode? value)
    {
        if (value?.GetValueKind() != JsonValueKind.String)
            return value;
        try
        {
            return CanonicalJson.Parse((string)value!);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private static double? Number(JsonNode value) => double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
        && value.GetValueKind() is JsonValueKind.Number or JsonValueKind.String ? number : null;

    private static JsonObject Within(JsonObject document, string name)
    {
        if (document[name] is not JsonObject)
            document[name] = new JsonObject();
        return (JsonObject)document[name]!;
    }

    private static JsonNode? Wrong(Dictionary<string, string> bad, string name, string problem)
    {
        bad[name] = problem;
        return null;
    }

    private static T? Bad<T>(Dictionary<string, string> bad, string name, string problem) where T : struct
    {
        bad[name] = problem;
        return null;
    }
}
