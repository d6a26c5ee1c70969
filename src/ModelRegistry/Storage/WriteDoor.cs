using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Telemetry;

namespace ModelRegistry.Storage;

/// <summary>
/// The door every write of this process goes through, one after another. Whoever queues while the last group is being
/// synced to disk shares the next transaction, each behind a savepoint of its own: one sync for all of them.
/// </summary>
internal sealed class WriteDoor : IAsyncDisposable
{
    /// <summary>The most requests in one transaction, so that the first of them need not wait for very many.</summary>
    private const int MostInGroup = 256;

    private readonly Dialect _dialect;
    private readonly AuditIdentity _identity;
    private readonly CheckpointFile _file;
    private readonly Action _committed;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Channel<WriteRequest> _queue = Channel.CreateUnbounded<WriteRequest>(new() { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StoreConnection? _writer;
    private bool _fileLags;

    public WriteDoor(Dialect dialect, AuditIdentity identity, CheckpointFile file, Action committed, TimeProvider time, ILogger log)
    {
        (_dialect, _identity, _file, _committed, _time, _log) = (dialect, identity, file, committed, time, log);
        // A thread of its own: SQLite blocks while it syncs, and the pool has none to spare.
        new Thread(Work) { IsBackground = true, Name = "registry writer" }.Start();
    }

    public Task<Outcome<T>> EnterAsync<T>(WriteRequest<T> request, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(request), typeof(RegistryDb));
        return request.ReplyAsync(ct);
    }

    private void Work()
    {
        try
        {
            while (Wait())
                RunGroupAsync().GetAwaiter().GetResult();
            Close();
            _ended.SetResult();
        }
        catch (Exception e)
        {
            _log.LogCritical(e, "The writer has stopped; nothing can be written until the program is started again.");
            _queue.Writer.TryComplete(e);
            while (_queue.Reader.TryRead(out var request))
                request.Fail(new StorageUnavailableException("The writer has stopped.", "Start the program again and look at its log.", e));
            _ended.SetResult();
        }
    }

    /// <summary>Waits for a request; false at the end. Meanwhile the checkpoint file catches up.</summary>
    private bool Wait()
    {
        var waiting = _queue.Reader.WaitToReadAsync();
        if (waiting.IsCompleted)
            return waiting.Result;
        var came = waiting.AsTask();
        if (_fileLags && !came.Wait(_file.Due))
            CatchUpAsync().GetAwaiter().GetResult();
        return came.GetAwaiter().GetResult();
    }

    private async Task RunGroupAsync()
    {
        List<WriteRequest> started = [];
        try
        {
            _dialect.TakeTurn();
            try
            {
                var note = await TransactAsync(started).ConfigureAwait(false);
                foreach (var request in started)
                    request.Complete();
                _committed();
                RegistryMeter.Committed(started);
                // What follows is the writer's own housekeeping; nobody waits for it but the next group.
                if (note is not null)
                    Publish(note);
                if (_writer is not null)
                    _dialect.Tidy(_writer, closing: false, _log);
            }
            finally
            {
                _dialect.EndTurn();
            }
        }
        catch (Exception e)
        {
            // Whoever waits now would fail the same way.
            while (started.Count < MostInGroup && _queue.Reader.TryRead(out var request))
                if (request.TryStart())
                    started.Add(request);
            _log.LogError(e, "{Count} writes were not committed.", started.Count);
            var reason = _dialect.Outage(e) ?? e;
            foreach (var request in started)
                request.Fail(reason);
        }
    }

    /// <summary>One transaction for all that are waiting; gives the signed checkpoint where one was due.</summary>
    private async Task<string?> TransactAsync(List<WriteRequest> started)
    {
        try
        {
            var group = await BeginAsync().ConfigureAwait(false);
            while (started.Count < MostInGroup && _queue.Reader.TryRead(out var request))
            {
                if (!request.TryStart())
                    continue;
                started.Add(request);
                if (!await group.RunAsync(request, more: _queue.Reader.TryPeek(out _)).ConfigureAwait(false))
                    started.Remove(request);
            }
            if (!group.HasAppended)
            {
                await _dialect.RollbackAsync(_writer!).ConfigureAwait(false);
                return null;
            }
            var note = await group.CommitAsync(checkpointDue: _file.Due == TimeSpan.Zero).ConfigureAwait(false);
            _fileLags = true;
            return note;
        }
        catch
        {
            // Closing it rolls back whatever state it is in, while the turn is still ours.
            await DropWriterAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask<WriteGroup> BeginAsync()
    {
        if (_writer is { } open)
        {
            try
            {
                return await WriteGroup.BeginAsync(_dialect, _identity, open, _time).ConfigureAwait(false);
            }
            catch (Exception e) when (!_dialect.IsUsable(open.Connection))
            {
                // A server that was restarted in between; nothing was decided yet, so begin again.
                _log.LogInformation(e, "The writer's connection was lost and is opened anew.");
                await DropWriterAsync().ConfigureAwait(false);
            }
        }
        _writer = await _dialect.OpenAsync(writer: true, CancellationToken.None).ConfigureAwait(false);
        return await WriteGroup.BeginAsync(_dialect, _identity, _writer, _time).ConfigureAwait(false);
    }

    private void Publish(string note)
    {
        _fileLags = false;
        try
        {
            _file.Replace(note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.LogError(e, "The audit checkpoint outside the database could not be replaced; the next write tries again.");
        }
    }

    /// <summary>After the last of a burst of writes: signs what is there now, by whichever process, and puts it in the file.</summary>
    private async Task CatchUpAsync()
    {
        try
        {
            _dialect.TakeTurn();
            try
            {
                var group = await BeginAsync().ConfigureAwait(false);
                var note = await group.CheckpointAsync().ConfigureAwait(false);
                if (note is not null)
                    Publish(note);
            }
            catch
            {
                await DropWriterAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                _dialect.EndTurn();
            }
        }
        catch (Exception e)
        {
            _fileLags = false;
            _log.LogError(e, "The audit checkpoint outside the database could not catch up; the next write tries again.");
        }
    }

    private async ValueTask DropWriterAsync()
    {
        if (_writer is not { } writer)
            return;
        _writer = null;
        try
        {
            await writer.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (_dialect.Outage(e) is not null)
        {
            _log.LogDebug(e, "A lost connection could not be closed.");
        }
    }

    private void Close()
    {
        if (_writer is null)
            return;
        if (_fileLags)
            CatchUpAsync().GetAwaiter().GetResult();
        try
        {
            _dialect.TakeTurn();
            _dialect.Tidy(_writer, closing: true, _log);
            _dialect.EndTurn();
        }
        catch (StorageUnavailableException e)
        {
            _log.LogWarning(e, "The write-ahead log was not tidied at closing; the next process does it.");
        }
        DropWriterAsync().AsTask().GetAwaiter().GetResult();
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
    }
}
