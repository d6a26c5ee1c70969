namespace ModelRegistry.Exports;

/// <summary>
/// An export in one of the few places there are for those on their way out (<see cref="PromotionExport.HoldAsync"/>). Disposing of
/// it, once it is sent or given up, makes room for another.
/// </summary>
public sealed class HeldExport : IDisposable
{
    private readonly CancellationTokenSource _overdue;
    private Action? _leave;

    internal HeldExport(byte[] envelope, TimeSpan most, TimeProvider time, Action leave) =>
        (Envelope, _overdue, _leave) = (envelope, new CancellationTokenSource(most, time), leave);

    /// <summary>The signed envelope, as UTF-8 JSON.</summary>
    public byte[] Envelope { get; }

    /// <summary>Cancelled when it has been on its way for too long: whoever sends it must end the connection then.</summary>
    public CancellationToken Overdue => _overdue.Token;

    public void Dispose()
    {
        Interlocked.Exchange(ref _leave, null)?.Invoke();
        _overdue.Dispose();
    }
}
