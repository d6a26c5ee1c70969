using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Artifacts;
using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Storage;

/// <summary>What a move of the rows came to.</summary>
/// <param name="Checkpoint">The signed checkpoint of the log as it is there.</param>
internal sealed record MovedRows(string RegistryId, int Tables, long Rows, long AuditSize, string AuditRoot, string? Checkpoint);

/// <summary>
/// One registry on its way from one database into another. While its rows are copied the turn to write in the source is held, in
/// one transaction, so that the others wait, and go on as before when this process is killed: the system takes lock and transaction
/// away with it.
/// </summary>
// source   turn taken, transaction begun   entry registry.move appended           marked as moved, committed
// target                                   all rows, compared; marked as arriving, committed          mark taken away, committed
//                                                                                  ^ killed before: the source goes on, and the
//                                                                                    next move replaces what arrived
//                                                                                    after: neither is used until it is run again
internal sealed class DatabaseMove(Dialect from, Dialect to, TimeProvider time) : IAsyncDisposable
{
    private const int Batch = 1000;

    private StoreConnection? _source;
    private AuditAppender? _log;
    private AuditIdentity? _identity;
    private string? _checkpoint, _into;
    private bool _turn;

    /// <summary>What a database is now; one that is not there is empty.</summary>
    public static async Task<(Standing Standing, string? RegistryId, MoveMark? Mark)> LookAsync(Dialect dialect, CancellationToken cancel)
    {
        if (!dialect.Exists)
            return (Standing.Empty, null, null);
        await using var connection = await dialect.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        return await MoveMark.LookAsync(dialect, connection).ConfigureAwait(false);
    }

    /// <summary>Whether a database is not the one that a registry was moved into, as far as that was noted.</summary>
    public static async Task<bool> IsAnotherAsync(Dialect dialect, MoveMark moved, CancellationToken cancel)
    {
        if (moved.Target is not { } was || !dialect.Exists)
            return false;
        await using var connection = await dialect.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        return !dialect.IsSame(was, await dialect.IdentityAsync(connection).ConfigureAwait(false));
    }

    /// <summary>Reads a database that may not be open as a registry.</summary>
    public static async Task<T> ReadAsync<T>(Dialect dialect, TimeProvider time, Func<RegistrySession, ValueTask<T>> read, CancellationToken cancel)
    {
        await using var connection = await dialect.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        return await read(new RegistrySession(connection, Times.Truncate(time.GetUtcNow()), mayWrite: false)).ConfigureAwait(false);
    }

    /// <summary>When the last entry of the source's log was made, in microseconds: every version that comes is later.</summary>
    public async Task<long> LastEntryAtAsync(CancellationToken cancel)
    {
        await using var connection = await from.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        return (long)(await connection.ScalarAsync("select at from audit_tree").ConfigureAwait(false))!;
    }

    /// <summary>The next contents after a digest that the source refers to, while it is held or not.</summary>
    public async Task<List<StoredBlob>> ContentsAsync(string after, long since, int most, CancellationToken cancel)
    {
        if (_source is not null)
            return await DatabaseSnapshot.ContentsAsync(_source, after, since, most).ConfigureAwait(false);
        await using var connection = await from.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        return await DatabaseSnapshot.ContentsAsync(connection, after, since, most).ConfigureAwait(false);
    }

    /// <summary>Waits for the turn to write in the source and keeps it; says there that the registry is moved, which lasts when it is.</summary>
    public async Task HoldAsync(Actor by, AuditAct act, CancellationToken cancel)
    {
        from.TakeTurn();
        _turn = true;
        _source = await from.OpenAsync(writer: true, cancel).ConfigureAwait(false);
        await from.AllowLongAsync(_source).ConfigureAwait(false);
        await from.BeginWriteAsync(_source).ConfigureAwait(false);
        _identity = await AuditIdentity.ReadAsync(_source).ConfigureAwait(false) ?? throw new InvalidOperationException("The registry has lost its identity.");
        _log = await AuditAppender.BeginAsync(_identity, from, _source).ConfigureAwait(false);
        await AppendAsync(by, act).ConfigureAwait(false);
    }

