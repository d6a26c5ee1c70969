using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Audit;
using ModelRegistry.Changes;
using ModelRegistry.Domain;
using ModelRegistry.Telemetry;

namespace ModelRegistry.Storage;

/// <summary>
/// The registry's database. There is one way to write, <see cref="WriteAsync"/>, and it cannot be passed without an audit
/// entry; there is one way to read, <see cref="ReadAsync"/>. Any number of processes may have the same database open.
/// </summary>
public sealed class RegistryDb : IAsyncDisposable
{
    private readonly Dialect _dialect;
    private readonly AuditIdentity _identity;
    private readonly ReaderPool _readers;
    private readonly WriteDoor _door;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private Task _hearing = Task.CompletedTask;
    private int _disposed;

    // When it was last looked whether the registry still lives here.
    private long _lookedAt = -1_000;

    private RegistryDb(Dialect dialect, AuditIdentity identity, StorageOptions options, TimeProvider time, ILogger log)
    {
        (_dialect, _identity, _time) = (dialect, identity, time);
        Committed = new ChangeBell(() => _hearing = SharedWork.Begin(() => _dialect.HearAsync(Committed!.Ring, _closing.Token)));
        _readers = new ReaderPool(dialect, options.Readers);
        _door = new WriteDoor(dialect, identity, new CheckpointFile(options.DataFolder), Committed.Ring, time, log);
    }

    /// <summary>The SQLite library in use and where it is from.</summary>
    public static string SqliteVersion => SqliteLibrary.Version;

    /// <summary>Rings after each commit of this process, and of others where the database tells of them.</summary>
    internal ChangeBell Committed { get; }

    /// <summary>How often to look whether another process committed something, beside what rings.</summary>
    internal TimeSpan Pace => _dialect.Pace;

    /// <summary>The engine and its version.</summary>
    public string Engine => _dialect.Engine;

    /// <summary>The kind of database, as OpenTelemetry names it: <c>sqlite</c>, <c>postgresql</c>.</summary>
    internal string SystemName => _dialect.SystemName;

    /// <summary>Whether the database is where it was opened. What is open of a file that was deleted can still be read, and no other process finds it.</summary>
    internal bool IsInPlace => _dialect.Exists;

    /// <summary>Where the rows are; no secrets in it.</summary>
    public string Location => _dialect.Location;

    /// <summary>The time, as precisely as it is stored.</summary>
    internal DateTimeOffset Now => Times.Truncate(_time.GetUtcNow());

    /// <summary>Immutable id of this registry (<c>reg_…</c>).</summary>
    public string RegistryId => _identity.RegistryId;

    /// <summary>The audit log's name in its checkpoints.</summary>
    public string AuditOrigin => _identity.Origin;

    /// <summary>The key that checkpoints verify with: DER, SubjectPublicKeyInfo.</summary>
    public byte[] AuditPublicKey() => _identity.Key.ExportSubjectPublicKeyInfo();

    /// <summary>A copy of the key that signs, for one signature beside the log's own. The caller disposes of it.</summary>
    internal System.Security.Cryptography.ECDsa OpenAuditKey()
    {
        var key = System.Security.Cryptography.ECDsa.Create();
        key.ImportParameters(_identity.Key.ExportParameters(includePrivateParameters: true));
        return key;
    }

    /// <summary>
    /// Opens the database, making it and bringing its schema up to date where needed. Throws
    /// <see cref="StorageUnavailableException"/> when it cannot be reached or is not one this program can use,
    /// <see cref="ArgumentException"/> when the options name none.
    /// </summary>
    public static Task<RegistryDb> OpenAsync(StorageOptions options, TimeProvider time, ILogger? log = null) =>
        OpenAsync(options, time, log ?? NullLogger.Instance, Migration.Known);

