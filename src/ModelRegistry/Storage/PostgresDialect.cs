using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ModelRegistry.Storage;

/// <summary>
/// PostgreSQL. The turn to write is an advisory lock of the transaction, so that it ends with it, or with the connection
/// of a process that died. Statements are prepared by the driver itself, the second time it sees them.
/// </summary>
internal sealed partial class PostgresDialect : Dialect
{
    /// <summary>"registry" in ASCII: the advisory lock of whoever writes, on this database.</summary>
    private const long WriteLock = 0x7265676973747279;

    /// <summary>"notices!" in ASCII: the advisory lock of whoever tells people.</summary>
    private const long NoticeLock = 0x6e6f746963657321;

    /// <summary>"readable": that of whoever keeps the files that people look at.</summary>
    private const long ReadableLock = 0x7265616461626c65;

    /// <summary>"collects": the lock of whoever deletes contents.</summary>
    private const long CollectionLock = 0x636f6c6c65637473;

    private readonly NpgsqlDataSource _source;
    private readonly string _where;
    private string _version = "";

    public PostgresDialect(string database, StorageOptions options)
    {
        var settings = Settings(database);
        settings.ApplicationName ??= "model-registry";
        settings.MaxAutoPrepare = 256;
        settings.AutoPrepareMinUsages = 2;
        // The writer, the duties, who hears of commits, who serves, and one to look at it all.
        settings.MaxPoolSize = options.Readers + 7;
        settings.TcpKeepAlive = true;
        settings.Enlist = false;
        if (settings.Timeout is 15)
            settings.Timeout = 5;
        (_where, Setting) = (PlaceOf(settings), WithoutSecrets(database));
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        TurnTimeout = options.TurnTimeout;
    }

    private TimeSpan TurnTimeout { get; }

    public override string Engine => $"PostgreSQL {_version}".TrimEnd();

    public override string SystemName => "postgresql";

    public override string Location => _where;

    public override string Setting { get; }

    /// <summary>The number its server was made with, where one may ask for it, and the number of the database there.</summary>
    public override async ValueTask<string> IdentityAsync(StoreConnection connection)
    {
        var server = await connection.ScalarAsync("select has_function_privilege('pg_catalog.pg_control_system()', 'execute')").ConfigureAwait(false) is true
            ? await connection.ScalarAsync("select system_identifier::text from pg_catalog.pg_control_system()").ConfigureAwait(false) : "";
        return $"{server}/{await connection.ScalarAsync("select oid::text from pg_catalog.pg_database where datname = current_database()").ConfigureAwait(false)}";
    }

    /// <summary>A right to ask that came or went makes no other database of it.</summary>
    public override bool IsSame(string before, string now)
    {
        var (was, is_) = (before.Split('/'), now.Split('/'));
        return was[^1] == is_[^1] && (was[0] == is_[0] || was[0].Length == 0 || is_[0].Length == 0);
    }

    public override async ValueTask<DatabaseSize> SizeAsync(StoreConnection connection) =>
        new((long)(await connection.ScalarAsync("select pg_database_size(current_database())").ConfigureAwait(false))!, null);

    public override IReadOnlyDictionary<string, string> MigrationTokens { get; } = new Dictionary<string, string>
    {
        ["{bytes}"] = "bytea",
        // SQLite orders by bytes; so must PostgreSQL, or pages and comparisons would differ with the server's locale.
        ["{text}"] = "text collate \"C\"",
        ["{real}"] = "double precision",
        ["{bigkey}"] = "bigint primary key",
        ["{without_rowid}"] = "",
    };

