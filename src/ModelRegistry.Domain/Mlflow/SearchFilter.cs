namespace ModelRegistry.Domain.Mlflow;

/// <summary>What a search looks through: which fields it knows differs.</summary>
public enum SearchOf { Models, Versions }

/// <summary>A field that a search can compare.</summary>
public enum SearchField { Name, Tag, RunId, SourcePath, VersionNumber }

/// <summary>How it compares: <c>LIKE</c> heeds case, <c>ILIKE</c> does not heed that of ASCII letters; in both, <c>%</c> is any text and <c>_</c> any character.</summary>
public enum SearchOperator { Equal, NotEqual, Less, AtMost, Greater, AtLeast, Like, ILike, In }

/// <summary>One comparison of a filter.</summary>
/// <param name="Key">Of the tag; empty for any other field.</param>
/// <param name="Values">One text; any number, at least one, for <see cref="SearchOperator.In"/>; none where <paramref name="Number"/> is compared.</param>
/// <param name="Number">For <see cref="SearchField.VersionNumber"/>.</param>
public sealed record SearchComparison(SearchField Field, string Key, SearchOperator Operator, IReadOnlyList<string> Values, long Number = 0)
{
    /// <summary>
    /// The tag by which MLflow tells prompts from models. Its clients send <c>!= 'true'</c> of it with every search for models, and
    /// mean those without it as well; of any other tag a row that lacks it matches nothing.
    /// </summary>
    public const string PromptTag = "mlflow.prompt.is_prompt";

    /// <summary>Whether a row that lacks the tag matches.</summary>
    public bool HoldsWithoutTag => Field == SearchField.Tag && Key == PromptTag && Operator == SearchOperator.NotEqual;
}

/// <summary>The filter of an MLflow search: comparisons that all have to hold.</summary>
public sealed record SearchFilter(IReadOnlyList<SearchComparison> Comparisons)
{
    /// <summary>Bounds of a filter.</summary>
    public const int MostCharacters = 20_000, MostComparisons = 50, MostValues = 1_000;

    /// <summary>The longest pattern of <c>LIKE</c>, and how much of a text it is held against: the cost is the product of both.</summary>
    public const int MostPattern = 250, MostMatched = 5_000;

    public static SearchFilter All { get; } = new([]);

    /// <summary>
    /// Reads <c>name LIKE 'fraud%' AND tags.team = 'risk'</c>. Words of the language are taken in any case; keys may stand in
    /// backticks or double quotes, texts in single or double quotes, a quote within them doubled. There is no OR and no bracket but IN's.
    /// </summary>
    /// <returns>The filter, or <c>search_filter_invalid</c> that points at what cannot be taken.</returns>
    public static Outcome<SearchFilter> Read(string? text, SearchOf of) => string.IsNullOrWhiteSpace(text) ? All : new SearchFilterReader(text, of).Read();
}
