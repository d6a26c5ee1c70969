using System.Globalization;
using System.Text.RegularExpressions;

namespace ModelRegistry.Mcp.Tools;

/// <summary>What completes an argument: nothing, or names of models, versions, stages, ids of promotions.</summary>
internal enum Suggestion { None, Model, Version, Stage, Promotion }

/// <summary>One argument of a prompt.</summary>
internal sealed record PromptInput(Argument Argument, Suggestion Suggestion);

/// <summary>A prompt as its file says it: front matter between <c>---</c> lines, then Markdown with <c>{{argument}}</c> where a value goes.</summary>
/// <param name="Tools">Tools it cannot do without.</param>
/// <param name="MayUse">Tools it uses where they are offered.</param>
/// <param name="Reads">Resources whose contents go along, with <c>{argument}</c> where a value goes.</param>
internal sealed partial record PromptFile(
    string Name,
    string Title,
    string Description,
    IReadOnlyList<PromptInput> Inputs,
    IReadOnlyList<string> Tools,
    IReadOnlyList<string> MayUse,
    IReadOnlyList<string> Reads,
    string Body)
{
    /// <exception cref="FormatException">What is wrong with the text, and in which line.</exception>
    public static PromptFile Parse(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var end = lines[0] == "---" ? Array.IndexOf(lines, "---", 1) : -1;
        if (end < 0)
            throw new FormatException("line 1: a prompt begins with front matter between two lines of ---");
        var (head, inputs) = ReadHead(lines.AsSpan(1, end - 1));
        var body = string.Join('\n', lines[(end + 1)..]).Trim();
        var file = new PromptFile(Need(head, "name"), Need(head, "title"), Need(head, "description"), inputs, List(head, "tools"), List(head, "may_use"), List(head, "reads"), body);
        file.Check();
        return file;
    }

    /// <summary>Every name between double braces, in one pass: a value that looks like one stays what it is.</summary>
    public string Fill(Func<string, string> value) => Placeholder().Replace(Body, match => value(match.Groups[1].Value));

    private static (Dictionary<string, string> Head, List<PromptInput> Inputs) ReadHead(ReadOnlySpan<string> lines)
    {
        var (head, items) = (new Dictionary<string, string>(), new List<Dictionary<string, string>>());
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            var match = Entry().Match(lines[i]);
            if (!match.Success)
                throw new FormatException($"line {i + 2}: not 'key: value', '  - key: value' or '    key: value'");
            var (indent, key, value) = (match.Groups["indent"].Value, match.Groups["key"].Value, match.Groups["value"].Value.Trim());
            var into = head;
            if (indent == "  - ")
                items.Add(into = []);
            else if (indent.Length > 0)
                into = items.Count > 0 ? items[^1] : throw new FormatException($"line {i + 2}: belongs to no argument");
            if (indent.Length > 0 && !head.ContainsKey("arguments"))
                throw new FormatException($"line {i + 2}: stands under no 'arguments:'");
            string[] known = into == head ? ["name", "title", "description", "tools", "may_use", "reads", "arguments"] : ["name", "description", "required", "most", "suggest"];
            if (!known.Contains(key))
                throw new FormatException($"line {i + 2}: '{key}' is not one of {string.Join(", ", known)}");
            if (!into.TryAdd(key, value))
                throw new FormatException($"line {i + 2}: '{key}' is given twice");
        }
        return (head, [.. items.Select(Input)]);
    }

    private static PromptInput Input(Dictionary<string, string> item)
    {
        var name = Need(item, "name");
        var most = 256;
        if (item.TryGetValue("most", out var size) && !(int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out most) && most is > 0 and <= 65_536))
            throw new FormatException($"argument {name}: most is a whole number from 1 to 65536");
        var suggestion = Suggestion.None;
        if (item.TryGetValue("suggest", out var suggest) && !(Enum.TryParse(suggest, ignoreCase: true, out suggestion) && suggest.All(char.IsAsciiLetter)))
            throw new FormatException($"argument {name}: suggest is one of model, version, stage, promotion");
        var required = item.GetValueOrDefault("required", "false") switch { "true" => true, "false" => false, _ => throw new FormatException($"argument {name}: required is true or false") };
        return new PromptInput(new Argument(name, ArgumentKind.Text, Need(item, "description")) { Required = required, Most = most }, suggestion);
    }

    private void Check()
    {
        foreach (var word in Inputs.Select(i => i.Argument.Name).Append(Name))
            if (!Word().IsMatch(word))
                throw new FormatException($"'{word}' is not a name: a lower-case letter, then up to 63 letters, digits or underscores");
        var names = Inputs.Select(i => i.Argument.Name).ToList();
        if (names.Distinct().Count() < names.Count)
            throw new FormatException("two arguments have one name");
        var used = Placeholder().Matches(Body).Concat(Reads.SelectMany(uri => Hole().Matches(uri))).Select(m => m.Groups[1].Value).ToHashSet();
        if (used.FirstOrDefault(name => !names.Contains(name)) is { } undeclared)
            throw new FormatException($"'{undeclared}' stands in the text, but is no argument");
        if (names.FirstOrDefault(name => !used.Contains(name)) is { } unused)
            throw new FormatException($"argument {unused} is not used in the text");
        if (Body.Length == 0)
            throw new FormatException("there is no text under the front matter");
    }

    private static string Need(Dictionary<string, string> entries, string key) =>
        entries.GetValueOrDefault(key) is { Length: > 0 } value ? value : throw new FormatException($"'{key}' is missing");

    private static string[] List(Dictionary<string, string> head, string key) => head.GetValueOrDefault(key) switch
    {
        null => [],
        ['[', .. var inner, ']'] => inner.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        _ => throw new FormatException($"'{key}' is a list such as [a, b]"),
    };

    [GeneratedRegex(@"\A(?<indent>|  - |    )(?<key>[a-z_]+):(?: (?<value>.*))?\z")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\{\{([a-z0-9_]+)\}\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\{([a-z0-9_]+)\}")]
    internal static partial Regex Hole();

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,63}\z")]
    private static partial Regex Word();
}
