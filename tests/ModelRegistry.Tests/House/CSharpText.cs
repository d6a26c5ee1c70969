using System.Text;

namespace ModelRegistry.Tests.House;

/// <summary>
/// C# taken apart just far enough for rules: code without comments and literals (what stands in the holes of interpolated
/// strings is code), and the literals. Line breaks stay, so that places have line numbers.
/// </summary>
internal sealed class CSharpText
{
    private readonly string _source;
    private readonly StringBuilder _code = new();
    private readonly List<(int Line, string Text)> _literals = [];
    private int _at;

    public CSharpText(string source)
    {
        _source = source;
        ReadCode(insideHole: false);
    }

    public string Code => _code.ToString();

    /// <summary>String literals with the line they begin on; a hole is written <c>{}</c>.</summary>
    public IReadOnlyList<(int Line, string Text)> Literals => _literals;

    private char Now => Ahead(0);

    private char Ahead(int by) => _at + by < _source.Length ? _source[_at + by] : '\0';

    private void ReadCode(bool insideHole)
    {
        for (var depth = 0; _at < _source.Length;)
        {
            if (insideHole && depth == 0 && Now == '}')
                return;
            depth += Now switch { '{' => 1, '}' => -1, _ => 0 };
            if (Now == '/' && Ahead(1) == '/')
                SkipUntil(() => Now == '\n', 0);
            else if (Now == '/' && Ahead(1) == '*')
                SkipUntil(() => Now == '*' && Ahead(1) == '/', 2);
            else if (Now == '\'')
                ReadCharacter();
            else if (Now is '"' or '$' or '@' && StringBegins() is { } start)
                ReadString(start.Dollars, start.Verbatim, start.Length);
            else
                Take();
        }
    }

    private (int Dollars, bool Verbatim, int Length)? StringBegins()
    {
        var (length, dollars, verbatim) = (0, 0, false);
        for (; Ahead(length) is '$' or '@'; length++)
        {
            dollars += Ahead(length) == '$' ? 1 : 0;
            verbatim |= Ahead(length) == '@';
        }
        return Ahead(length) == '"' ? (dollars, verbatim, length) : null;
    }

    private void ReadString(int dollars, bool verbatim, int prefix)
    {
        var line = Line();
        _at += prefix;
        var quotes = Run('"');
        var raw = quotes >= 3;
        var text = new StringBuilder();
        _code.Append("\"\" ");
        _at += raw ? quotes : quotes == 2 ? 2 : 1;
        if (quotes != 2)
        {
            while (_at < _source.Length && !Closes(raw ? quotes : 1, raw, verbatim))
                ReadPiece(dollars, verbatim, raw, text);
            _at += raw ? quotes : 1;
        }
        _literals.Add((line, text.ToString()));
    }

    /// <summary>In a raw string the last quotes of a run close; in a verbatim one, a quote that is not doubled.</summary>
    private bool Closes(int quotes, bool raw, bool verbatim) => raw ? Run('"') == quotes : Now == '"' && !(verbatim && Ahead(1) == '"');

    private void ReadPiece(int dollars, bool verbatim, bool raw, StringBuilder text)
    {
        if (dollars > 0 && Now == '{')
        {
            var braces = Run('{');
            // $"{{" is a brace; $$"""{x}""" is text, and so are the first braces of a run longer than the dollars.
            var literal = raw ? braces < dollars ? braces : braces - dollars : braces / 2 * 2;
            text.Append('{', raw ? literal : literal / 2);
            _at += literal;
            if (braces - literal == 0)
                return;
            _at += raw ? dollars : 1;
            _code.Append('(');
            ReadCode(insideHole: true);
            _code.Append(") ");
            text.Append("{}");
            _at += raw ? dollars : 1;
        }
        else if (!raw && !verbatim && Now == '\\')
        {
            text.Append(Ahead(1));
            _at += 2;
        }
        else if (verbatim && Now == '"')
        {
            text.Append('"');
            _at += 2;
        }
        else
        {
            if (Now == '\n')
                _code.Append('\n');
            text.Append(Now);
            _at++;
        }
    }

    private void ReadCharacter()
    {
        _at += Ahead(1) == '\\' ? 3 : 2;
        SkipUntil(() => Now == '\'', 1);
        _code.Append("' ");
    }

    private void SkipUntil(Func<bool> there, int andThen)
    {
        while (_at < _source.Length && !there())
        {
            if (Now == '\n')
                _code.Append('\n');
            _at++;
        }
        _at += andThen;
    }

    private void Take()
    {
        _code.Append(Now);
        _at++;
    }

    private int Run(char sign)
    {
        var length = 0;
        while (Ahead(length) == sign)
            length++;
        return length;
    }

    private int Line() => 1 + _code.ToString().Count(sign => sign == '\n');
}
