using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>A JSON value that remembers on which line it stands, so that an error in a policy can be pointed at.</summary>
internal sealed class PolicyNode
{
    private readonly Dictionary<string, PolicyNode> _byKey = new(StringComparer.Ordinal);

    public required JsonTokenType Kind { get; init; }
    public required int Line { get; init; }
    /// <summary>The line of the member's key; that of the value where it is no member.</summary>
    public required int KeyLine { get; init; }
    public PolicyNode? Parent { get; init; }
    /// <summary>Its key or <c>[index]</c> in its parent.</summary>
    public string Step { get; init; } = "";
    public string Text { get; init; } = "";
    public double Number { get; init; }
    public List<PolicyNode> Items { get; } = [];
    public List<(string Key, PolicyNode Value)> Members { get; } = [];

    public bool IsObject => Kind == JsonTokenType.StartObject;
    public bool IsArray => Kind == JsonTokenType.StartArray;
    public bool IsString => Kind == JsonTokenType.String;
    public bool IsNumber => Kind == JsonTokenType.Number;
    public bool IsBoolean => Kind is JsonTokenType.True or JsonTokenType.False;

    // Put together only for an error: with long keys and many items the paths would be far larger than the file.
    public string Path => Parent is null || Parent.Path is not { Length: > 0 } above ? Step : Step.StartsWith('[') ? above + Step : $"{above}.{Step}";

    public PolicyNode? Member(string key) => _byKey.GetValueOrDefault(key);

    public static PolicyNode Parse(byte[] json, PolicyErrors errors)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 32, CommentHandling = JsonCommentHandling.Disallow });
        var lines = new LineCounter(json);
        try
        {
            reader.Read();
            var root = Read(ref reader, ref lines, null, "", null, errors);
            // The reader complains itself about anything that follows the value.
            reader.Read();
            return root;
        }
        catch (JsonException fault)
        {
            errors.Add((int)(fault.LineNumber ?? 0) + 1, "", fault.Message.Split(" LineNumber:")[0]);
        }
        // A text whose escapes make no characters, such as half a surrogate pair.
        catch (InvalidOperationException)
        {
            errors.Add(lines.At((int)reader.TokenStartIndex), "", "holds a text that is not valid Unicode");
        }
        return new PolicyNode { Kind = JsonTokenType.Null, Line = 1, KeyLine = 1 };
    }

    private static PolicyNode Read(ref Utf8JsonReader reader, ref LineCounter lines, PolicyNode? parent, string step, int? keyLine, PolicyErrors errors)
    {
        var line = lines.At((int)reader.TokenStartIndex);
        var node = new PolicyNode
        {
            Kind = reader.TokenType,
            Line = line,
            KeyLine = keyLine ?? line,
            Parent = parent,
            Step = step,
            Text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "",
            Number = reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0,
        };
        if (node.IsNumber && !HasCanonicalForm(reader.ValueSpan))
            errors.Add(node, "is a number that a double cannot hold");
        if (node.IsObject)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var key = reader.GetString()!;
                var at = lines.At((int)reader.TokenStartIndex);
                reader.Read();
                var value = Read(ref reader, ref lines, node, key, at, errors);
                if (!node._byKey.TryAdd(key, value))
                    errors.Add(at, value.Path, "is given twice");
                node.Members.Add((key, value));
            }
        else if (node.IsArray)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                node.Items.Add(Read(ref reader, ref lines, node, $"[{node.Items.Count}]", null, errors));
        return node;
    }

    // Otherwise the policy had no digest.
    private static bool HasCanonicalForm(ReadOnlySpan<byte> literal)
    {
        try
        {
            CanonicalJson.Text(JsonNode.Parse(literal));
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Tells the line of ever later places of a text, looking at each byte once.</summary>
    private ref struct LineCounter(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _seen;
        private int _line = 1;

        public int At(int place)
        {
            if (place > _seen)
                (_line, _seen) = (_line + _text[_seen..place].Count((byte)'\n'), place);
            return _line;
        }
    }
}

/// <summary>What is wrong with a policy, each with its line.</summary>
internal sealed class PolicyErrors
{
    private const int Most = 50;

    private readonly List<(int Line, string Path, string Problem)> _errors = [];
    private int _more;

    public bool Any => _errors.Count > 0;

    /// <summary>Whether so many were found that further ones are only counted.</summary>
    public bool Full => _errors.Count == Most;

    public void Add(int line, string path, string problem)
    {
        if (Full)
            _more++;
        else
            _errors.Add((line, path, problem));
    }

    public void Add(PolicyNode at, string problem) => Add(at.Line, Full ? "" : at.Path, problem);

    /// <summary>In the order of the file. What a file says is shown without invisible characters: errors are read on terminals.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. _errors.OrderBy(e => e.Line).Select(e => $"line {e.Line}: {(e.Path.Length > 0 ? Refusals.Shown(e.Path) + " " : "")}{Refusals.Shown(e.Problem)}"),
        .. _more > 0 ? [$"and {_more} more"] : Array.Empty<string>(),
    ];
}
