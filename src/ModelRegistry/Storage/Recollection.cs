using System.Diagnostics.CodeAnalysis;

namespace ModelRegistry.Storage;

/// <summary>A question that is asked again and again.</summary>
/// <param name="Kind">What is asked; the same kind has the same type of answer everywhere.</param>
/// <param name="Of">Of what.</param>
/// <param name="At">Which of it, where there are several; else empty.</param>
internal readonly record struct RecallKey(string Kind, string Of, string At = "");

/// <summary>
/// What a connection read of the last state of the database that it saw. It is all forgotten as soon as the database is in another,
/// whichever process made it so.
/// </summary>
/// <remarks>
/// The state is read before what is kept under it: an answer may be newer than its state, which then is over, and never older.
/// </remarks>
internal sealed class Recollection
{
    /// <summary>Answers kept; beyond, all are forgotten: what is asked for so often is soon here again.</summary>
    private const int Most = 512;

    /// <summary>
    /// How long an answer is believed, in milliseconds. What tells one state from another is the registry's own log where a database
    /// server has nothing better, and whoever alters rows by hand there, in an emergency, must not wait for it.
    /// </summary>
    private const long Believed = 1_000;

    private readonly Dictionary<RecallKey, (object Answer, long Since)> _answers = [];
    private long _state = -1;

    /// <param name="state">The state that the database is in now.</param>
    public bool TryRecall<T>(RecallKey key, long state, [MaybeNullWhen(false)] out T answer)
    {
        if (state != _state)
        {
            _answers.Clear();
            _state = state;
        }
        var known = _answers.TryGetValue(key, out var kept) && Environment.TickCount64 - kept.Since is >= 0 and < Believed;
        answer = known ? (T)kept.Answer : default;
        return known;
    }

    /// <summary>Keeps what was read after <paramref name="state"/> was.</summary>
    public void Keep(RecallKey key, long state, object answer)
    {
        if (state != _state)
            return;
        if (_answers.Count >= Most)
            _answers.Clear();
        _answers[key] = (answer, Environment.TickCount64);
    }
}
