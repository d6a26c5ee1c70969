namespace ModelRegistry.Mcp.Tests;

/// <summary>A clock that is off by so much: what was made long ago is made now.</summary>
internal sealed class Shifted(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
}

/// <summary>A clock that starts in the past and is moved on by hand, up to now.</summary>
internal sealed class Calendar(TimeSpan ago) : TimeProvider
{
    private TimeSpan _by = -ago;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _by;

    public void MoveOn(TimeSpan by) => _by += by;

    public void MoveTo(TimeSpan ago) => _by = -ago;
}