    /// <summary>
    /// Copies every row, reads them all again on the other side, verifies the audit log there, and commits what arrived, not yet to be used.
    /// </summary>
    /// <returns>Or <c>move_target_taken</c>, <c>move_unequal</c>; nothing stays of what was copied.</returns>
    public async Task<Outcome<MovedRows>> ArriveAsync(MoveMark mark, Action compared, CancellationToken cancel)
    {
        to.TakeTurn();
        try
        {
            // The keys in it are for nobody but its owner, whatever folder it is put into.
            if (!to.Exists)
                Posix.MakeOwn(to.Location);
            await using var target = await to.OpenAsync(writer: true, cancel).ConfigureAwait(false);
            await to.AllowLongAsync(target).ConfigureAwait(false);
            if (await TakenAsync(target).ConfigureAwait(false) is { } already)
                return already;
            await Migration.ApplyAsync(to, target, Migration.Known, time.GetUtcNow()).ConfigureAwait(false);
            await to.BeginWriteAsync(target).ConfigureAwait(false);
            try
            {
                // Another move may have been quicker.
                if (await TakenAsync(target).ConfigureAwait(false) is { } taken)
                    return await UndoneAsync(taken).ConfigureAwait(false);
                var sent = await TableCopy.InAsync(Migration.Known, _source!, target, null, cancel).ConfigureAwait(false);
                compared();
                List<string> unequal = [];
                foreach (var table in sent)
                    if (await TableCopy.ReadAsync(target, table.Table, table.Columns, cancel).ConfigureAwait(false) is var arrived && !table.Rows.Agrees(arrived.Rows))
                        unequal.Add($"{table.Table} ({table.Rows.Rows} rows sent, {arrived.Rows.Rows} arrived)");
                var head = await VerifyAsync(target, unequal).ConfigureAwait(false);
                if (head != await HeadAsync(_source!).ConfigureAwait(false))
                    unequal.Add("the audit log: its size or its root is another");
                if (unequal.Count > 0)
                    return await UndoneAsync(Refusals.MoveUnequal(to.Location, string.Join("; ", unequal))).ConfigureAwait(false);
                await to.LoadedAsync(target).ConfigureAwait(false);
                await mark.HoldBackAsync(target).ConfigureAwait(false);
                _into = await to.IdentityAsync(target).ConfigureAwait(false);
                await to.CommitAsync(target).ConfigureAwait(false);
                to.Tidy(target, closing: true, NullLogger.Instance);
                return new MovedRows(_identity!.RegistryId, sent.Count, sent.Sum(t => t.Rows.Rows), head.Size, head.Root, _checkpoint);
            }
            catch
            {
                await to.RollbackAsync(target).ConfigureAwait(false);
                throw;
            }

            async Task<Outcome<MovedRows>> UndoneAsync(Refusal why)
            {
                await to.RollbackAsync(target).ConfigureAwait(false);
                return why;
            }
        }
        finally
        {
            to.EndTurn();
        }
    }

    /// <summary>Closes the source for ever: from here on the registry lives in the target, once <see cref="OpenAsync"/> has said so there.</summary>
    public async Task CloseAsync(MoveMark mark)
    {
        await (mark with { Target = _into }).CloseAsync(_source!).ConfigureAwait(false);
        await from.CommitAsync(_source!).ConfigureAwait(false);
    }

