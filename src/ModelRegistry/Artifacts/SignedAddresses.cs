namespace ModelRegistry.Artifacts;

/// <summary>An address that carries the right to one request until it expires.</summary>
public sealed record SignedAddress(string Url, DateTimeOffset ExpiresAt);

/// <summary>One part of an upload: the bytes of the content from an offset on, to be sent with PUT and exactly that length.</summary>
/// <param name="Number">From 1.</param>
public sealed record SignedPart(int Number, long Offset, long Length, string Url);

/// <param name="IsHere">Whether the content is here already, so that nothing has to be sent.</param>
/// <param name="Parts">Those that are still wanted.</param>
public sealed record SignedUpload(bool IsHere, IReadOnlyList<SignedPart> Parts, DateTimeOffset ExpiresAt);
