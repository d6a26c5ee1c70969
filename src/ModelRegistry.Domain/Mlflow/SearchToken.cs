namespace ModelRegistry.Domain.Mlflow;

internal enum SearchTokenKind { Word, Quoted, Text, Operator, Comma, Open, Close, End, Broken }

/// <summary>A piece of a filter.</summary>
/// <param name="Text">What it says, without quotes.</param>
/// <param name="At">Where it begins, from 1.</param>
/// <param name="Raw">As it stands in the filter.</param>
internal readonly record struct SearchToken(SearchTokenKind Kind, string Text, int At, string Raw)
{
    /// <summary>Cuts a filter into pieces; the last one is its end, or what could not be read.</summary>
    public static List<SearchToken> Cut(string filter)
    {
        var tokens = new List<SearchToken>();
        for (var at = 0; ;)
        {
            while (at < filter.Length && char.IsWhiteSpace(filter[at]))
                at++;
            var token = at == filter.Length ? new SearchToken(SearchTokenKind.End, "", at + 1, "") : Next(filter, at);
            tokens.Add(token);
            if (token.Kind is SearchTokenKind.End or SearchTokenKind.Broken)
                return tokens;
            at += token.Raw.Length;
        }
    }

    private static SearchToken Next(string filter, int at) => filter[at] switch
    {
        '\'' => Quoted(filter, at, SearchTokenKind.Text),
        // A double quote is around a text or around a key; which of them, its place tells.
        '"' or '`' => Quoted(filter, at, SearchTokenKind.Quoted),
        ',' => Of(filter, at, 1, SearchTokenKind.Comma),
        '(' => Of(filter, at, 1, SearchTokenKind.Open),
        ')' => Of(filter, at, 1, SearchTokenKind.Close),
        '!' or '<' or '>' when at + 1 < filter.Length && filter[at + 1] == '=' => Of(filter, at, 2, SearchTokenKind.Operator),
        '=' or '<' or '>' => Of(filter, at, 1, SearchTokenKind.Operator),
        _ => Word(filter, at),
    };

    private static SearchToken Of(string filter, int at, int length, SearchTokenKind kind) => new(kind, filter.Substring(at, length), at + 1, filter.Substring(at, length));

    private static SearchToken Quoted(string filter, int at, SearchTokenKind kind)
    {
        var quote = filter[at];
        for (var end = at + 1; end < filter.Length; end++)
        {
            if (filter[end] != quote)
                continue;
            if (end + 1 < filter.Length && filter[end + 1] == quote)
            {
                end++;
                continue;
            }
            var inner = filter[(at + 1)..end].Replace($"{quote}{quote}", $"{quote}", StringComparison.Ordinal);
            return new SearchToken(kind, inner, at + 1, filter[at..(end + 1)]);
        }
        return new SearchToken(SearchTokenKind.Broken, "", at + 1, filter[at..]);
    }

    // A word, with the dot that joins it to a quoted key: tags.`a b` is two pieces, the first of which ends in a dot.
    private static SearchToken Word(string filter, int at)
    {
        var end = at;
        while (end < filter.Length && !char.IsWhiteSpace(filter[end]) && filter[end] is not ('\'' or '"' or '`' or ',' or '(' or ')' or '!' or '<' or '>' or '='))
            end++;
        return end == at ? new SearchToken(SearchTokenKind.Broken, "", at + 1, filter[at..]) : new SearchToken(SearchTokenKind.Word, filter[at..end], at + 1, filter[at..end]);
    }
}
