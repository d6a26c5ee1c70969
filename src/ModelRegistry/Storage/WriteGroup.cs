using ModelRegistry.Audit;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>
/// One write transaction and the requests that share it. Each can be undone by itself: the first by beginning again, the
/// later ones by the savepoint set before them.
/// </summary>
internal sealed class WriteGroup
{
    private readonly Dialect _dialect;
    private readonly AuditIdentity _identity;
    private readonly StoreConnection _writer;
    private readonly TimeProvider _time;
    private AuditAppender _log;

    // Whether there is a savepoint, and whether nothing was done since it was set.
    private bool _marked, _fresh;

    private WriteGroup(Dialect dialect, AuditIdentity identity, StoreConnection writer, TimeProvider time, AuditAppender log) =>
        (_dialect, _identity, _writer, _time, _log) = (dialect, identity, writer, time, log);

    /// <summary>Whether there is anything to commit.</summary>
    public bool HasAppended => _log.HasAppended;

    /// <summary>Begins the transaction, waiting for other processes' to end where they queue up there.</summary>
    public static async ValueTask<WriteGroup> BeginAsync(Dialect dialect, AuditIdentity identity, StoreConnection writer, TimeProvider time)
    {
        await dialect.BeginWriteAsync(writer).ConfigureAwait(false);
        return new WriteGroup(dialect, identity, writer, time, await AuditAppender.BeginAsync(identity, dialect, writer).ConfigureAwait(false));
    }

    /// <summary>
    /// Lets one request decide, and appends what it decided. False when it threw: it is undone and its caller told. An outage
    /// is thrown: it undoes the whole group.
    /// </summary>
    /// <param name="more">Whether another request follows, as far as is known.</param>
    public async ValueTask<bool> RunAsync(WriteRequest request, bool more)
    {
        if (HasAppended && !_fresh)
            await _dialect.ExecuteAllAsync(_writer, Mark([])).ConfigureAwait(false);
        _fresh = false;
        var before = _log.Head;
        var session = new RegistrySession(_writer, Now(), mayWrite: true);
        try
        {
            Inside.Value = true;
            var decision = await request.DecideAsync(session).ConfigureAwait(false);
            Inside.Value = false;
            session.End();
            request.Settled = decision;
            if (decision.Refusal is not null && session.HasWritten)
                await UndoAsync().ConfigureAwait(false);
            var statements = _log.Append(request, decision.Refusal is null ? session.Now : Now(), decision);
            if (statements.Count > 0)
            {
                // Also after an undo: what is written now lies behind the savepoint, and the next undo must not take it along.
                _fresh = false;
                await _dialect.ExecuteAllAsync(_writer, more ? Mark(statements) : statements).ConfigureAwait(false);
            }
            return true;
        }
        catch (Exception e) when (_dialect.Outage(e) is null)
        {
            Inside.Value = false;
            session.End();
            _log.Head = before;
            await UndoAsync().ConfigureAwait(false);
            request.Fail(e);
            return false;
        }
    }

    /// <summary>Writes the head of the log and commits; gives the signed checkpoint where one was due.</summary>
    public async ValueTask<string?> CommitAsync(bool checkpointDue)
    {
        var (statements, note) = _log.Close(checkpointDue);
        if (_dialect.Announcement is { } announcement)
            statements.Add(announcement);
        try
        {
            await _dialect.CommitAsync(_writer, statements).ConfigureAwait(false);
            return note;
        }
        catch (Exception e) when (_dialect.Outage(e) is { } outage && !_dialect.IsUsable(_writer.Connection))
        {
            throw new StorageUnavailableException(
                outage.Message + " It went away during a commit: whether the change was kept is not known.",
                outage.Remedy + " Look whether the change is there before repeating it.", e);
        }
    }

    /// <summary>Commits a signed checkpoint of what is there, if it has none yet, and gives it; null for an empty log.</summary>
    public async ValueTask<string?> CheckpointAsync()
    {
        var note = await _log.CheckpointAsync(_dialect).ConfigureAwait(false);
        await _dialect.CommitAsync(_writer).ConfigureAwait(false);
        return note;
    }

    /// <summary>Whether the code running belongs to a decision: from there, another write or read would wait for itself.</summary>
    public static AsyncLocal<bool> Inside { get; } = new();

    /// <summary>Strictly after the last entry: a clock that steps back revives nothing, and what happened later sorts later.</summary>
    private DateTimeOffset Now() => Times.FromMicros(Math.Max(Times.Micros(_time.GetUtcNow()), _log.Head.At + 1));

    private List<SqlStatement> Mark(List<SqlStatement> statements)
    {
        if (_marked)
            statements.Add(new("release savepoint request", []));
        statements.Add(new("savepoint request", []));
        _marked = _fresh = true;
        return statements;
    }

    private async ValueTask UndoAsync()
    {
        if (HasAppended)
        {
            await _writer.ExecuteAsync("rollback to savepoint request").ConfigureAwait(false);
            _fresh = true;
            return;
        }
        await _dialect.RollbackAsync(_writer).ConfigureAwait(false);
        await _dialect.BeginWriteAsync(_writer).ConfigureAwait(false);
        // Where transactions queue up in the database, another process may have had its turn in between.
        _log = await AuditAppender.BeginAsync(_identity, _dialect, _writer).ConfigureAwait(false);
        _marked = false;
    }
}
