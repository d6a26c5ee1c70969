using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ModelRegistry.Fuzz;

/// <summary>
/// Connections to a server of the same process that are pipes instead of sockets. Everything above them is the server's own: it
/// reads lines, headers, lengths and chunks as those of a network.
/// </summary>
internal sealed class MemoryTransport : IConnectionListenerFactory, IConnectionListener
{
    private static readonly AsyncLocal<MemoryTransport?> Meant = new();

    private readonly Channel<ConnectionContext> _waiting = Channel.CreateUnbounded<ConnectionContext>();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connections;

    /// <summary>Ends when a server takes connections.</summary>
    public Task Listening => _listening.Task;

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 8_003);

    /// <summary>Runs what builds a server, so that it takes this transport's connections. A host says when it is being built, to whoever listens.</summary>
    public async Task<T> ServeAsync<T>(Func<Task<T>> serve)
    {
        Meant.Value = this;
        using var hosts = DiagnosticListener.AllListeners.Subscribe(new Watcher<DiagnosticListener>(listener =>
        {
            if (listener.Name == "Microsoft.Extensions.Hosting")
                listener.Subscribe(new Watcher<KeyValuePair<string, object?>>(said =>
                {
                    // Others may build hosts of their own meanwhile.
                    if (said is { Key: "HostBuilding", Value: IHostBuilder host } && Meant.Value == this)
                        host.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory>(this));
                }));
        }));
        return await serve();
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => ValueTask.FromResult<IConnectionListener>(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        _listening.TrySetResult();
        return await _waiting.Reader.WaitToReadAsync(cancellationToken) && _waiting.Reader.TryRead(out var next) ? next : null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    /// <summary>Sends everything and reads to the end, or to the beginning of a stream of events. Null: there was no end in time.</summary>
    public async Task<byte[]?> ExchangeAsync(byte[] request, TimeSpan patience)
    {
        var (to, from) = (new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false)), new Pipe(new PipeOptions(useSynchronizationContext: false)));
        var connection = new MemoryConnection($"memory-{Interlocked.Increment(ref _connections)}", new Ends(new StarvingReader(to.Reader, () => to.Writer.Complete()), from.Writer), new Ends(from.Reader, to.Writer)) { LocalEndPoint = EndPoint, RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 50_000) };
        using var late = new CancellationTokenSource(patience);
        await to.Writer.WriteAsync(request, late.Token);
        await _waiting.Writer.WriteAsync(connection, late.Token);
        using var answer = new MemoryStream();
        try
        {
            while (true)
            {
                var read = await from.Reader.ReadAsync(late.Token);
                foreach (var part in read.Buffer)
                    answer.Write(part.Span);
                from.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || answer.GetBuffer().AsSpan(0, (int)Math.Min(answer.Length, 2_000)).IndexOf("text/event-stream\r\n"u8) >= 0)
                    return answer.ToArray();
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        finally
        {
            // As a client that closes its socket: whatever still waits for it ends.
            connection.Abort();
            await from.Reader.CompleteAsync();
        }
    }

    /// <summary>Everything was written before anybody reads: who has to wait for more waits for what will not come, and is told so.</summary>
    private sealed class StarvingReader(PipeReader inner, Action starved) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(cancellationToken);
            if (!read.IsCompleted)
                starved();
            return read;
        }

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }

    private sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class MemoryConnection : DefaultConnectionContext
    {
        // Not disposed of: whoever leaves may do so after the server has.
        private readonly CancellationTokenSource _closed = new();

        public MemoryConnection(string id, IDuplexPipe transport, IDuplexPipe application) : base(id, transport, application) => ConnectionClosed = _closed.Token;

        public override void Abort(ConnectionAbortedException abortReason)
        {
            Application!.Input.CancelPendingRead();
            Application.Output.CancelPendingFlush();
            ThreadPool.UnsafeQueueUserWorkItem(_ => _closed.Cancel(), null);
        }

        public override async ValueTask DisposeAsync()
        {
            await Transport.Input.CompleteAsync();
            await Transport.Output.CompleteAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Watcher<T>(Action<T> told) : IObserver<T>
    {
        public void OnNext(T value) => told(value);

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
