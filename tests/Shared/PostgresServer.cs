using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace ModelRegistry.Tests.Storage;

/// <summary>A PostgreSQL of one's own on a free loopback port, in a temporary folder; gone when it is disposed of.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Password = "only-for-tests";
    private readonly TempFolder _folder = new();
    private readonly bool _durable;
    private int _port;
    private int _databases;

    private PostgresServer(bool durable) => _durable = durable;

    /// <summary>The folder of the server programs (<c>initdb</c>, <c>pg_ctl</c>); null where there are none.</summary>
    public static string? Programs { get; } = (Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [])
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order().Reverse().Select(version => Path.Combine(version, "bin")) : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));

    private string Data => _folder.File("data");

    private string Maintenance => $"Host=127.0.0.1;Port={_port};Username=registry;Password={Password};Database=postgres;Pooling=false";

    /// <summary>Makes one and starts it.</summary>
    /// <param name="durable">Whether it syncs what it commits, as servers do; nothing of it is lost without that unless the machine itself ends.</param>
    public static async Task<PostgresServer> MakeAsync(bool durable)
    {
        var it = new PostgresServer(durable);
        try
        {
            await it.InitialiseAsync();
            await it.StartAsync();
            return it;
        }
        catch
        {
            await it.DisposeAsync();
            throw;
        }
    }

    private async Task InitialiseAsync()
    {
        var password = _folder.File("password");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.UserName == "root")
            await StartProgramAsync("chown", "-R", "postgres", _folder.Path);
        await RunAsServerAsync("initdb", "-D", Data, "-U", "registry", "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "-N");
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Starts it, at the port it had before.</summary>
    public Task StartAsync() => RunAsServerAsync("pg_ctl", "-D", Data, "-l", Path.Combine(Data, "log"), "-w", "-o",
        $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder.Path}{(_durable ? "" : " -c fsync=off -c full_page_writes=off")}", "start");

    /// <summary>Stops it, whoever is connected.</summary>
    /// <param name="mode"><c>fast</c>: what is under way is rolled back; <c>immediate</c>: as a crash, so that it recovers when it starts.</param>
    public Task StopAsync(string mode = "fast") => RunAsServerAsync("pg_ctl", "-D", Data, "-m", mode, "-w", "stop");

    /// <summary>An empty database, or a copy of one that nobody has open, as a URL.</summary>
    public async Task<string> NewDatabaseAsync(string? copyOf = null)
    {
        var name = $"registry_{Interlocked.Increment(ref _databases)}";
        // A locale whose order is not that of the bytes, as most servers have.
        await ExecuteAsync(Maintenance, $"create database {name}{(copyOf is null ? "" : $" template {NameOf(copyOf)}")}");
        return $"postgres://registry:{Password}@127.0.0.1:{_port}/{name}";
    }

    /// <summary>Deletes a database, whoever has it open.</summary>
    public Task DropDatabaseAsync(string url) => ExecuteAsync(Maintenance, $"drop database {NameOf(url)} with (force)");

    /// <summary>Ends every connection to a database, as a restart of the server would.</summary>
    public Task CutConnectionsAsync(string url) =>
        ExecuteAsync(Maintenance, $"select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where datname = '{NameOf(url)}'");

    /// <summary>Runs statements in a database, as its owner may.</summary>
    public static Task RunAsync(string url, string sql) => ExecuteAsync(SettingOf(url), sql);

    /// <summary>A connection to a database, as its owner has one.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(string url)
    {
        var connection = new NpgsqlConnection(SettingOf(url));
        await connection.OpenAsync();
        return connection;
    }

    private static string SettingOf(string url) =>
        $"Host={new Uri(url).Host};Port={new Uri(url).Port};Username=registry;Password={Password};Database={NameOf(url)};Pooling=false";

    private static string NameOf(string url) => new Uri(url).AbsolutePath[1..];

    private static async Task ExecuteAsync(string to, string sql)
    {
        await using var connection = new NpgsqlConnection(to);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            await StopAsync("immediate");
        _folder.Dispose();
    }

    /// <summary>The server refuses to run as root.</summary>
    private static Task RunAsServerAsync(string program, params string[] args) => Environment.UserName == "root"
        ? StartProgramAsync("runuser", ["-u", "postgres", "--", Path.Combine(Programs!, program), .. args])
        : StartProgramAsync(Path.Combine(Programs!, program), args);

    private static async Task StartProgramAsync(string program, params string[] args)
    {
        // Not redirected: the server would keep the pipe open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. args]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}.");
    }
}
