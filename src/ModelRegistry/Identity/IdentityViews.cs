namespace ModelRegistry.Identity;

public sealed record PersonView(string Id, string Name, IReadOnlyList<string> Roles, bool Disabled, DateTimeOffset Since);

/// <summary>A token, never with its secret.</summary>
public sealed record TokenView(string Id, string Actor, string Kind, string Owner, IReadOnlyList<string> Roles, IReadOnlyList<string> Models, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>A token just made. <see cref="Secret"/> is shown this once and stored only as a hash.</summary>
public sealed record NewTokenView(string Id, string Actor, string Secret, DateTimeOffset? ExpiresAt);

/// <summary>What a passkey is asked for.</summary>
public enum PasskeyUse
{
    /// <summary>To sign a browser in.</summary>
    SignIn,
    /// <summary>To show, with a request that administers or enrols, that it is them.</summary>
    Confirm,
    /// <summary>To sign a decision on a promotion.</summary>
    Decide,
}

/// <summary>A question for a browser's authenticator, and the state that has to come back with its answer.</summary>
/// <param name="PublicKey">The options of <c>navigator.credentials.create</c> or <c>.get</c>, in WebAuthn's JSON form.</param>
/// <param name="StatementSha256">The statement it is about; null when it is about none.</param>
public sealed record CeremonyView(string State, System.Text.Json.Nodes.JsonObject PublicKey, string? StatementSha256, DateTimeOffset ExpiresAt);

/// <summary>An authenticator's answer: the state it was asked with, and the credential in WebAuthn's JSON form.</summary>
public sealed record PasskeyAnswer(string State, string Credential);

/// <param name="BackedUp">Whether it is synced to other devices of its person.</param>
public sealed record PasskeyView(string Id, string Person, string Name, bool BackedUp, IReadOnlyList<string> Transports, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>An invite just made. <see cref="Code"/> is shown this once and stored only as a hash.</summary>
public sealed record InviteView(string Id, string Person, string Code, DateTimeOffset ExpiresAt);

/// <summary>A sign-in just made. <see cref="Secret"/> goes into the cookie and is stored only as a hash.</summary>
public sealed record SignInView(string Secret, DateTimeOffset ExpiresAt);
