namespace ModelRegistry.Changes;

/// <summary>Rings when this process has committed something, for those who wait for changes. It costs nothing while nobody does.</summary>
internal sealed class ChangeBell
{
    private TaskCompletionSource? _next;

    /// <summary>Completes at the next ring. Taken before one looks, nothing committed after the look is missed.</summary>
    public Task Next
    {
        get
        {
            var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _next, next, null) ?? next).Task;
        }
    }

    public void Ring() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
}
