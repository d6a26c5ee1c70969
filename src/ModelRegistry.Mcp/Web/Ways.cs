using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Web;

/// <summary>Addresses of pages, and command lines that say the same.</summary>
internal static class Ways
{
    public static string Model(string name) => $"/ui/models/{Uri.EscapeDataString(name)}";

    public static string Version(string model, string label) => $"{Model(model)}/versions/{Uri.EscapeDataString(label)}";

    /// <summary>The card of a version, or of the model.</summary>
    public static string Card(string model, string? label) => $"{(label is null ? Model(model) : Version(model, label))}/card";

    public static string Compare(string model, IEnumerable<string> labels, string? against = null) =>
        $"{Model(model)}/compare?{Query([.. labels.Select(l => ("versions", (string?)l)), ("base", against)])}";

    /// <summary>What is asked for, encoded; without what is not.</summary>
    public static string Query(params (string Name, string? Value)[] asked) =>
        string.Join('&', asked.Where(a => a.Value is { Length: > 0 }).Select(a => $"{a.Name}={Uri.EscapeDataString(a.Value!)}"));

    /// <summary>A word for a shell: as it is, or between quotes. Names of models hold blanks, never quotes.</summary>
    public static string Word(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? text : $"'{text}'";

    /// <summary>The stage that a version would be proposed for: the next governed one up the ladder.</summary>
    public static string Next(PromotionPolicy policy, string stage)
    {
        var above = policy.StageNames.SkipWhile(s => s != stage).Skip(1).Where(s => s != Stages.Archived).ToList();
        return above.FirstOrDefault(policy.Governs) ?? above.FirstOrDefault() ?? Stages.Production;
    }
}
