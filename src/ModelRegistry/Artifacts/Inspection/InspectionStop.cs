using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// A file cannot be read any further: it is damaged, or beyond a bound. Thrown from deep within a parser and caught by
/// the one <see cref="Inspector"/>; no caller ever sees it.
/// </summary>
internal sealed class InspectionStop(string code, string words, ScanVerdict verdict = ScanVerdict.Unknown) : Exception(words)
{
    public string Code { get; } = code;

    public ScanVerdict Verdict { get; } = verdict;
}

/// <summary>How much work one version may be: whatever its files say, looking inside them ends.</summary>
internal sealed class InspectionBudget(CancellationToken cancel)
{
    private long _steps = 20_000_000;
    private long _bytes = 1L << 30;

    /// <summary>One field, opcode or entry.</summary>
    public void Step()
    {
        if (--_steps < 0)
            throw new InspectionStop("too_complex", "It has more parts than are looked at.");
    }

    /// <summary>Bytes about to be read.</summary>
    public void Read(int bytes)
    {
        cancel.ThrowIfCancellationRequested();
        if ((_bytes -= bytes) < 0)
            throw new InspectionStop("too_complex", "It takes more reading than a look inside may.");
    }
}
