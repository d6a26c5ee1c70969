using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>
/// The front-matter fields that the Hugging Face Hub understands (its model card metadata specification), and what does not fit
/// them. Nothing here stands in the way of a card: other fields are kept as they are.
/// </summary>
internal static class CardFields
{
    private static readonly string[] Words = ["license", "license_name", "license_link", "pipeline_tag", "library_name", "base_model_relation", "model_name", "thumbnail", "new_version"];

    private static readonly string[] Lists = ["tags", "datasets", "metrics", "language", "base_model", "extra_gated_fields"];

    private static readonly string[] Known = [.. Words, .. Lists, "model-index", "inference", "widget", "co2_eq_emissions"];

    // Look-alikes of what is known are misspelt; these are not.
    private static readonly string[] Others = ["intended_use", "limitations", "dataset", "metric", "author", "authors", "version", "name"];

    public static IReadOnlyList<CardProblem> Problems(JsonObject fields, string front)
    {
        var problems = new List<CardProblem>();
        void Tell(string field, string what, string remedy) => problems.Add(new CardProblem(LineOf(front, field), field, what, remedy));
        foreach (var (name, value) in fields.Take(500))
            if (value is null)
                Tell(name, "says nothing", "Give it a value, or leave it out.");
            else if (Words.Contains(name) && value.GetValueKind() != JsonValueKind.String)
                Tell(name, name is "license" or "license_link" && value is JsonArray ? "is a list" : "is no text", $"Write one text, such as {name}: {Example(name)}.");
            else if (name is "tags" or "datasets" or "metrics" or "language" or "base_model" && !IsTexts(value))
                Tell(name, "is neither a text nor a list of texts", $"Write a list, such as {name}: [{Example(name)}].");
            else if (name == "model-index")
                problems.AddRange(OfIndex(value).Take(20).Select(p => new CardProblem(LineOf(front, name), p.Field, p.What, p.Remedy)));
            else if (!Known.Contains(name) && !Others.Contains(name.ToLowerInvariant()) && Nearest.Of(name, Known) is { } near && near != name)
                Tell(name, "is not a field of the Hub", $"If {near} was meant, write it so.");
        return [.. problems.Take(50)];
    }

    private static IEnumerable<(string Field, string What, string Remedy)> OfIndex(JsonNode value)
    {
        const string shape = "Write - name: …, results: [{task: {type: …}, dataset: {type: …, name: …}, metrics: [{type: …, value: …}]}].";
        if (value is not JsonArray models)
        {
            yield return ("model-index", "is no list", shape);
            yield break;
        }
        foreach (var (model, i) in models.Select((m, i) => (m, i)))
        {
            var at = $"model-index[{i}]";
            if ((model as JsonObject)?["results"] is not JsonArray results)
            {
                yield return (at, "has no list of results", shape);
                continue;
            }
            foreach (var (result, j) in results.Select((r, j) => (r as JsonObject, j)))
                if (result is null)
                    yield return ($"{at}.results[{j}]", "is no object", shape);
                else if ((result["task"] as JsonObject)?["type"] is null || (result["dataset"] as JsonObject)?["name"] is null)
                    yield return ($"{at}.results[{j}]", "names no task type or no dataset", shape);
                else if (result["metrics"] is not JsonArray metrics || metrics.Any(m => (m as JsonObject)?["type"] is null || (m as JsonObject)?["value"] is null))
                    yield return ($"{at}.results[{j}]", "has a metric without a type or a value", shape);
        }
    }

    private static bool IsTexts(JsonNode value) => value.GetValueKind() == JsonValueKind.String || (value is JsonArray items && items.All(i => i?.GetValueKind() == JsonValueKind.String));

    private static string Example(string field) => field switch { "license" => "apache-2.0", "language" => "en", "pipeline_tag" => "image-classification", "library_name" => "pytorch", "metrics" => "accuracy", _ => "name" };

    /// <summary>The line of the card that a field begins on; its front matter begins on the second.</summary>
    private static int LineOf(string front, string field)
    {
        var line = 2;
        foreach (var text in front.Split('\n'))
        {
            if (text.StartsWith(field, StringComparison.Ordinal) && text[field.Length..].TrimStart().StartsWith(':'))
                return line;
            line++;
        }
        return 0;
    }
}
