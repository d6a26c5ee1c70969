using System.Threading.RateLimiting;

namespace ModelRegistry.Mcp.Http;

/// <summary>
/// How much one caller may ask for: requests a second, with room for a burst, and requests under way at once. What they may
/// ask for in a second is granted by all processes that serve the registry together: each grants its part.
/// </summary>
internal sealed class CallerLimits : IDisposable
{
    /// <summary>Requests and open streams of one caller at once.</summary>
    public const int AtOnce = 1_000;

    private const int BurstSeconds = 5;

    /// <summary>Proofs from one address at once; then one a second. A passphrase takes a tenth of a second of the server's to check, whoever sends it: persons type few, and guessers many.</summary>
    public const int ProofsAtOnce = 100;

    private readonly PartitionedRateLimiter<string> _atOnce;
    private readonly PartitionedRateLimiter<(string Caller, int Parts)> _rate, _proofs;
    private readonly Func<int> _parts;

    /// <param name="perSecond">0: as many as it likes.</param>
    /// <param name="parts">How many processes grant it together, now; null: this one alone.</param>
    public CallerLimits(int perSecond, Func<int>? parts = null)
    {
        _parts = parts ?? (static () => 1);
        _rate = Granted(perSecond, Bucket);
        _proofs = Granted(perSecond, Proofs);
        _atOnce = PartitionedRateLimiter.Create<string, string>(caller => RateLimitPartition.GetConcurrencyLimiter(caller, _ => new ConcurrencyLimiterOptions { PermitLimit = AtOnce }));
    }

    /// <summary>Counts a proof that is to be checked, by where it comes from and before anything is looked up: right ones too, since nobody knows yet.</summary>
    public bool Prove(System.Net.IPAddress? address)
    {
        using var counted = _proofs.AttemptAcquire((Stranger(address), _parts()));
        return counted.IsAcquired;
    }

    /// <summary>Counts a request; the lease is kept until it is answered. Not acquired: it is one too many.</summary>
    public RateLimitLease Enter(string caller)
    {
        var counted = _rate.AttemptAcquire((caller, _parts()));
        if (!counted.IsAcquired)
            return counted;
        counted.Dispose();
        return _atOnce.AttemptAcquire(caller);
    }

    /// <summary>Counts an attempt without a credential that counts, by where it came from.</summary>
    public bool Fail(System.Net.IPAddress? address)
    {
        using var counted = _rate.AttemptAcquire((Stranger(address), _parts()));
        return counted.IsAcquired;
    }

    /// <summary>Whether so many attempts came from there without a credential that counts that no further one is looked at.</summary>
    /// <remarks>A bucket fills by parts of a permit, and has some as soon as it holds any: what counts is a whole one.</remarks>
    public bool Barred(System.Net.IPAddress? address) => _rate.GetStatistics((Stranger(address), _parts())) is { CurrentAvailablePermits: < 1 };

    /// <summary>Who somebody is of whom nothing is known but where they are: whoever has an IPv6 address has the 2^64 of its network.</summary>
    public static string Stranger(System.Net.IPAddress? address) => address switch
    {
        { IsIPv4MappedToIPv6: true } => $"stranger:{address.MapToIPv4()}",
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => $"stranger:{Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))}",
        _ => $"stranger:{address}",
    };

    public void Dispose()
    {
        _rate.Dispose();
        _atOnce.Dispose();
        _proofs.Dispose();
    }

    // When processes come or go a caller gets a fresh bucket of another size; the old one is forgotten once it is full.
    private static PartitionedRateLimiter<(string Caller, int Parts)> Granted(int perSecond, Func<int, int, TokenBucketRateLimiterOptions> bucket) =>
        PartitionedRateLimiter.Create<(string Caller, int Parts), (string Caller, int Parts)>(who =>
            perSecond == 0 ? RateLimitPartition.GetNoLimiter(who) : RateLimitPartition.GetTokenBucketLimiter(who, who => bucket(perSecond, who.Parts)));

    private static TokenBucketRateLimiterOptions Proofs(int perSecond, int parts) =>
        new() { TokenLimit = Math.Max(1, Math.Min(ProofsAtOnce, perSecond * BurstSeconds) / parts), TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromSeconds(parts), AutoReplenishment = true };

    // In ten steps a second, or one where that is less than a request each.
    private static TokenBucketRateLimiterOptions Bucket(int all, int parts)
    {
        var perSecond = Math.Max(1, all / parts);
        var steps = perSecond % 10 == 0 ? 10 : 1;
        return new TokenBucketRateLimiterOptions { TokenLimit = perSecond * BurstSeconds, TokensPerPeriod = perSecond / steps, ReplenishmentPeriod = TimeSpan.FromSeconds(1.0 / steps), AutoReplenishment = true };
    }
}