    /// <summary>Opens what arrived, if the source is closed for it, which cannot change meanwhile, and both logs end alike. Done twice, it does no harm.</summary>
    /// <returns>Null where something else is there, or the move was taken back.</returns>
    public async Task<MovedRows?> OpenAsync(MoveMark closed, CancellationToken cancel)
    {
        if (_source is not { } held)
            return await InTurnAsync(from, source => new ValueTask<MovedRows?>(OpenAgainstAsync(closed, source, cancel)), cancel).ConfigureAwait(false);
        // The turn is still this move's; its transaction ended when it closed the source.
        await from.BeginWriteAsync(held).ConfigureAwait(false);
        try
        {
            return await OpenAgainstAsync(closed, held, cancel).ConfigureAwait(false);
        }
        finally
        {
            await from.RollbackAsync(held).ConfigureAwait(false);
        }
    }

    private async Task<MovedRows?> OpenAgainstAsync(MoveMark closed, StoreConnection source, CancellationToken cancel) =>
        await MoveMark.LookAsync(from, source).ConfigureAwait(false) is not (Standing.Moved, _, { } still) || still.Move != closed.Move ? null
        : await InTurnAsync(to, async target =>
        {
            var (standing, id, mark) = await MoveMark.LookAsync(to, target).ConfigureAwait(false);
            if (standing is not (Standing.Arriving or Standing.Live) || mark?.Move != closed.Move)
                return null;
            var head = await HeadAsync(target).ConfigureAwait(false);
            if (standing == Standing.Arriving)
            {
                if (head != await HeadAsync(source).ConfigureAwait(false))
                    return null;
                await mark.OpenAsync(target, arrived: true).ConfigureAwait(false);
            }
            return new MovedRows(id!, 0, 0, head.Size, head.Root, await NoteAsync(target).ConfigureAwait(false));
        }, cancel).ConfigureAwait(false);

    /// <summary>
    /// Takes a move back, where nothing was written since in the target. The source is held all the while, so that nobody else ends this
    /// move or begins another: first the target is no registry to be used any more, then the source is one again, and says so.
    /// </summary>
    public Task<Outcome<MovedRows>> UndoAsync(MoveMark closed, bool somethingThere, Actor by, AuditAct act, CancellationToken cancel) => InTurnAsync<Outcome<MovedRows>>(from, async source =>
    {
        if (await MoveMark.LookAsync(from, source).ConfigureAwait(false) is not (Standing.Moved, _, { } still) || still.Move != closed.Move)
            return Refusals.MoveNothingToUndo(from.Location);
        if (somethingThere && await InTurnAsync<Refusal?>(to, async target =>
        {
            var (standing, _, mark) = await MoveMark.LookAsync(to, target).ConfigureAwait(false);
            if (standing is not (Standing.Live or Standing.Arriving) || mark?.Move != closed.Move)
                return Refusals.MoveElsewhere(closed.Place, to.Location);
            var head = await HeadAsync(target).ConfigureAwait(false);
            if (head != await HeadAsync(source).ConfigureAwait(false))
                return Refusals.MoveInUse(to.Location, head.Size);
            await (mark with { Place = from.Location }).HoldBackAsync(target).ConfigureAwait(false);
            return null;
        }, cancel).ConfigureAwait(false) is { } no)
            return no;
        _source = source;
        try
        {
            await closed.OpenAsync(source, arrived: false).ConfigureAwait(false);
            _identity = (await AuditIdentity.ReadAsync(source).ConfigureAwait(false))!;
            _log = await AuditAppender.BeginAsync(_identity, from, source).ConfigureAwait(false);
            await AppendAsync(by, act).ConfigureAwait(false);
            var (size, root) = await HeadAsync(source).ConfigureAwait(false);
            return new MovedRows(_identity.RegistryId, 0, 0, size, root, _checkpoint);
        }
        finally
        {
            _source = null;
        }
    }, cancel);

