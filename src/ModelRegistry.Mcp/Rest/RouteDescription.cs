namespace ModelRegistry.Mcp.Rest;

/// <summary>Who may use a route.</summary>
internal enum RouteAccess
{
    /// <summary>Who has a token; under <c>open</c> and <c>local</c> on this machine, also who has none.</summary>
    Token,
    /// <summary>Anybody: it gives nothing away.</summary>
    Anybody,
    /// <summary>A person with a proof in the body, to which a token adds nothing.</summary>
    Person,
}

/// <summary>One member of a body, or one parameter.</summary>
/// <param name="Type">A type of JSON Schema.</param>
/// <param name="Format">A format of JSON Schema, such as <c>date-time</c>; null where there is none.</param>
/// <param name="Choices">The words that are taken; empty: any.</param>
/// <param name="Within">The members of an object; null where they are not known here.</param>
/// <param name="Names">A pattern that the names of an object's members match; null where they are free.</param>
internal sealed record FieldShape(string Name, string Type, bool Required = false, string? Format = null, IReadOnlyList<string>? Choices = null, int? Least = null, int? Most = null, RestFields? Within = null, string? Names = null)
{
    /// <summary>Whether a parameter may be there more than once, rather than once with commas.</summary>
    public bool Repeated { get; init; }

    /// <summary>Whether an object is taken as well as <see cref="Type"/>.</summary>
    public bool OrObject { get; init; }
}

/// <summary>One route, as it is described to others. Its fields are those that its own code asks for.</summary>
/// <param name="Says">What it does, in a sentence.</param>
/// <param name="Ask">Lets the route ask for its fields.</param>
/// <param name="View">What it answers with.</param>
internal sealed record RouteDescription(string Method, string Path, string Says, RouteAccess Access, Action<RestCall> Ask, Type View, RestReply Reply)
{
    /// <summary>For bodies and answers that the route reads and writes itself; null: as its fields and its view.</summary>
    public StreamShape? Stream { get; init; }

    public bool HasBody => Stream is null && Method is "POST" or "PATCH";

    /// <summary>Whether it takes <c>Idempotency-Key</c>.</summary>
    public bool HasKey => Access == RouteAccess.Token && Method is "POST" or "PATCH" or "DELETE" && Stream is null;
}

/// <summary>One way in which a route answers that is no refusal.</summary>
/// <param name="Headers">Headers that come with it, by the names that <see cref="AnswerHeaders"/> describes.</param>
internal sealed record AnswerShape(int Status, string Meaning, params IReadOnlyList<string> Headers)
{
    /// <summary>Of a stream: the media types of what comes, each with its view (null: bytes). Of none: as the reply says.</summary>
    public IReadOnlyList<(string Media, Type? View)> Contents { get; init; } = [];
}

/// <summary>Bodies and answers of a route that reads and writes for itself.</summary>
/// <param name="Bodies">Media types with their schemas.</param>
/// <param name="Headers">Headers that it looks at, with what they are for.</param>
internal sealed record StreamShape(IReadOnlyList<(string Media, System.Text.Json.Nodes.JsonObject Schema)> Bodies, IReadOnlyList<AnswerShape> Answers, IReadOnlyList<(string Name, string Meaning)> Headers);
