namespace ModelRegistry.Faults.Races;

/// <summary>
/// Whether operations that overlapped came to what they would have come to one after another, each at some moment between its
/// invocation and its response (Herlihy and Wing, 1990). The search is that of Wing and Gong, with a memory of where it has been
/// (Lowe, 2017).
/// </summary>
public static class Linearizability
{
    /// <summary>Every state that the history can have led to; none when it is not linearizable.</summary>
    /// <param name="initial">The state before it. States compare by value.</param>
    /// <param name="history">The operations, each of them answered, in any order.</param>
    /// <param name="span">When one was invoked and when it was answered.</param>
    /// <param name="steps">Of how many steps one is made, each atomic and in this order; others may come in between. At least one.</param>
    /// <param name="step">The state after one step of one operation; null where it could not have come to what it came to.</param>
    public static IReadOnlySet<TState> Outcomes<TState, TOperation>(TState initial, IReadOnlyList<TOperation> history, Func<TOperation, (long Invoked, long Answered)> span,
        Func<TOperation, int> steps, Func<TState, TOperation, int, TState?> step)
        where TState : class
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentNullException.ThrowIfNull(step);
        var spans = history.Select(span).ToArray();
        var lengths = history.Select(steps).ToArray();
        var (outcomes, seen) = (new HashSet<TState>(), new HashSet<(string Done, TState State)>());
        // How many steps of each operation are done, as characters, so that two of them compare by value.
        var ways = new Stack<(string Done, TState State)>([(new string('\0', history.Count), initial)]);
        while (ways.TryPop(out var at))
        {
            if (!seen.Add(at))
                continue;
            // An operation that was answered comes before all that were invoked after that.
            var firstAnswer = long.MaxValue;
            for (var i = 0; i < spans.Length; i++)
                if (at.Done[i] < lengths[i])
                    firstAnswer = Math.Min(firstAnswer, spans[i].Answered);
            if (firstAnswer == long.MaxValue)
                outcomes.Add(at.State);
            for (var i = 0; i < spans.Length; i++)
                if (at.Done[i] < lengths[i] && spans[i].Invoked <= firstAnswer && step(at.State, history[i], at.Done[i]) is { } next)
                    ways.Push((string.Create(at.Done.Length, (at.Done, i), static (done, from) =>
                    {
                        from.Done.CopyTo(done);
                        done[from.i]++;
                    }), next));
        }
        return outcomes;
    }
}
