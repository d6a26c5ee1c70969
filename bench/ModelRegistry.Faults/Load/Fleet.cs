namespace ModelRegistry.Faults.Load;

/// <summary>Which servers are there now. Those that come back do so at another address.</summary>
public sealed class Fleet
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Uri> _there = [];
    private TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Came(int server, Uri address)
    {
        lock (_lock)
        {
            _there[server] = address;
            _came.TrySetResult();
        }
    }

    public void Left(int server)
    {
        lock (_lock)
        {
            _there.Remove(server);
            if (_there.Count == 0 && _came.Task.IsCompleted)
                _came = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>One of those that are there, as soon as there is one.</summary>
    public async Task<Uri> AnyAsync(Random chance)
    {
        ArgumentNullException.ThrowIfNull(chance);
        while (true)
        {
            Task came;
            lock (_lock)
            {
                if (_there.Count > 0)
                    return _there.Values.ElementAt(chance.Next(_there.Count));
                came = _came.Task;
            }
            await came;
        }
    }
}
