namespace ModelRegistry;

/// <summary>
/// Work that is begun for whoever needs it first and belongs to all who need it: it carries along nothing of theirs. Else the trace,
/// the baggage and the log scopes of one request would be those of another's answer, and a tracer would show one caller what others do.
/// </summary>
public static class SharedWork
{
    /// <summary>Begins it on a thread of the pool, outside the caller's <see cref="ExecutionContext"/>.</summary>
    public static Task Begin(Func<Task> work) => Apart(() => Task.Run(work));

    /// <inheritdoc cref="Begin(Func{Task})"/>
    public static Task<T> Begin<T>(Func<Task<T>> work) => Apart(() => Task.Run(work));

    private static T Apart<T>(Func<T> begin)
    {
        // Suppressed twice, it throws.
        if (ExecutionContext.IsFlowSuppressed())
            return begin();
        using var apart = ExecutionContext.SuppressFlow();
        return begin();
    }
}