    /// <summary>Whether a registry was made in a database. Throws as <see cref="OpenAsync(StorageOptions, TimeProvider, ILogger?)"/> does.</summary>
    internal static async Task<bool> IsThereAsync(StorageOptions options, CancellationToken ct)
    {
        await using var dialect = Dialect.For(options);
        try
        {
            return dialect.Exists && await HasRegistryAsync(dialect, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (dialect.Outage(e) is { } outage)
        {
            throw outage;
        }
    }

    /// <summary>With its first policy it is one: what was cut before that, or is being made, is none that anybody may go on with as it likes.</summary>
    private static async Task<bool> HasRegistryAsync(Dialect dialect, CancellationToken ct)
    {
        await using var connection = await dialect.OpenAsync(writer: false, ct).ConfigureAwait(false);
        return await dialect.HasTableAsync(connection, "policy").ConfigureAwait(false)
            && await connection.ScalarAsync("select 1 from policy limit 1").ConfigureAwait(false) is not null;
    }

    internal static async Task<RegistryDb> OpenAsync(StorageOptions options, TimeProvider time, ILogger log, IReadOnlyList<Migration> known)
    {
        var dialect = Dialect.For(options);
        try
        {
            var identity = await FindIdentityAsync(dialect, known).ConfigureAwait(false)
                ?? await PrepareAsync(dialect, known, time.GetUtcNow()).ConfigureAwait(false);
            return new RegistryDb(dialect, identity, options, time, log);
        }
        catch (Exception e)
        {
            await dialect.DisposeAsync().ConfigureAwait(false);
            if (dialect.Outage(e) is { } outage)
                throw outage;
            throw;
        }
    }

    /// <summary>The usual case, without waiting for a turn: everything is there and up to date. Null when not.</summary>
    private static async ValueTask<AuditIdentity?> FindIdentityAsync(Dialect dialect, IReadOnlyList<Migration> known)
    {
        if (!dialect.Exists)
            return null;
        await using var connection = await dialect.OpenAsync(writer: false, CancellationToken.None).ConfigureAwait(false);
        // Before anything is brought up to date: what was left behind stays as it was left.
        if (await dialect.HasTableAsync(connection, "meta").ConfigureAwait(false))
            await MoveMark.DemandLiveAsync(dialect, connection).ConfigureAwait(false);
        return await Migration.PendingAsync(dialect, connection, known).ConfigureAwait(false) is []
            ? await AuditIdentity.ReadAsync(connection).ConfigureAwait(false)
            : null;
    }

    private static async ValueTask<AuditIdentity> PrepareAsync(Dialect dialect, IReadOnlyList<Migration> known, DateTimeOffset now)
    {
        dialect.TakeTurn();
        try
        {
            await using var writer = await dialect.OpenAsync(writer: true, CancellationToken.None).ConfigureAwait(false);
            await Migration.ApplyAsync(dialect, writer, known, now).ConfigureAwait(false);
            return await AuditIdentity.ReadOrMakeAsync(dialect, writer, now).ConfigureAwait(false);
        }
        finally
        {
            dialect.EndTurn();
        }
    }

    /// <summary>
    /// The only pen: read, decide, write, audit entry and feed row in one transaction, or nothing.
    /// </summary>
    /// <remarks>
    /// A refusal undoes what <paramref name="decide"/> changed and leaves one entry with outcome <c>refused</c>, the verb of
    /// <paramref name="attempt"/> and the refusal's code. An exception undoes everything and reaches the caller alone; an
    /// outage is a <see cref="StorageUnavailableException"/>. <paramref name="decide"/> holds up every other write: it does
    /// no I/O but through its session. Cancelling helps until the turn has come; from then on the write runs to its end.
    /// </remarks>
    public Task<Outcome<T>> WriteAsync<T>(Actor by, AuditAct attempt, Func<RegistrySession, ValueTask<Outcome<Written<T>>>> decide, CancellationToken ct)
    {
        ThrowInside();
        return RegistryMeter.WatchesWrites ? WatchedWriteAsync(by, attempt, decide, ct) : _door.EnterAsync(new WriteRequest<T>(by, attempt, decide), ct);
    }

    // Apart, so that what is not watched makes no closure for it.
    private Task<Outcome<T>> WatchedWriteAsync<T>(Actor by, AuditAct attempt, Func<RegistrySession, ValueTask<Outcome<Written<T>>>> decide, CancellationToken ct) =>
        RegistryMeter.TransactionAsync(_dialect.SystemName, "write", attempt.Verb, () => _door.EnterAsync(new WriteRequest<T>(by, attempt, decide), ct));

    private Task<T> WatchedReadAsync<T>(Func<RegistrySession, ValueTask<T>> read, CancellationToken ct) =>
        RegistryMeter.TransactionAsync(_dialect.SystemName, "read", null, () => PlainReadAsync(read, ct));

    /// <summary>
    /// Reads one state of the database. The transaction is over when the value is given back: nothing is ever sent to
    /// anybody while it is open.
    /// </summary>
    /// <remarks>
    /// What a moved registry left behind is not read either: what served then may not serve now, and a stale answer is worse than
    /// none. A process that had it open finds out within a second.
    /// </remarks>
    public Task<T> ReadAsync<T>(Func<RegistrySession, ValueTask<T>> read, CancellationToken ct)
    {
        ThrowInside();
        return RegistryMeter.Transactions.Enabled ? WatchedReadAsync(read, ct) : PlainReadAsync(read, ct);
    }

    private Task<T> PlainReadAsync<T>(Func<RegistrySession, ValueTask<T>> read, CancellationToken ct) => _readers.ReadAsync(connection => InSessionAsync(connection, read), ct);

    /// <summary>
    /// Reads what is asked for again and again: the same as <see cref="ReadAsync"/> would read now, given from memory as long as
    /// nobody committed anything. What depends on the time is not to be kept, but what it is reckoned from.
    /// </summary>
    /// <param name="lasts">Whether an answer is worth keeping: nothing is kept of what is not there.</param>
    internal Task<T> RecallAsync<T>(RecallKey key, Func<RegistrySession, ValueTask<T>> read, Func<T, bool> lasts, CancellationToken ct)
        where T : notnull
    {
        ThrowInside();
        Task<T> Plain() => _readers.RecallAsync(key, connection => InSessionAsync(connection, read), lasts, ct);
        return RegistryMeter.Transactions.Enabled ? RegistryMeter.TransactionAsync(_dialect.SystemName, "read", null, Plain) : Plain();
    }

    private async ValueTask<T> InSessionAsync<T>(StoreConnection connection, Func<RegistrySession, ValueTask<T>> read)
    {
        var now = Environment.TickCount64;
        if (now - Interlocked.Read(ref _lookedAt) is < 0 or >= 1_000)
        {
            await MoveMark.DemandLiveAsync(_dialect, connection).ConfigureAwait(false);
            Interlocked.Exchange(ref _lookedAt, now);
        }
        var session = new RegistrySession(connection, Now, mayWrite: false);
        try
        {
            return await read(session).ConfigureAwait(false);
        }
        finally
        {
            session.End();
        }
    }

    /// <summary>How much room it takes now.</summary>
    internal Task<DatabaseSize> SizeAsync(CancellationToken ct) => _readers.ReadAsync(_dialect.SizeAsync, ct);

    /// <summary>Writes one state of the database into a new SQLite file.</summary>
    internal async Task SnapshotAsync(string path, DateTimeOffset now, CancellationToken ct)
    {
        ThrowInside();
        try
        {
            await DatabaseSnapshot.WriteAsync(_dialect, path, now, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (_dialect.Outage(e) is { } outage)
        {
            throw outage;
        }
    }

    /// <summary>Takes a duty for all processes on this database; null while another has it.</summary>
    internal async ValueTask<Duty?> TryTakeDutyAsync(CancellationToken ct, DutyOf of = DutyOf.Notices)
    {
        try
        {
            return await _dialect.TryTakeDutyAsync(of, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (_dialect.Outage(e) is { } outage)
        {
            throw outage;
        }
    }

    /// <summary>Joins the processes that serve this database; null where those are on one machine.</summary>
    internal async ValueTask<Peers?> JoinAsync(CancellationToken ct)
    {
        try
        {
            return await _dialect.JoinAsync(ct).ConfigureAwait(false);
        }
        catch (Exception e) when (_dialect.Outage(e) is { } outage)
        {
            throw outage;
        }
    }

    private static void ThrowInside()
    {
        if (WriteGroup.Inside.Value)
            throw new InvalidOperationException("A decision reads and writes through its own session.");
    }

    /// <summary>Waits for the writes that are queued, then closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _closing.CancelAsync().ConfigureAwait(false);
        await _door.DisposeAsync().ConfigureAwait(false);
        await _hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _readers.DisposeAsync().ConfigureAwait(false);
        await _dialect.DisposeAsync().ConfigureAwait(false);
        _identity.Key.Dispose();
        _closing.Dispose();
    }
}