    /// <summary>Lets the others write again; what was not closed is as it was.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
            // Closing it rolls back whatever was not committed.
            await _source.DisposeAsync().ConfigureAwait(false);
        _source = null;
        _identity?.Key.Dispose();
        if (_turn)
            from.EndTurn();
        _turn = false;
    }

    /// <summary>A database to which something may be copied: an empty one, or one in which an earlier copy of the same registry was never used.</summary>
    private async ValueTask<Refusal?> TakenAsync(StoreConnection target)
    {
        var (standing, id, _) = await MoveMark.LookAsync(to, target).ConfigureAwait(false);
        return standing == Standing.Empty || (standing == Standing.Arriving && id == _identity!.RegistryId) ? null : Refusals.MoveTargetTaken(to.Location, id!);
    }

    private static async Task<T> InTurnAsync<T>(Dialect dialect, Func<StoreConnection, ValueTask<T>> work, CancellationToken cancel)
    {
        dialect.TakeTurn();
        try
        {
            await using var connection = await dialect.OpenAsync(writer: true, cancel).ConfigureAwait(false);
            await dialect.BeginWriteAsync(connection).ConfigureAwait(false);
            try
            {
                var value = await work(connection).ConfigureAwait(false);
                await dialect.CommitAsync(connection).ConfigureAwait(false);
                return value;
            }
            catch
            {
                await dialect.RollbackAsync(connection).ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            dialect.EndTurn();
        }
    }

    private async ValueTask AppendAsync(Actor by, AuditAct act)
    {
        var now = Times.FromMicros(Math.Max(Times.Micros(time.GetUtcNow()), _log!.Head.At + 1));
        var entry = _log.Append(new WriteRequest<int>(by, act, _ => throw new InvalidOperationException("It is decided.")), now, new Settled(null, [act], []));
        var (head, note) = _log.Close(due: true);
        _checkpoint = note;
        await from.ExecuteAllAsync(_source!, [.. entry, .. head]).ConfigureAwait(false);
    }

    private static async ValueTask<(long Size, string Root)> HeadAsync(StoreConnection connection) => await DatabaseSnapshot.LogAsync(connection).ConfigureAwait(false);

    private static async ValueTask<string?> NoteAsync(StoreConnection connection) =>
        (string?)await connection.ScalarAsync("select note from audit_checkpoint order by size desc limit 1").ConfigureAwait(false);

    /// <summary>Recomputes the log in the target from its entries, as they are there now.</summary>
    private async ValueTask<(long Size, string Root)> VerifyAsync(StoreConnection target, List<string> unequal)
    {
        var session = new RegistrySession(target, Times.Truncate(time.GetUtcNow()), mayWrite: false);
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_identity!.Key.ExportSubjectPublicKeyInfo(), out _);
        var witnesses = new List<SignedHead>();
        foreach (var note in await session.CheckpointNotesAsync().ConfigureAwait(false))
            if (Checkpoint.Open(note, _identity.Origin, key) is var opened && opened.Refusal is { } bad)
                unequal.Add($"the audit log: {bad.Message.TrimEnd('.')}");
            else
                witnesses.Add(new SignedHead("the database", opened.Value.Size, opened.Value.Root));
        var stored = await session.AuditHeadAsync().ConfigureAwait(false);
        var verification = new AuditVerification(witnesses, stored);
        for (var after = long.MinValue; await session.AuditBatchAsync(after, long.MaxValue, Batch).ConfigureAwait(false) is { Count: > 0 } rows; after = rows[^1].Position)
        {
            var texts = (await session.ErasablesAsync(rows[0].Position, rows[^1].Position).ConfigureAwait(false)).ToLookup(e => e.Position, e => e.Text);
            foreach (var row in rows)
                verification.Add(new StoredEntry(row.Position, row.Leaf, row.LeafHash, [.. texts[row.Position]]));
        }
        var report = verification.Report();
        if (!report.Sound)
            unequal.Add("the audit log: " + (report.Findings.Count > 0 ? report.Findings[0].Sentence.TrimEnd('.') : "it does not verify"));
        return stored is null ? (0, "") : (stored.Size, stored.Root.Hex);
    }
}
