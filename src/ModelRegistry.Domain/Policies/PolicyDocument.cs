using System.Text;
using System.Text.Json;

namespace ModelRegistry.Domain;

/// <summary>A JSON value that remembers on which line it stands, so that an error in a policy can be pointed at.</summary>
internal sealed class PolicyNode
{
    public required JsonTokenType Kind { get; init; }
    public required int Line { get; init; }
    public required string Path { get; init; }
    public string Text { get; init; } = "";
    public double Number { get; init; }
    public List<PolicyNode> Items { get; } = [];
    public List<(string Key, PolicyNode Value)> Members { get; } = [];

    public bool IsObject => Kind == JsonTokenType.StartObject;
    public bool IsArray => Kind == JsonTokenType.StartArray;
    public bool IsString => Kind == JsonTokenType.String;
    public bool IsNumber => Kind == JsonTokenType.Number;
    public bool IsBoolean => Kind is JsonTokenType.True or JsonTokenType.False;

    public PolicyNode? Member(string key) => Members.FirstOrDefault(m => m.Key == key).Value;

    public static PolicyNode Parse(string json, PolicyErrors errors)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 32, CommentHandling = JsonCommentHandling.Disallow });
        try
        {
            reader.Read();
            var root = Read(ref reader, bytes, "", errors);
            // The reader complains itself about anything that follows the value.
            reader.Read();
            return root;
        }
        catch (JsonException fault)
        {
            errors.Add((int)(fault.LineNumber ?? 0) + 1, "", fault.Message.Split(" LineNumber:")[0]);
            return new PolicyNode { Kind = JsonTokenType.Null, Line = 1, Path = "" };
        }
    }

    private static PolicyNode Read(ref Utf8JsonReader reader, byte[] bytes, string path, PolicyErrors errors)
    {
        var node = new PolicyNode
        {
            Kind = reader.TokenType,
            Line = bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n') + 1,
            Path = path,
            Text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "",
            Number = reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0,
        };
        if (node.IsObject)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var key = reader.GetString()!;
                reader.Read();
                var value = Read(ref reader, bytes, path.Length == 0 ? key : $"{path}.{key}", errors);
                if (node.Member(key) is not null)
                    errors.Add(value.Line, value.Path, "is given twice");
                node.Members.Add((key, value));
            }
        else if (node.IsArray)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                node.Items.Add(Read(ref reader, bytes, $"{path}[{node.Items.Count}]", errors));
        return node;
    }
}

/// <summary>What is wrong with a policy, each with its line.</summary>
internal sealed class PolicyErrors
{
    private readonly List<(int Line, string Path, string Problem)> _errors = [];

    public bool Any => _errors.Count > 0;

    public void Add(int line, string path, string problem) => _errors.Add((line, path, problem));

    public void Add(PolicyNode at, string problem) => Add(at.Line, at.Path, problem);

    public IReadOnlyList<string> Lines => [.. _errors.OrderBy(e => e.Line).Select(e => $"line {e.Line}: {(e.Path.Length > 0 ? e.Path + " " : "")}{e.Problem}")];
}
