using System.Runtime.InteropServices;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Signals that ask the process to end, as a cancellation. A second one ends it at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Take),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, Take),
    ];

    public CancellationToken Token => _cancel.Token;

    /// <summary>128 and the signal's number, as shells count; null when there was none.</summary>
    public int? ExitCode { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _cancel.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        if (_cancel.IsCancellationRequested)
            return;
        context.Cancel = true;
        ExitCode = context.Signal switch { PosixSignal.SIGINT => 130, PosixSignal.SIGTERM => 143, _ => 129 };
        _cancel.Cancel();
    }
}
