namespace ModelRegistry.Changes;

/// <summary>
/// Rings when something was committed, for those who wait for changes: always for what this process commits, for others' where the
/// database tells of it. It costs nothing while nobody waits.
/// </summary>
/// <param name="awaited">Done when somebody waits for the first time.</param>
internal sealed class ChangeBell(Action? awaited = null)
{
    private TaskCompletionSource? _next;
    private Action? _awaited = awaited;

    /// <summary>Completes at the next ring. Taken before one looks, nothing committed after the look is missed.</summary>
    public Task Next
    {
        get
        {
            if (_awaited is not null)
                Interlocked.Exchange(ref _awaited, null)?.Invoke();
            var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _next, next, null) ?? next).Task;
        }
    }

    public void Ring() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
}
