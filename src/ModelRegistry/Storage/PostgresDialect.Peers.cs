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

    private volatile int _writerId;

    /// <summary>One row by its key, in case nothing is heard: behind a pooler that shares sessions announcements go astray, and nobody is told that they do.</summary>
    public override TimeSpan Pace => TimeSpan.FromMilliseconds(500);

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
                // What was committed while nobody listened.
                heard();
                command.CommandText = "select 1";
                while (true)
                    if (!await connection.WaitAsync(Believed, ct).ConfigureAwait(false))
                        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Whoever reads is told of an outage; here it is only waited for.
            }
            await Task.Delay(Again, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override async ValueTask<Peers?> JoinAsync(CancellationToken ct)
    {
        var connection = await OpenAsync(writer: false, ct).ConfigureAwait(false);
        try
        {
            // The lock of a machine that is gone is not to be counted for hours.
            await connection.RunScriptAsync("set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3").ConfigureAwait(false);
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
