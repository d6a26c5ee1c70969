using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace ModelRegistry.Storage;

/// <summary>
/// SQLite in a file: write-ahead log, every commit synced, one writer at a time among all processes.
/// </summary>
/// <remarks>
/// Only who has the turn (<see cref="TurnFile"/>) writes or checkpoints: automatic checkpoints and the one at closing are
/// switched off on every connection, because two at once can corrupt the log in SQLite 3.7.0 to 3.51.2.
/// </remarks>
internal sealed class SqliteDialect : Dialect
{
    /// <summary>Pages this process writes between two checkpoints: about 16 MiB of log. Pages written often are moved once.</summary>
    private const int PagesPerCheckpoint = 4000;

    private const int NoCheckpointOnClose = 1006;

    private readonly string _path;
    private readonly TimeSpan _turnTimeout;
    private readonly TurnFile _turn;

    // Set when the log was long already: processes that were killed may have left it to others to move.
    private bool _checkpointOwed;

    public SqliteDialect(string path, StorageOptions options)
    {
        _path = path;
        _turnTimeout = options.TurnTimeout;
        MakeFolder(Path.GetDirectoryName(path)!);
        Engine = "SQLite " + SqliteLibrary.Version;
        _turn = new TurnFile(path);
    }

    public override string Engine { get; }

    public override string SystemName => "sqlite";

    /// <summary>One row by its key: some ten microseconds.</summary>
    public override TimeSpan Pace => TimeSpan.FromMilliseconds(250);

    public override string Location => _path;

    public override string Setting => "sqlite:" + _path;

    /// <summary>Its place: a copy of a file is told from it by nothing else.</summary>
    public override ValueTask<string> IdentityAsync(StoreConnection connection) => new(_path);

