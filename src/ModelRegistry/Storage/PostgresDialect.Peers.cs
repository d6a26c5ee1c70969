using Npgsql;

namespace ModelRegistry.Storage;

/// <summary>What processes on one PostgreSQL know of each other.</summary>
internal sealed partial class PostgresDialect
{
    /// <summary>The channel that commits are announced on (NOTIFY): what is heard says no more than that one should look.</summary>
    private const string Channel = "model_registry";

    /// <summary>"serving!" in ASCII: the advisory lock that every process which serves holds, shared.</summary>
    private const long ServingLock = 0x73657276696e6721;

    // How long a connection is believed that says nothing, and how soon a lost one is opened anew.
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(10), Again = TimeSpan.FromSeconds(1);

    private volatile bool _hears;
    private volatile int _writerId;

    /// <summary>Often while nothing is heard, as behind a pooler that shares sessions; else for the case that it was not told.</summary>
    public override TimeSpan Pace => TimeSpan.FromMilliseconds(_hears ? 2_000 : 500);

    /// <summary>Sent by the server at the commit, and not at all when it is rolled back.</summary>
    public override SqlStatement? Announcement { get; } = new($"notify {Channel}", []);

    public override async Task HearAsync(Action heard, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(ct).ConfigureAwait(false);
                connection.Notification += (_, told) =>
                {
                    // This process knows of its own.
                    if (told.PID != _writerId)
                        heard();
                };
                await using var command = connection.CreateCommand();
                command.CommandText = $"listen {Channel}";
                await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
                _hears = true;
                // What was committed while nobody listened.
                heard();
                command.CommandText = "select 1";
                while (true)
                    if (!await connection.WaitAsync(Believed, ct).ConfigureAwait(false))
                        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            }
            catch (Exception e) when (ct.IsCancellationRequested || e is NpgsqlException or InvalidOperationException or IOException or System.Net.Sockets.SocketException or TimeoutException)
            {
                // Whoever reads is told of an outage; here it is only waited for.
            }
            finally
            {
                _hears = false;
            }
            await Task.Delay(Again, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override async ValueTask<Peers?> JoinAsync(CancellationToken ct)
    {
        var connection = await OpenAsync(writer: false, ct).ConfigureAwait(false);
        try
        {
            await connection.ScalarAsync("select pg_advisory_lock_shared(@key)", ("key", ServingLock)).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return new Peers(() => CountAsync(connection), () => LeaveAsync(connection));
    }

    /// <summary>A key of 64 bits is shown in two halves (PostgreSQL, <c>pg_locks</c>).</summary>
    private static async ValueTask<int> CountAsync(StoreConnection connection) => (int)(long)(await connection.ScalarAsync("""
        select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted and objsubid = 1
          and classid::bigint = @high and objid::bigint = @low and database = (select oid from pg_database where datname = current_database())
        """, ("high", ServingLock >> 32), ("low", ServingLock & uint.MaxValue)).ConfigureAwait(false))!;

    private async ValueTask LeaveAsync(StoreConnection connection)
    {
        await using (connection)
            try
            {
                await connection.ScalarAsync("select pg_advisory_unlock_shared(@key)", ("key", ServingLock)).ConfigureAwait(false);
            }
            catch (Exception e) when (Outage(e) is not null || e is InvalidOperationException)
            {
                // Without its connection there is no lock either.
            }
    }
}
