namespace ModelRegistry.Mcp.Cli;

/// <summary>How much of the tool surface a client is to have, as its options say it.</summary>
internal sealed record ToolChoice(bool ReadOnly, string? Toolsets, string? Tools)
{
    /// <summary>As options of <c>stdio</c>.</summary>
    public IReadOnlyList<string> Options =>
        [.. ReadOnly ? ["--read-only"] : (string[])[], .. Toolsets is { } sets ? ["--toolsets", sets] : (string[])[], .. Tools is { } tools ? ["--tools", tools] : (string[])[]];

    /// <summary>As headers of each request to a server.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers =>
    [
        .. ReadOnly ? [KeyValuePair.Create("X-MCP-Readonly", "true")] : (KeyValuePair<string, string>[])[],
        .. Toolsets is { } sets ? [KeyValuePair.Create("X-MCP-Toolsets", sets)] : (KeyValuePair<string, string>[])[],
        .. Tools is { } tools ? [KeyValuePair.Create("X-MCP-Tools", tools)] : (KeyValuePair<string, string>[])[],
    ];
}

/// <summary>How a client gets at the registry: by a program it starts, or at an address.</summary>
/// <param name="Command">The program and its arguments; empty over HTTP.</param>
/// <param name="Url">The MCP endpoint; null over stdio.</param>
/// <param name="Headers">What each request carries beside the token.</param>
/// <param name="WithToken">Whether each request carries the token, which stands in the environment and never here.</param>
internal sealed record ClientReach(IReadOnlyList<string> Command, Uri? Url, IReadOnlyList<KeyValuePair<string, string>> Headers, bool WithToken)
{
    /// <param name="program">The program, as it is started.</param>
    /// <param name="registry">The registry it is to open. Secrets stay in the environment.</param>
    /// <param name="surface">Which tools it is to offer.</param>
    public static ClientReach Starting(IReadOnlyList<string> program, RegistryOptions registry, ToolChoice surface)
    {
        // A PostgreSQL address holds a password: it belongs in MODELREGISTRY_DATABASE.
        string[] database = registry.Database is { } given && given.StartsWith("sqlite:", StringComparison.Ordinal) ? ["--database", given] : [];
        return new ClientReach([.. program, "stdio", "--data", registry.DataFolder, .. database, .. surface.Options], null, [], false);
    }

    public static ClientReach Over(Uri url, ToolChoice surface, bool withToken) => new([], url, surface.Headers, withToken);
}
