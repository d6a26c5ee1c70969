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

    /// <summary>A part of the address, such as the id in <c>/promotions/{id}</c>.</summary>
    public string Of(string part) => (string?)Http.Request.RouteValues[part] ?? "";
}
