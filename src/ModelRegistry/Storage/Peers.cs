namespace ModelRegistry.Storage;

/// <summary>This process among those that serve one database. Its place goes with it, however it ends.</summary>
/// <param name="count">How many there are, this one among them.</param>
internal sealed class Peers(Func<ValueTask<int>> count, Func<ValueTask> leave) : IAsyncDisposable
{
    public ValueTask<int> CountAsync() => count();

    public ValueTask DisposeAsync() => leave();
}
