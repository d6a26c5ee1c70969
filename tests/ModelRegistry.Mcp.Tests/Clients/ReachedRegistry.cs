namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>How a client reaches the registry.</summary>
public enum Door
{
    /// <summary>It starts a process of its own.</summary>
    Stdio,

    /// <summary>It calls one that serves.</summary>
    Http,
}

/// <summary>A seeded registry and a way for official clients to reach it, each as its user would set it up.</summary>
internal sealed class ReachedRegistry : IAsyncDisposable
{
    private readonly ServeProcess? _server;
    private readonly string? _token;

    private ReachedRegistry(SeededRegistry registry, ServeProcess? server, string? token) => (Registry, _server, _token) = (registry, server, token);

    public SeededRegistry Registry { get; }

    /// <summary>With churn: v1 serves production, the better v2 is in staging.</summary>
    public static async Task<ReachedRegistry> OpenAsync(Door door, string policy = "local")
    {
        var registry = await SeededRegistry.OpenChurnAsync(policy);
        try
        {
            return door == Door.Stdio
                ? new ReachedRegistry(registry, null, null)
                : new ReachedRegistry(registry, await ServeProcess.StartAsync(registry.DataFolder), policy is "local" or "open" ? null : await registry.TokenAsync("planner"));
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    public Task<RealClient> ConnectAsync(Library library, bool forms = true) => _server is null
        ? RealClient.OverStdioAsync(library, Registry.DataFolder, forms)
        : RealClient.OverHttpAsync(library, new Uri(_server.Address, "mcp"), _token, forms);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        await Registry.DisposeAsync();
    }
}
