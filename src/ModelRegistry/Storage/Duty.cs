namespace ModelRegistry.Storage;

/// <summary>Which duty.</summary>
internal enum DutyOf
{
    /// <summary>Telling people what happened.</summary>
    Notices,
    /// <summary>Keeping the files that people look at as the registry is.</summary>
    Readable,
    /// <summary>Deleting contents that nobody refers to, or seeing to it that none is deleted while they are copied.</summary>
    Collection,
}

/// <summary>
/// What one process at a time does for all that share a database. It is held by a lock of the system's or of the
/// database's own, which goes with the process that held it: no row, no expiry to wait for, no clock to agree on, and no
/// entry in the audit log every few seconds. Whose turn it is to carry messages is no fact about the registry.
/// </summary>
/// <remarks>
/// Should two hold it for a moment (a connection that broke on one side only), a message may be sent twice, under one id;
/// what is written down about it is settled by the transaction, not by the duty.
/// </remarks>
internal sealed class Duty(Func<ValueTask<bool>> held, Func<ValueTask> release) : IAsyncDisposable
{
    /// <summary>Whether it is still this process's.</summary>
    public ValueTask<bool> IsHeldAsync() => held();

    public ValueTask DisposeAsync() => release();
}
