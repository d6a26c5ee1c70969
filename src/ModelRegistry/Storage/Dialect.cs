using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace ModelRegistry.Storage;

/// <summary>How much room a database takes, in bytes.</summary>
/// <param name="Log">Of the write-ahead log that waits to be moved into the database; null where the server looks after its own.</param>
internal readonly record struct DatabaseSize(long Bytes, long? Log);

/// <summary>
/// What differs between the two databases. SQL itself is written once, in the subset both understand: <c>@name</c>
/// parameters, <c>insert … on conflict</c>, <c>returning</c>, text, bigint, double and bytes; booleans are 0 and 1, times
/// microseconds since 1970. Where a parameter may be null and nothing around it tells its type, write <c>cast(@x as text)</c>.
/// <c>like</c> heeds case on both; say <c>escape '!'</c>, for their defaults differ.
/// </summary>
internal abstract class Dialect : IAsyncDisposable
{
    /// <summary>What <c>doctor</c> prints: the engine and its version.</summary>
    public abstract string Engine { get; }

    /// <summary>The kind of database, as OpenTelemetry's attribute <c>db.system.name</c> has it.</summary>
    public abstract string SystemName { get; }

    /// <summary>How much room the database takes now.</summary>
    public abstract ValueTask<DatabaseSize> SizeAsync(StoreConnection connection);

    /// <summary>Where the rows are, without secrets.</summary>
    public abstract string Location { get; }

    /// <summary>The setting that names this database, as a person wrote it but for the secrets in it.</summary>
    public abstract string Setting { get; }

    /// <summary>Which database this is among all: another that has the same rows, or stands where this one stood, is another.</summary>
    public abstract ValueTask<string> IdentityAsync(StoreConnection connection);

    /// <summary>Whether two identities that were read at different times may be of one database.</summary>
    public virtual bool IsSame(string before, string now) => before == now;

    /// <summary>False when there is no database yet, so that one has to be made.</summary>
    public virtual bool Exists => true;

    /// <summary>The tokens of the migrations (<c>{bytes}</c>, …) in this dialect.</summary>
    public abstract IReadOnlyDictionary<string, string> MigrationTokens { get; }

    /// <summary>Opens and prepares a connection.</summary>
    public abstract ValueTask<StoreConnection> OpenAsync(bool writer, CancellationToken ct);

    /// <summary>
    /// Blocks until it is this process's turn to write among all processes. Where transactions themselves queue up, there
    /// is nothing to wait for.
    /// </summary>
    public abstract void TakeTurn();

    public abstract void EndTurn();

    /// <summary>Takes the duty of telling people; null while another process has it.</summary>
    public abstract ValueTask<Duty?> TryTakeDutyAsync(DutyOf of, CancellationToken ct);

    /// <summary>How often to look for what other processes committed.</summary>
    public abstract TimeSpan Pace { get; }

    /// <summary>The statement of a write's transaction that tells other processes of it, once it is committed; null where the database tells nobody.</summary>
    public virtual SqlStatement? Announcement => null;

    /// <summary>Calls back after each commit that another process announced, until cancelled, and whenever some may have been missed. What is gone for a while is found again.</summary>
    public virtual Task HearAsync(Action heard, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Joins the processes that serve this database; null where those are on one machine.</summary>
    public virtual ValueTask<Peers?> JoinAsync(CancellationToken ct) => new((Peers?)null);

    /// <summary>Begins a transaction that is alone in writing until it ends.</summary>
    public abstract ValueTask BeginWriteAsync(StoreConnection connection);

    /// <summary>Lets this connection keep a transaction open for as long as its process lives.</summary>
    public virtual ValueTask AllowLongAsync(StoreConnection connection) => ValueTask.CompletedTask;

    /// <summary>What is to be done once after very many rows were written.</summary>
    public virtual ValueTask LoadedAsync(StoreConnection connection) => ValueTask.CompletedTask;

    /// <summary>Begins a transaction that sees one state of the database and cannot write.</summary>
    public abstract ValueTask BeginReadAsync(StoreConnection connection);

    /// <summary>A number that is another one after each commit, of whichever process; asked outside a transaction. Numbers of two connections have nothing to do with each other.</summary>
    public abstract ValueTask<long> StateAsync(StoreConnection connection);

    /// <summary>Ends a transaction that only read.</summary>
    public abstract ValueTask EndReadAsync(StoreConnection connection);

    /// <summary>Ends the transaction, after these last statements.</summary>
    public ValueTask CommitAsync(StoreConnection connection, params IReadOnlyList<SqlStatement> last) =>
        ExecuteAllAsync(connection, [.. last, new SqlStatement("commit", [])]);

    public abstract ValueTask RollbackAsync(StoreConnection connection);

    /// <summary>Runs statements in order, in one round trip where there is one.</summary>
    public abstract ValueTask ExecuteAllAsync(StoreConnection connection, IReadOnlyList<SqlStatement> statements);

    /// <summary>Whether a table is there; asked before the first migration.</summary>
    public abstract ValueTask<bool> HasTableAsync(StoreConnection connection, string table);

    /// <summary>Work the writer does after its commits, still in its turn (checkpoints of the write-ahead log).</summary>
    public abstract void Tidy(StoreConnection writer, bool closing, ILogger log);

    /// <summary>The outage that <paramref name="e"/> is; null when it is none.</summary>
    public abstract StorageUnavailableException? Outage(Exception e);

    /// <summary>Whether the connection can take another transaction.</summary>
    public abstract bool IsUsable(DbConnection connection);

    public abstract ValueTask DisposeAsync();

    /// <summary>Picks the dialect that the options name. Throws <see cref="ArgumentException"/> when they name none.</summary>
    public static Dialect For(StorageOptions options)
    {
        var database = options.Database ?? "sqlite:" + Path.Combine(options.DataFolder, "registry.db");
        return database.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase)
            ? new SqliteDialect(Path.GetFullPath(database["sqlite:".Length..]), options)
            : new PostgresDialect(database, options);
    }
}
