namespace ModelRegistry.Storage;

/// <summary>Where the registry keeps its rows.</summary>
/// <param name="DataFolder">The data folder; made when it is not there, readable by its owner only.</param>
/// <param name="Database">
/// <c>sqlite:PATH</c>, <c>postgres://user:password@host:port/name</c> or an Npgsql connection string;
/// null: <c>registry.db</c> in the data folder.
/// </param>
public sealed record StorageOptions(string DataFolder, string? Database = null)
{
    /// <summary>How long a write waits for other processes' turns before it is refused as unavailable.</summary>
    public TimeSpan TurnTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>At most this many reads at once; the others wait.</summary>
    public int Readers { get; init; } = 32;
}
