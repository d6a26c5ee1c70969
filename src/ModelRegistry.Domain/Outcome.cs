namespace ModelRegistry.Domain;

/// <summary>What a use case comes to: a value, or the <see cref="Refusal"/> that says why not and what to do next.</summary>
/// <remarks>Refusals are expected noes. A bug or an outage is an exception, never an outcome.</remarks>
public readonly record struct Outcome<T>
{
    private readonly T? _value;

    private Outcome(T? value, Refusal? refusal) => (_value, Refusal) = (value, refusal);

    /// <summary>Why it was refused; null when there is a value.</summary>
    public Refusal? Refusal { get; }

    /// <summary>The value. Throws when refused: look at <see cref="Refusal"/> or use <see cref="Match"/> first.</summary>
    public T Value => Refusal is null ? _value! : throw new InvalidOperationException($"Refused: {Refusal.Code}.");

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);

    public TResult Match<TResult>(Func<T, TResult> kept, Func<Refusal, TResult> refused) =>
        Refusal is null ? kept(_value!) : refused(Refusal);

    public Outcome<TNext> Then<TNext>(Func<T, Outcome<TNext>> next) => Refusal is null ? next(_value!) : Refusal;
}
