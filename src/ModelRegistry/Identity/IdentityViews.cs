namespace ModelRegistry.Identity;

public sealed record PersonView(string Id, string Name, IReadOnlyList<string> Roles, bool Disabled, DateTimeOffset Since);

/// <summary>A token, never with its secret.</summary>
public sealed record TokenView(string Id, string Actor, string Kind, string Owner, IReadOnlyList<string> Roles, IReadOnlyList<string> Models, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>A token just made. <see cref="Secret"/> is shown this once and stored only as a hash.</summary>
public sealed record NewTokenView(string Id, string Actor, string Secret, DateTimeOffset? ExpiresAt);