    public override ValueTask<DatabaseSize> SizeAsync(StoreConnection connection) => new(new DatabaseSize(LengthOf(_path), LengthOf(_path + "-wal")));

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true, Length: var length } ? length : 0;

    public override bool Exists => File.Exists(_path);

    public override IReadOnlyDictionary<string, string> MigrationTokens { get; } = new Dictionary<string, string>
    {
        ["{bytes}"] = "blob",
        ["{text}"] = "text",
        ["{real}"] = "real",
        ["{bigkey}"] = "integer primary key",
        ["{without_rowid}"] = "without rowid",
    };

    public override async ValueTask<StoreConnection> OpenAsync(bool writer, CancellationToken ct)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Pooling = false,
            DefaultTimeout = 5,
            Mode = writer ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
        }.ToString());
        try
        {
            await connection.OpenAsync(ct).ConfigureAwait(false);
            ForbidCheckpointOnClose(connection.Handle!);
            var store = new StoreConnection(connection);
            await store.RunScriptAsync("""
                pragma busy_timeout = 5000;
                pragma wal_autocheckpoint = 0;
                pragma foreign_keys = on;
                pragma synchronous = full;
                pragma case_sensitive_like = on;
                """).ConfigureAwait(false);
            await store.RunScriptAsync(writer ? "pragma journal_mode = wal" : "pragma query_only = on").ConfigureAwait(false);
            _checkpointOwed |= writer && new FileInfo(_path + "-wal") is { Exists: true, Length: > 2L * PagesPerCheckpoint * 4096 };
            return store;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void ForbidCheckpointOnClose(sqlite3 handle)
    {
        var result = raw.sqlite3_db_config(handle, NoCheckpointOnClose, 1, out var now);
        if (result != raw.SQLITE_OK || now != 1)
            throw new InvalidOperationException($"SQLite did not switch off checkpoints at closing ({result}).");
    }

    public override void TakeTurn()
    {
        try
        {
            _turn.Take(_turnTimeout);
        }
        catch (TimeoutException e)
        {
            throw new StorageUnavailableException(
                $"Another process has kept the write lock of '{_path}' for {_turnTimeout.TotalSeconds:0} s.",
                "Where the registry is being moved, wait for that to end; else look for a stopped or hanging process on this data folder, end it, and try again. Nothing was written.", e);
        }
    }

    public override void EndTurn() => _turn.Release();

    /// <summary>A lock on a file beside the database.</summary>
    public override ValueTask<Duty?> TryTakeDutyAsync(DutyOf of, CancellationToken ct)
    {
        var file = LockedFile.Open(Path.ChangeExtension(_path, "." + of.ToString().ToLowerInvariant()));
        if (file.TryTake())
            return ValueTask.FromResult<Duty?>(new Duty(() => ValueTask.FromResult(true), () =>
            {
                file.Dispose();
                return ValueTask.CompletedTask;
            }));
        file.Dispose();
        return ValueTask.FromResult<Duty?>(null);
    }

    public override async ValueTask BeginWriteAsync(StoreConnection connection) =>
        await connection.ExecuteAsync("begin immediate").ConfigureAwait(false);

    public override async ValueTask BeginReadAsync(StoreConnection connection) =>
        await connection.ExecuteAsync("begin").ConfigureAwait(false);

    public override async ValueTask<long> StateAsync(StoreConnection connection) => (long)(await connection.ScalarAsync("pragma data_version").ConfigureAwait(false))!;

    public override ValueTask EndReadAsync(StoreConnection connection) => CommitAsync(connection);

    public override async ValueTask RollbackAsync(StoreConnection connection)
    {
        // Some failures (a full disk) have rolled back already.
        if (raw.sqlite3_get_autocommit(((SqliteConnection)connection.Connection).Handle) == 0)
            await connection.ExecuteAsync("rollback").ConfigureAwait(false);
    }

    public override async ValueTask ExecuteAllAsync(StoreConnection connection, IReadOnlyList<SqlStatement> statements)
    {
        foreach (var (sql, args) in statements)
            await connection.ExecuteAsync(sql, args).ConfigureAwait(false);
    }

    public override async ValueTask<bool> HasTableAsync(StoreConnection connection, string table) =>
        await connection.ScalarAsync("select 1 from sqlite_master where type = 'table' and name = @name", ("name", table)).ConfigureAwait(false) is not null;

    public override void Tidy(StoreConnection writer, bool closing, ILogger log)
    {
        var handle = ((SqliteConnection)writer.Connection).Handle!;
        raw.sqlite3_db_status(handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var written, out _, 0);
        if (written < PagesPerCheckpoint && !_checkpointOwed && !(closing && written > 0))
            return;
        _checkpointOwed = false;
        raw.sqlite3_db_status(handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out _, out _, 1);
        var result = raw.sqlite3_wal_checkpoint_v2(handle, null, raw.SQLITE_CHECKPOINT_PASSIVE, out var frames, out var moved);
        if (result is not (raw.SQLITE_OK or raw.SQLITE_BUSY))
            log.LogWarning("A checkpoint of the write-ahead log failed with code {Code}; the log keeps what it holds and the next one tries again.", result);
        else if (frames - moved > 100 * PagesPerCheckpoint)
            log.LogWarning("The write-ahead log holds {Frames} pages that a long-running reader keeps from being moved into the database.", frames - moved);
    }

    public override StorageUnavailableException? Outage(Exception e) => e is not SqliteException sqlite ? null : sqlite.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => new($"There is no room left for '{_path}'.", "Free some space on that disk; nothing was written.", e),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new($"'{_path}' is locked by another program.", "Close what has the database open for writing (a shell, a backup) and try again.", e),
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => new($"'{_path}' cannot be written.", "Give this user the right to write the database and its folder.", e),
        raw.SQLITE_CANTOPEN => new($"'{_path}' cannot be opened.", "See that the folder is there and that this user may write in it.", e),
        raw.SQLITE_IOERR => new($"The disk failed reading or writing '{_path}'.", "Check the disk and the file system, then start again.", e),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new($"'{_path}' is damaged or is not a registry database.", "Restore it from a backup.", e),
        _ => null,
    };

    public override bool IsUsable(DbConnection connection) => connection.State == System.Data.ConnectionState.Open;

    public override ValueTask DisposeAsync()
    {
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Folders made here are for their owner alone.</summary>
    private static void MakeFolder(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"The folder '{folder}' cannot be made: {e.Message}", "Name another data folder, or give this user the right to make this one.", e);
        }
    }
}
