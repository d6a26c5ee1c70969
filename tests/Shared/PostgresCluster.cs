using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace ModelRegistry.Tests.Storage;

/// <summary>
/// A PostgreSQL of the tests' own, on a free loopback port, gone with them. Where there is no <c>initdb</c> its tests are
/// skipped and say so.
/// </summary>
public sealed class PostgresCluster : IAsyncLifetime
{
    private const string Password = "only-for-tests";
    private readonly TempFolder _folder = new();
    private int _port;
    private int _databases;

    private string Data => _folder.File("data");

    public async ValueTask InitializeAsync()
    {
        if (Needs.PostgreSqlPrograms is null)
            return;
        var password = _folder.File("password");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.UserName == "root")
            await RunAsync("chown", "-R", "postgres", _folder.Path);
        await RunAsServerAsync("initdb", "-D", Data, "-U", "registry", "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "-N");
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        await StartAsync();
    }

    /// <summary>Starts it, at the port it had before.</summary>
    // Nothing here outlives the tests, so nothing has to reach the disk.
    public Task StartAsync() => RunAsServerAsync("pg_ctl", "-D", Data, "-l", Path.Combine(Data, "log"), "-w", "-o",
        $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder.Path} -c fsync=off -c full_page_writes=off", "start");

    /// <summary>Stops it, whoever is connected.</summary>
    public Task StopAsync() => RunAsServerAsync("pg_ctl", "-D", Data, "-m", "fast", "-w", "stop");

    /// <summary>An empty database, or a copy of one that nobody has open, as a URL. Skips the test where there is no server.</summary>
    public async Task<string> NewDatabaseAsync(string? copyOf = null)
    {
        Needs.PostgreSql();
        var name = $"registry_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_port};Username=registry;Password={Password};Database=postgres;Pooling=false");
        await connection.OpenAsync();
        // A locale whose order is not that of the bytes, as most servers have.
        await using var command = new NpgsqlCommand($"create database {name}{(copyOf is null ? "" : $" template {new Uri(copyOf).AbsolutePath[1..]}")}", connection);
        await command.ExecuteNonQueryAsync();
        return $"postgres://registry:{Password}@127.0.0.1:{_port}/{name}";
    }

    /// <summary>Deletes a database, whoever has it open.</summary>
    public async Task DropDatabaseAsync(string url)
    {
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_port};Username=registry;Password={Password};Database=postgres;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"drop database {new Uri(url).AbsolutePath[1..]} with (force)", connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Ends every connection to a database, as a restart of the server would.</summary>
    public async Task CutConnectionsAsync(string url)
    {
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_port};Username=registry;Password={Password};Database=postgres;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where datname = @name", connection);
        command.Parameters.AddWithValue("name", new Uri(url).AbsolutePath[1..]);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs statements in a database, as its owner may.</summary>
    public async Task RunAsync(string url, string sql)
    {
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_port};Username=registry;Password={Password};Database={new Uri(url).AbsolutePath[1..]};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Takes everything out of a database.</summary>
    public Task EmptyAsync(string url) => RunAsync(url, "drop schema public cascade; create schema public");

    public async ValueTask DisposeAsync()
    {
        if (Needs.PostgreSqlPrograms is not null)
            await RunAsServerAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        _folder.Dispose();
    }

    /// <summary>The server refuses to run as root.</summary>
    private static Task RunAsServerAsync(string program, params string[] args) => Environment.UserName == "root"
        ? RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(Needs.PostgreSqlPrograms!, program), .. args])
        : RunAsync(Path.Combine(Needs.PostgreSqlPrograms!, program), args);

    private static async Task RunAsync(string program, params string[] args)
    {
        // Not redirected: the server would keep the pipe open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. args]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}.");
    }
}
