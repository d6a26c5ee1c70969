namespace ModelRegistry.Artifacts.S3;

/// <summary>How an S3-compatible store is reached.</summary>
public sealed record S3Options
{
    /// <summary>Address of the store, such as <c>https://minio.example.org:9000</c>; null: Amazon's own, by region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Where clients reach the same store with presigned addresses; null: at <see cref="Endpoint"/>.</summary>
    public Uri? PublicEndpoint { get; init; }

    /// <summary>Null, as the secret: whatever the surroundings offer (AWS_ACCESS_KEY_ID, a role of the machine).</summary>
    public string? AccessKey { get; init; }

    public string? SecretKey { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>How long the store may take over one request; four times that where it moves bytes.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Beginnings of keys of objects that versions may be registered from by reference; null: any outside the registry's own, in a
    /// bucket without a prefix, and none in one with a prefix, which others have a share in.
    /// </summary>
    public IReadOnlyList<string>? References { get; init; }

    /// <summary>Nothing of it: it holds a secret.</summary>
    public override string ToString() => nameof(S3Options);
}
