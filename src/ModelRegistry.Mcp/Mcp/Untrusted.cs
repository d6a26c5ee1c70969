using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// What others wrote, made safe to stand in an answer that a language model reads: invisible characters are gone, the
/// text is capped and lies between delimiters that it cannot close itself.
/// </summary>
internal static partial class Untrusted
{
    public const string Opening = "<untrusted>", Closing = "</untrusted>";

    /// <summary>The most characters that any one text takes in an answer, whatever was asked for.</summary>
    public const int Most = 24_000;

    private const int LabelMost = 64;

    /// <summary>The text between its delimiters; empty stays empty.</summary>
    public static string Quote(string? text, int most = Most)
    {
        var clean = Plain(text);
        return clean.Length == 0 ? "" : Opening + Cut(clean, most) + Closing;
    }

    /// <summary>The text without delimiters of its own: for words of whoever asks, which need none but must not close those of others.</summary>
    public static string Plain(string? text) => Delimiter().Replace(Clean(text), "&lt;$1untrusted");

    /// <summary>The same on one line.</summary>
    public static string Line(string? text, int most) => Quote(Blanks().Replace(Clean(text), " ").Trim(), most);

    /// <summary>What looks like an identifier stays as it is; anything that could be a sentence is quoted.</summary>
    public static string Label(string? text)
    {
        var clean = Clean(text);
        return clean.Length <= LabelMost && Identifier().IsMatch(clean) ? clean : Quote(clean);
    }

    /// <summary>Every text within a document, as <see cref="Label"/>; names of members are only cleaned.</summary>
    public static JsonNode? Document(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.Select(m => (Name: Label(m.Key), m.Value)).DistinctBy(m => m.Name).Select(m => KeyValuePair.Create(m.Name, Document(m.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Document)]),
        JsonValue v when v.TryGetValue<string>(out var text) => JsonValue.Create(Label(text)),
        _ => node?.DeepClone(),
    };

    /// <summary>The first characters of a text that is longer, with its length.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var end = char.IsHighSurrogate(text[most - 1]) ? most - 1 : most;
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, end)}… ({text.Length:N0} characters in all)");
    }

    /// <summary>Without what nobody sees; line ends stay.</summary>
    public static string Clean(string? text) => VisibleText.Block(text);

    // Look-alikes of < count as one: a reader may take them for it.
    [GeneratedRegex(@"[<\u2039\u2329\u27E8\u3008\uFE64\uFF1C]\s*(/?)\s*untrusted", RegexOptions.IgnoreCase)]
    private static partial Regex Delimiter();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"\A[A-Za-z0-9._:/@+%=-]*(?: [A-Za-z0-9._:/@+%=-]+){0,2}\z")]
    private static partial Regex Identifier();
}