    public override async ValueTask<StoreConnection> OpenAsync(bool writer, CancellationToken ct)
    {
        var connection = await _source.OpenConnectionAsync(ct).ConfigureAwait(false);
        _version = connection.PostgreSqlVersion.ToString();
        if (connection.PostgresParameters.GetValueOrDefault("server_encoding") is { } encoding and not "UTF8")
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw NoUnicode(encoding);
        }
        var store = new StoreConnection(connection);
        if (writer)
            _writerId = connection.ProcessID;
        else
        {
            await store.RunScriptAsync("set default_transaction_read_only = on").ConfigureAwait(false);
            return store;
        }
        // A writer that stops answering must not keep the lock; and an acknowledged write is on the disk, whatever the server's default is.
        await store.RunScriptAsync($"""
            set lock_timeout = '{(long)TurnTimeout.TotalMilliseconds}ms';
            set idle_in_transaction_session_timeout = '60s';
            select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'
            """).ConfigureAwait(false);
        return store;
    }

    /// <summary>Nothing to wait for: <see cref="BeginWriteAsync"/> does.</summary>
    public override void TakeTurn()
    {
    }

    public override void EndTurn()
    {
    }

    /// <summary>
    /// An advisory lock of a session: it ends with its connection. The server notices within half a minute when the machine
    /// at the other end is gone.
    /// </summary>
    public override async ValueTask<Duty?> TryTakeDutyAsync(DutyOf of, CancellationToken ct)
    {
        var connection = await OpenAsync(writer: false, ct).ConfigureAwait(false);
        try
        {
            await connection.RunScriptAsync("set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3").ConfigureAwait(false);
            var key = of switch { DutyOf.Notices => NoticeLock, DutyOf.Readable => ReadableLock, _ => CollectionLock };
            if (await connection.ScalarAsync("select pg_try_advisory_lock(@key)", ("key", key)).ConfigureAwait(false) is true)
                return new Duty(() => AnswersAsync(connection), () => ReleaseAsync(connection, key));
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        await connection.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    /// <summary>In so many words: a connection given back to the pool keeps its locks until it is used again.</summary>
    private async ValueTask ReleaseAsync(StoreConnection connection, long key)
    {
        await using (connection)
            try
            {
                await connection.ScalarAsync("select pg_advisory_unlock(@key)", ("key", key)).ConfigureAwait(false);
            }
            catch (Exception e) when (Outage(e) is not null || e is InvalidOperationException)
            {
                // Without its connection there is no lock either.
            }
    }

    private async ValueTask<bool> AnswersAsync(StoreConnection connection)
    {
        try
        {
            return await connection.ScalarAsync("select 1").ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (Outage(e) is not null || e is InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Each later statement sees what was committed before it: so also what others committed while this one waited.</summary>
    public override ValueTask BeginWriteAsync(StoreConnection connection) => ExecuteAllAsync(connection,
    [
        new("begin isolation level read committed", []),
        new("select pg_advisory_xact_lock(@key)", [("key", WriteLock)]),
    ]);

    /// <summary>That its machine is gone is noticed within half a minute; else the lock would outlive it.</summary>
    public override ValueTask AllowLongAsync(StoreConnection connection) =>
        connection.RunScriptAsync("set idle_in_transaction_session_timeout = 0; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3");

    /// <summary>Else the first queries would be planned as for empty tables.</summary>
    public override ValueTask LoadedAsync(StoreConnection connection) => connection.RunScriptAsync("analyze");

    /// <summary>The driver sends its <c>begin</c> along with the first statement; that it cannot write is set for the connection.</summary>
    public override async ValueTask BeginReadAsync(StoreConnection connection) =>
        connection.Transaction = await connection.Connection.BeginTransactionAsync(IsolationLevel.RepeatableRead).ConfigureAwait(false);

    /// <summary>Every write leaves an entry of the log in its own transaction, and writes come one after the other.</summary>
    public override async ValueTask<long> StateAsync(StoreConnection connection) => (long)(await connection.ScalarAsync("select coalesce(max(position), 0) from audit_entry").ConfigureAwait(false))!;

    public override async ValueTask EndReadAsync(StoreConnection connection)
    {
        await using var transaction = connection.Transaction!;
        connection.Transaction = null;
        await transaction.CommitAsync().ConfigureAwait(false);
    }

    public override async ValueTask RollbackAsync(StoreConnection connection)
    {
        await using var read = connection.Transaction;
        connection.Transaction = null;
        if (!IsUsable(connection.Connection))
            return;
        if (read is not null)
            await read.RollbackAsync().ConfigureAwait(false);
        else
            await connection.ExecuteAsync("rollback").ConfigureAwait(false);
    }

    public override async ValueTask ExecuteAllAsync(StoreConnection connection, IReadOnlyList<SqlStatement> statements)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection.Connection);
        foreach (var (sql, args) in statements)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var (name, value) in args)
                command.Parameters.Add(new NpgsqlParameter(name, StoreConnection.Bind(name, value)));
            batch.BatchCommands.Add(command);
        }
        await batch.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    /// <summary>By a query, not by <c>to_regclass</c>: that may answer from before this transaction waited for its turn.</summary>
    public override async ValueTask<bool> HasTableAsync(StoreConnection connection, string table) =>
        await connection.ScalarAsync("select 1 from pg_tables where tablename = @name and schemaname = any (current_schemas(false))", ("name", table)).ConfigureAwait(false) is not null;

    public override void Tidy(StoreConnection writer, bool closing, ILogger log)
    {
    }

    public override StorageUnavailableException? Outage(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => new($"Another process has kept the write lock of {_where} too long.", "Where the registry is being moved, wait for that to end; else look for a hanging registry process on this database, end it, and try again. Nothing was written.", e),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new($"There is no room left on the disk of {_where}.", "Free some space there; nothing was written.", e),
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } => new($"PostgreSQL at {_where} refuses the user or password.", "Correct the database setting.", e),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => new($"There is no database {_where}.", "Create it, or correct the database setting.", e),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } => new($"The database user may not do this on {_where}.", "Grant it the rights to create and change tables there.", e),
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => new($"{_where} takes no writes: it is a standby.", "Name the primary server in the database setting.", e),
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow } => Gone(e),
        NpgsqlException { InnerException: SocketException or IOException or TimeoutException } or SocketException => Gone(e),
        NpgsqlException { IsTransient: true } and not PostgresException => Gone(e),
        _ => null,
    };

    /// <summary>One that keeps bytes counts those for characters, and finds no part of a text by them; others cannot keep every text.</summary>
    private StorageUnavailableException NoUnicode(string encoding) =>
        new($"The database {_where} has the encoding {encoding}; a registry needs UTF8.", "Make another one for it (create database NAME encoding 'UTF8' template template0) and name that in the database setting. A registry that is in this one goes there with pg_dump and psql, while no server uses it.");

    private StorageUnavailableException Gone(Exception e) =>
        new($"PostgreSQL at {_where} does not answer.", "See that it runs and can be reached from here, then try again.", e);

    public override bool IsUsable(DbConnection connection) => connection.State == ConnectionState.Open;

    public override async ValueTask DisposeAsync() => await _source.DisposeAsync().ConfigureAwait(false);

    /// <summary>A database setting without its secrets.</summary>
    public static string PlaceOf(string database) => PlaceOf(Settings(database));

    private static string PlaceOf(NpgsqlConnectionStringBuilder settings) => $"{settings.Host}:{settings.Port}/{settings.Database}";

    private static string WithoutSecrets(string database)
    {
        static bool IsSecret(string option) => option.Contains("password", StringComparison.OrdinalIgnoreCase) || option.Equals("pwd", StringComparison.OrdinalIgnoreCase);
        if (!IsUrl(database))
        {
            var named = new NpgsqlConnectionStringBuilder(database);
            foreach (var secret in named.Keys.Where(IsSecret).ToList())
                named.Remove(secret);
            return named.ConnectionString;
        }
        var url = new Uri(database);
        var user = url.UserInfo.Split(':', 2)[0];
        var options = string.Join('&', url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(o => !IsSecret(Uri.UnescapeDataString(o.Split('=', 2)[0]))));
        return $"postgres://{(user.Length > 0 ? user + "@" : "")}{url.Authority}{url.AbsolutePath}{(options.Length > 0 ? "?" + options : "")}";
    }

    private static bool IsUrl(string database) =>
        database.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || database.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>postgres://user:password@host:port/name?option=value</c> or an Npgsql connection string.</summary>
    internal static NpgsqlConnectionStringBuilder Settings(string database)
    {
        try
        {
            if (!IsUrl(database))
                return new NpgsqlConnectionStringBuilder(database) is { Host.Length: > 0 } named ? named : throw new ArgumentException("it names no host");
            var url = new Uri(database);
            var user = url.UserInfo.Split(':', 2);
            var settings = new NpgsqlConnectionStringBuilder { Host = url.Host, Port = url.Port > 0 ? url.Port : 5432 };
            if (user[0].Length > 0)
                settings.Username = Uri.UnescapeDataString(user[0]);
            if (user.Length == 2)
                settings.Password = Uri.UnescapeDataString(user[1]);
            settings.Database = url.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(url.AbsolutePath[1..]) : settings.Username;
            foreach (var option in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=', 2)))
            {
                var name = Option(Uri.UnescapeDataString(option[0]));
                var value = Uri.UnescapeDataString(option.ElementAtOrDefault(1) ?? "");
                settings[name] = name == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
            }
            return settings;
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            // Not the text itself: it may hold a password.
            throw new ArgumentException($"The database setting is neither 'sqlite:PATH' nor 'postgres://user:password@host:port/name' nor an Npgsql connection string: {e.Message}", nameof(database), e);
        }
    }

    /// <summary>The options of a libpq URL by their names in Npgsql.</summary>
    private static string Option(string name) => name.ToLowerInvariant() switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        "target_session_attrs" => "Target Session Attributes",
        _ => name,
    };
}
