using Xunit;

namespace ModelRegistry.Tests.Storage;

/// <summary>
/// A PostgreSQL of the tests' own (<see cref="PostgresServer"/>), gone with them. Where there is no <c>initdb</c> its tests are
/// skipped and say so.
/// </summary>
public sealed class PostgresCluster : IAsyncLifetime
{
    private PostgresServer? _server;

    // Nothing here outlives the tests, so nothing has to reach the disk.
    public async ValueTask InitializeAsync()
    {
        if (Needs.PostgreSqlPrograms is not null)
            _server = await PostgresServer.MakeAsync(durable: false);
    }

    /// <summary>Starts it, at the port it had before.</summary>
    public Task StartAsync() => _server!.StartAsync();

    /// <summary>Stops it, whoever is connected.</summary>
    public Task StopAsync() => _server!.StopAsync();

    /// <summary>An empty database, or a copy of one that nobody has open, as a URL. Skips the test where there is no server.</summary>
    public Task<string> NewDatabaseAsync(string? copyOf = null)
    {
        Needs.PostgreSql();
        return _server!.NewDatabaseAsync(copyOf);
    }

    /// <summary>Deletes a database, whoever has it open.</summary>
    public Task DropDatabaseAsync(string url) => _server!.DropDatabaseAsync(url);

    /// <summary>Ends every connection to a database, as a restart of the server would.</summary>
    public Task CutConnectionsAsync(string url) => _server!.CutConnectionsAsync(url);

    /// <summary>Runs statements in a database, as its owner may.</summary>
    public Task RunAsync(string url, string sql) => PostgresServer.RunAsync(url, sql);

    /// <summary>Takes everything out of a database.</summary>
    public Task EmptyAsync(string url) => RunAsync(url, "drop schema public cascade; create schema public");

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
