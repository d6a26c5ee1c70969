using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>One request.</summary>
/// <param name="By">Who it is from, by their token or by their proof.</param>
/// <param name="Proof">How a person showed that it is them; null for a machine.</param>
/// <param name="Given">What was sent: the members of the body, or the parameters of the query.</param>
/// <param name="Cancel">The client left, or the server ends.</param>
internal sealed record RestCall(HttpContext Http, RegistryServices Registry, Actor By, Proof? Proof, RestFields Given, CancellationToken Cancel)
{
    /// <summary>The proof for a use case that takes one. A machine has none, and is refused there for that it is one.</summary>
    public Proof ProofOrNone => Proof ?? new Proof(ProofMethod.Elicitation, RestRoutes.Door, "", default, default);

    /// <summary>The request's own key, for a use case that keeps keys itself; null where none was sent.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// The revisions that the caller has seen (<c>If-Match</c>, RFC 9110, section 13.1.1); null where any will do. A weak tag matches none.
    /// </summary>
    public IReadOnlyList<string>? IfRevision()
    {
        Given.Headers.Add("If-Match");
        var tags = Http.Request.Headers.IfMatch.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        return tags.Count == 0 || tags.Contains("*") ? null : [.. tags.Where(tag => tag is ['"', .., '"']).Select(tag => tag[1..^1])];
    }

    /// <summary>A part of the address, such as the id in <c>/promotions/{id}</c>.</summary>
    public string Of(string part) => (string?)Http.Request.RouteValues[part] ?? "";
}
