using System.Globalization;

namespace ModelRegistry.Domain.Mlflow;

/// <summary>Reads a filter from left to right, one comparison after the other.</summary>
internal sealed class SearchFilterReader
{
    private static readonly Dictionary<string, SearchField> OfModels = new() { ["name"] = SearchField.Name };

    private static readonly Dictionary<string, SearchField> OfVersions = new()
    {
        ["name"] = SearchField.Name, ["run_id"] = SearchField.RunId, ["source_path"] = SearchField.SourcePath, ["version_number"] = SearchField.VersionNumber,
    };

    private readonly string _filter;
    private readonly Dictionary<string, SearchField> _fields;
    private readonly List<SearchToken> _tokens;
    private int _next;

    public SearchFilterReader(string filter, SearchOf of) => (_filter, _fields, _tokens) = (filter, of == SearchOf.Models ? OfModels : OfVersions, filter.Length > SearchFilter.MostCharacters ? [] : SearchToken.Cut(filter));

    private SearchToken Now => _tokens[_next];

    public Outcome<SearchFilter> Read()
    {
        if (_filter.Length > SearchFilter.MostCharacters)
            return Refusals.SearchFilterInvalid($"it is longer than {SearchFilter.MostCharacters} characters", 1, "");
        var comparisons = new List<SearchComparison>();
        for (; ; )
        {
            var one = Comparison();
            if (one.Refusal is { } no)
                return no;
            comparisons.Add(one.Value);
            if (Now.Kind == SearchTokenKind.End)
                return new SearchFilter(comparisons);
            if (!IsWord("AND"))
                return Wrong("AND, or the end, was expected");
            if (comparisons.Count == SearchFilter.MostComparisons)
                return Wrong($"there are at most {SearchFilter.MostComparisons} comparisons");
            _next++;
        }
    }

    private Outcome<SearchComparison> Comparison()
    {
        var named = Field();
        if (named.Refusal is { } unknown)
            return unknown;
        var (field, key) = named.Value;
        var at = _next;
        if (Operator() is not { } how)
            return Wrong("one of =, !=, <, <=, >, >=, LIKE, ILIKE or IN was expected");
        if (!Allowed(field).Contains(how))
        {
            _next = at;
            return Wrong($"this field is compared with {string.Join(", ", Allowed(field).Select(Written))}");
        }
        if (field == SearchField.VersionNumber)
            return Number().Then<SearchComparison>(number => new SearchComparison(field, "", how, [], number));
        if (how is SearchOperator.Like or SearchOperator.ILike && Now.Text.Length > SearchFilter.MostPattern)
            return Wrong($"a pattern has at most {SearchFilter.MostPattern} characters");
        return (how == SearchOperator.In ? Texts() : Text().Then<IReadOnlyList<string>>(text => (List<string>)[text])).Then<SearchComparison>(texts => new SearchComparison(field, key, how, texts));
    }

    private Outcome<(SearchField Field, string Key)> Field()
    {
        var token = Now;
        if (token.Kind is not (SearchTokenKind.Word or SearchTokenKind.Quoted))
            return Wrong("the name of a field was expected");
        _next++;
        if (token.Kind == SearchTokenKind.Quoted)
            return Attribute(token, token.Text);
        var dot = token.Text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return Attribute(token, token.Text);
        var (entity, key) = (token.Text[..dot].ToLowerInvariant(), token.Text[(dot + 1)..]);
        if (entity is not ("tag" or "tags" or "attribute" or "attributes" or "attr"))
        {
            _next--;
            return Wrong("before the dot stands tags or attributes");
        }
        if (key.Length == 0)
        {
            if (Now.Kind != SearchTokenKind.Quoted || Now.Raw.Length == 2 || Now.At != token.At + token.Raw.Length)
                return Wrong("the key was expected, right behind the dot");
            key = Now.Text;
            _next++;
        }
        return entity is "tag" or "tags" ? (SearchField.Tag, key) : Attribute(token, key);
    }

