using System.Collections.Concurrent;
using ModelRegistry.Tests.Storage;
using Xunit;

[assembly: AssemblyFixture(typeof(TestDatabases))]

namespace ModelRegistry.Tests.Storage;

/// <summary>
/// Which database the registries of tests are in: files, or, where <c>MODELREGISTRY_TESTS_DATABASE=postgres</c> is set, databases of
/// one PostgreSQL for the whole run, each a copy of a template and gone with its test.
/// </summary>
public sealed class TestDatabases : IAsyncLifetime
{
    private static readonly SemaphoreSlim Starting = new(1, 1);
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Templates = new();
    private static PostgresCluster? _cluster;

    /// <summary>Whether registries of tests are in PostgreSQL unless they say otherwise.</summary>
    public static bool ArePostgres { get; } = Environment.GetEnvironmentVariable("MODELREGISTRY_TESTS_DATABASE") switch
    {
        null or "" or "sqlite" => false,
        "postgres" => true,
        var other => throw new InvalidOperationException($"MODELREGISTRY_TESTS_DATABASE is '{other}'; it is sqlite or postgres."),
    };

    /// <summary>A new database: empty, or as <paramref name="fill"/> left the first one of this name.</summary>
    internal static async Task<string> NewAsync(string? template = null, Func<string, Task>? fill = null)
    {
        var cluster = await ClusterAsync();
        if (template is null)
            return await cluster.NewDatabaseAsync();
        var model = await Templates.GetOrAdd(template, _ => new Lazy<Task<string>>(async () =>
        {
            var url = await cluster.NewDatabaseAsync();
            await fill!(url);
            return url;
        })).Value;
        return await cluster.NewDatabaseAsync(copyOf: model);
    }

    internal static async Task DropAsync(string url) => await (await ClusterAsync()).DropDatabaseAsync(url);

    private static async Task<PostgresCluster> ClusterAsync()
    {
        Needs.PostgreSql();
        await Starting.WaitAsync();
        try
        {
            if (_cluster is null)
            {
                var cluster = new PostgresCluster();
                await cluster.InitializeAsync();
                _cluster = cluster;
            }
            return _cluster;
        }
        finally
        {
            Starting.Release();
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is { } cluster)
            await cluster.DisposeAsync();
    }
}
