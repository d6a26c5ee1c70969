namespace ModelRegistry.Policies;

/// <summary>The policy in force.</summary>
public sealed record PolicyView(string Name, string Digest, string Json, string AcceptedBy, DateTimeOffset AcceptedAt);