    private Outcome<(SearchField Field, string Key)> Attribute(SearchToken token, string name)
    {
        if (_fields.TryGetValue(name, out var field))
            return (field, "");
        return Refusals.SearchFieldUnknown(name, _fields.Keys, token.At);
    }

    private SearchOperator? Operator()
    {
        var token = Now;
        SearchOperator? found = (token.Kind, token.Text.ToUpperInvariant()) switch
        {
            (SearchTokenKind.Operator, "=") => SearchOperator.Equal,
            (SearchTokenKind.Operator, "!=") => SearchOperator.NotEqual,
            (SearchTokenKind.Operator, "<") => SearchOperator.Less,
            (SearchTokenKind.Operator, "<=") => SearchOperator.AtMost,
            (SearchTokenKind.Operator, ">") => SearchOperator.Greater,
            (SearchTokenKind.Operator, ">=") => SearchOperator.AtLeast,
            (SearchTokenKind.Word, "LIKE") => SearchOperator.Like,
            (SearchTokenKind.Word, "ILIKE") => SearchOperator.ILike,
            (SearchTokenKind.Word, "IN") => SearchOperator.In,
            _ => null,
        };
        if (found is not null)
            _next++;
        return found;
    }

    private Outcome<string> Text()
    {
        if (Now is not ({ Kind: SearchTokenKind.Text } or { Kind: SearchTokenKind.Quoted, Raw: ['"', ..] }))
            return Wrong("a text in single quotes was expected");
        return _tokens[_next++].Text;
    }

    private Outcome<IReadOnlyList<string>> Texts()
    {
        if (Now.Kind != SearchTokenKind.Open)
            return Wrong("a list such as ('a', 'b') was expected");
        var texts = new List<string>();
        do
        {
            _next++;
            var text = Text();
            if (text.Refusal is { } no)
                return no;
            texts.Add(text.Value);
            if (texts.Count > SearchFilter.MostValues)
                return Wrong($"a list has at most {SearchFilter.MostValues} texts");
        }
        while (Now.Kind == SearchTokenKind.Comma);
        if (Now.Kind != SearchTokenKind.Close)
            return Wrong("a comma or ) was expected");
        _next++;
        return texts;
    }

    // Clients write the number with quotes or without.
    private Outcome<long> Number()
    {
        if (Now is { Kind: SearchTokenKind.Word or SearchTokenKind.Text or SearchTokenKind.Quoted } && long.TryParse(Now.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            _next++;
            return number;
        }
        return Wrong("a whole number was expected");
    }

    private static IReadOnlyList<SearchOperator> Allowed(SearchField field) => field switch
    {
        SearchField.VersionNumber => [SearchOperator.Equal, SearchOperator.NotEqual, SearchOperator.Less, SearchOperator.AtMost, SearchOperator.Greater, SearchOperator.AtLeast],
        SearchField.RunId => [SearchOperator.Equal, SearchOperator.NotEqual, SearchOperator.Like, SearchOperator.ILike, SearchOperator.In],
        _ => [SearchOperator.Equal, SearchOperator.NotEqual, SearchOperator.Like, SearchOperator.ILike],
    };

    private static string Written(SearchOperator how) => how switch
    {
        SearchOperator.Equal => "=",
        SearchOperator.NotEqual => "!=",
        SearchOperator.Less => "<",
        SearchOperator.AtMost => "<=",
        SearchOperator.Greater => ">",
        SearchOperator.AtLeast => ">=",
        _ => how.ToString().ToUpperInvariant(),
    };

    private bool IsWord(string word) => Now.Kind == SearchTokenKind.Word && Now.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private Refusal Wrong(string expected) => Now.Kind == SearchTokenKind.Broken
        ? Refusals.SearchFilterInvalid(Now.Raw[0] is '\'' or '"' or '`' ? "a quote is not closed" : "this is no part of a filter", Now.At, Now.Raw)
        : Refusals.SearchFilterInvalid(expected, Now.At, Now.Raw);
}
