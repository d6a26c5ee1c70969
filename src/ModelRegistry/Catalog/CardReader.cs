using System.Globalization;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ModelRegistry.Catalog;

/// <summary>Something about a card that its author should look at.</summary>
/// <param name="Line">Of the card, from 1; 0 when it is about no line.</param>
internal sealed record CardProblem(int Line, string Field, string What, string Remedy);

/// <summary>A card with what is wrong with it. Where <see cref="Unreadable"/> is there, its front matter says nothing.</summary>
internal sealed record CardReading(ModelCard Card, CardProblem? Unreadable, IReadOnlyList<CardProblem> Problems);

/// <summary>
/// Reads model cards as the Hugging Face Hub has them: Markdown with YAML front matter. The YAML is read event by event into JSON
/// values, within bounds of size, depth and number, and without what makes small documents large or values something else:
/// anchors, aliases, merge keys and tags. Plain scalars are those of the YAML 1.2 core schema (section 10.3).
/// </summary>
internal static class CardReader
{
    public const int MostCharacters = 65_536;
    private const int MostLevels = 12, MostNodes = 5_000;

    /// <summary>Why a card cannot be kept; null where it can.</summary>
    public static Refusal? Refuse(string text) => Read(text).Unreadable is { } problem ? Refusals.CardUnreadable(problem.Line, problem.What, problem.Remedy) : null;

    public static CardReading Read(string text)
    {
        var (front, body, _) = ModelCard.Split(text);
        if (front is null)
            return new(new ModelCard(text, [], text), null, []);
        CardProblem no;
        if (front.Length > MostCharacters)
            no = new(1, "front matter", $"is longer than {MostCharacters:N0} characters", "Move what is text into the Markdown below it.");
        else
            try
            {
                // Hub tools write a mapping; an empty one is fine.
                if (new Reading(front).Document() is JsonObject fields)
                    return new(new ModelCard(text, fields, body), null, CardFields.Problems(fields, front));
                no = new(2, "front matter", "is no list of fields", "Write one field a line, such as license: mit, or begin the card with an empty line if that is no front matter.");
            }
            catch (Exception e) when (e is not YamlException && e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException)
            {
                // What the library has no words for.
                no = new(0, "front matter", "is no YAML", "Write one field a line, such as license: mit.");
            }
            catch (YamlException e)
            {
                // What its author wrote may be in the message; it is shown as theirs.
                no = new((int)Math.Min(e.Start.Line + 1, int.MaxValue), "front matter", Sentence(e), "Correct that line; the YAML stands between two lines of three hyphens.");
            }
        return new(new ModelCard(text, [], body), no, [no]);
    }

    private static string Sentence(YamlException e)
    {
        var message = (e.InnerException?.Message ?? e.Message).Trim().TrimEnd('.');
        return message.Length > 200 ? message[..200] : message;
    }

    private sealed class Reading(string yaml)
    {
        private readonly Parser _parser = new(new Scanner(new StringReader(yaml), skipComments: true));
        private int _nodes;

        public JsonNode? Document()
        {
            _parser.Consume<StreamStart>();
            if (_parser.TryConsume<StreamEnd>(out _))
                return new JsonObject();
            _parser.Consume<DocumentStart>();
            var node = Node(0);
            _parser.Consume<DocumentEnd>();
            if (!_parser.TryConsume<StreamEnd>(out _))
                throw Error(_parser.Current!, "it holds more than one document");
            return node;
        }

        private JsonNode? Node(int depth)
        {
            var next = _parser.Current ?? throw new YamlException("it ends too early");
            if (next is AnchorAlias || (next is NodeEvent { Anchor.IsEmpty: false }))
                throw Error(next, "anchors and aliases (& and *) are not taken");
            if (next is NodeEvent { Tag.IsEmpty: false })
                throw Error(next, "tags (!) are not taken");
            if (++_nodes > MostNodes)
                throw Error(next, $"it holds more than {MostNodes:N0} values");
            if (depth > MostLevels)
                throw Error(next, $"it is deeper than {MostLevels} levels");
            switch (next)
            {
                case Scalar scalar:
                    _parser.MoveNext();
                    return Value(scalar);
                case SequenceStart:
                    _parser.MoveNext();
                    var list = new JsonArray();
                    while (!_parser.TryConsume<SequenceEnd>(out _))
                        list.Add(Node(depth + 1));
                    return list;
                case MappingStart:
                    _parser.MoveNext();
                    return Mapping(depth);
                default:
                    throw Error(next, "something unexpected stands there");
            }
        }

        private JsonObject Mapping(int depth)
        {
            var fields = new JsonObject();
            while (!_parser.TryConsume<MappingEnd>(out _))
            {
                var key = _parser.Current as Scalar ?? throw Error(_parser.Current!, "a name must be a text");
                if (!key.Anchor.IsEmpty || !key.Tag.IsEmpty || (key.Value == "<<" && key.Style == ScalarStyle.Plain))
                    throw Error(key, "anchors, tags and merge keys are not taken");
                _parser.MoveNext();
                if (fields.ContainsKey(key.Value))
                    throw Error(key, $"'{(key.Value.Length > 60 ? key.Value[..60] : key.Value)}' is there twice");
                fields[key.Value] = Node(depth + 1);
            }
            return fields;
        }

        private static JsonNode? Value(Scalar scalar)
        {
            var text = scalar.Value;
            if (scalar.Style != ScalarStyle.Plain)
                return text;
            return text switch
            {
                "" or "~" or "null" or "Null" or "NULL" => null,
                "true" or "True" or "TRUE" => true,
                "false" or "False" or "FALSE" => false,
                // No leading zero, exponent or infinity: what looks like a date or an id stays the text it was.
                _ when text.Length < 18 && text.TrimStart('-').All(char.IsAsciiDigit) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && (text == whole.ToString(CultureInfo.InvariantCulture)) => whole,
                _ when text.Length < 40 && !LeadingZero(text) && (char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.') && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
                _ => text,
            };
        }

        private static bool LeadingZero(string text) => text.TrimStart('-', '+') is ['0', >= '0' and <= '9', ..];

        private static YamlException Error(ParsingEvent at, string message) => new(at.Start, at.End, message);
    }
}
