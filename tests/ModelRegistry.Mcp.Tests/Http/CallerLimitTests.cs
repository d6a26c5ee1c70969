using System.Net;
using ModelRegistry.Mcp.Http;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

public sealed class CallerLimitTests
{
    /// <summary>Whoever tries many names for one passphrase is counted by where they are: by name alone each would be a first try.</summary>
    [Fact]
    [Attack(21, "rest", "web")]
    public void Proofs_are_counted_by_where_they_come_from()
    {
        using var limits = new CallerLimits(200);
        var (guesser, neighbour, elsewhere) = (IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::ffff"), IPAddress.Parse("2001:db8:1::1"));
        var taken = Enumerable.Range(0, CallerLimits.ProofsAtOnce * 2).Count(n => limits.Prove(n % 2 == 0 ? guesser : neighbour));
        // One a second comes back meanwhile.
        Assert.InRange(taken, CallerLimits.ProofsAtOnce, (CallerLimits.ProofsAtOnce * 2) - 1);
        Assert.True(limits.Prove(elsewhere));
        using var unlimited = new CallerLimits(0);
        Assert.All(Enumerable.Range(0, 1_000), _ => Assert.True(unlimited.Prove(guesser)));
    }
}
