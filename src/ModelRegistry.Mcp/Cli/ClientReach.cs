namespace ModelRegistry.Mcp.Cli;

/// <summary>How a client gets at the registry: by a program it starts, or at an address.</summary>
/// <param name="Command">The program and its arguments; empty over HTTP.</param>
/// <param name="Url">The MCP endpoint; null over stdio.</param>
/// <param name="Headers">What each request carries beside the token.</param>
/// <param name="WithToken">Whether requests carry the token, which stands in the environment and never here.</param>
internal sealed record ClientReach(IReadOnlyList<string> Command, Uri? Url, IReadOnlyList<KeyValuePair<string, string>> Headers, bool WithToken)
{
    /// <param name="program">The program, as it is started.</param>
    /// <param name="registry">The registry it is to open. Secrets stay in the environment.</param>
    /// <param name="surface">Which tools it is to offer.</param>
    public static ClientReach Starting(IReadOnlyList<string> program, RegistryOptions registry, SurfaceSettings surface)
    {
        // A PostgreSQL address holds a password: it belongs in MODELREGISTRY_DATABASE.
        string[] database = registry.Database is { } given && given.StartsWith("sqlite:", StringComparison.Ordinal) ? ["--database", given] : [];
        string[] artifacts = registry.Artifacts is { } elsewhere ? ["--artifacts", elsewhere] : [];
        string[] keys = registry.SigningKeys is { } pinned ? ["--signing-keys", Path.GetFullPath(pinned)] : [];
        return new ClientReach([.. program, "stdio", "--data", registry.DataFolder, .. database, .. artifacts, .. keys, .. Options(surface)], null, [], false);
    }

    /// <summary>The same for a program that opens no registry and speaks on to a server.</summary>
    public static ClientReach Through(IReadOnlyList<string> program, Uri server, SurfaceSettings surface, bool withToken) =>
        new([.. program, "stdio", "--server", server.GetLeftPart(UriPartial.Authority), .. Options(surface)], null, [], withToken);

    public static ClientReach Over(Uri url, SurfaceSettings surface, bool withToken) => new([], url, Carried(surface), withToken);

    private static IEnumerable<string> Options(SurfaceSettings surface)
    {
        if (surface.ReadOnly)
            yield return "--read-only";
        if (surface.Toolsets.Count > 0)
            foreach (var word in new[] { "--toolsets", string.Join(',', surface.Toolsets) })
                yield return word;
        if (surface.Tools.Count > 0)
            foreach (var word in new[] { "--tools", string.Join(',', surface.Tools) })
                yield return word;
    }

    private static List<KeyValuePair<string, string>> Carried(SurfaceSettings surface)
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (surface.ReadOnly)
            headers.Add(new("X-MCP-Readonly", "true"));
        if (surface.Toolsets.Count > 0)
            headers.Add(new("X-MCP-Toolsets", string.Join(',', surface.Toolsets)));
        if (surface.Tools.Count > 0)
            headers.Add(new("X-MCP-Tools", string.Join(',', surface.Tools)));
        return headers;
    }
}
