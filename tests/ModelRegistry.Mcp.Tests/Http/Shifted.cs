namespace ModelRegistry.Mcp.Tests;

/// <summary>A clock that is off by so much: what was made long ago is made now.</summary>
internal sealed class Shifted(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
}
