namespace ModelRegistry.Domain;

/// <summary>What a test came to that asks whether two values of a metric differ by more than chance.</summary>
/// <param name="Test">The test's name; null where none was made.</param>
/// <param name="PValue">Two-sided; null where no test was made.</param>
/// <param name="Why">Why none was made; empty where one was.</param>
public sealed record SignificanceFinding(string? Test, double? PValue, string Why)
{
    /// <summary>Below this a difference is called significant.</summary>
    public const double Level = 0.05;

    /// <summary><c>significant</c>, <c>not_told_apart</c> or <c>not_tested</c>.</summary>
    public string Verdict => PValue is not { } p ? "not_tested" : p < Level ? "significant" : "not_told_apart";
}

/// <summary>
/// Tests for the difference of two independent measurements. Nothing is claimed without the sample counts of both, nor for data
/// that is said to be different. Counts are the author's: a test is as honest as they are.
/// </summary>
public static class Significance
{
    public const string Proportions = "two-proportion z-test", Welch = "Welch's t-test";

    // Fewer expected hits or misses than this, and the normal approximation is none.
    private const double LeastExpected = 5;

    /// <summary>The finding; null where neither side gives anything that a test could use.</summary>
    public static SignificanceFinding? Of(string metric, double before, MetricEvidence? beforeOn, double after, MetricEvidence? afterOn)
    {
        if (beforeOn is not ({ Count: not null } or { Error: not null }) && afterOn is not ({ Count: not null } or { Error: not null }))
            return null;
        if (beforeOn?.Count is not { } n || afterOn?.Count is not { } m)
            return Not("the sample count of one side is not given");
        if (Different(beforeOn.Dataset, afterOn.Dataset) || Different(beforeOn.Split, afterOn.Split))
            return Not("they were measured on different data");
        if (beforeOn.Error is { } s && afterOn.Error is { } t)
            return OfErrors(before, s, n, after, t, m);
        if (!IsShare(metric) || before is < 0 or > 1 || after is < 0 or > 1)
            return Not("it is no share of the samples, and the standard error of one side is not given");
        return OfShares(before, n, after, m);
    }

    /// <summary>
    /// Whether a metric is by its name the share of samples for which something holds. An area under a curve or an F1 lies between
    /// 0 and 1 too, and is none: such a test would claim what it cannot know.
    /// </summary>
    public static bool IsShare(string metric)
    {
        var name = metric.ToLowerInvariant().Replace('-', '_').Replace(' ', '_');
        var last = name[(name.LastIndexOfAny(['/', '.', ':']) + 1)..];
        return Shares.Any(share => last == share || last.EndsWith('_' + share, StringComparison.Ordinal) || last.StartsWith(share + '_', StringComparison.Ordinal))
            && !last.Contains("balanced", StringComparison.Ordinal);
    }

    private static readonly string[] Shares = ["accuracy", "acc", "error_rate", "exact_match", "pass_rate", "win_rate", "success_rate", "hit_rate"];

    private static SignificanceFinding OfShares(double p, long n, double q, long m)
    {
        var pooled = (p * n + q * m) / ((double)n + m);
        if (Math.Min(n, m) * Math.Min(pooled, 1 - pooled) < LeastExpected && p != q)
            return Not($"too few samples: a test of shares wants at least {LeastExpected:0} hits and misses to be expected on each side");
        var error = Math.Sqrt(pooled * (1 - pooled) * (1.0 / n + 1.0 / m));
        return new(Proportions, error == 0 ? 1 : Erfc(Math.Abs(p - q) / error / Math.Sqrt(2)), "");
    }

    private static SignificanceFinding OfErrors(double a, double s, long n, double b, double t, long m)
    {
        if (n < 2 || m < 2)
            return Not("too few samples: a test of means wants at least 2 on each side");
        // Scaled, so that no square leaves what a number can hold.
        var scale = Math.Max(s, t);
        if (!(scale > 0) || !double.IsFinite(scale) || !double.IsFinite(b - a))
            return a == b ? new(Welch, 1, "") : Not("a standard error of 0 says that there is no chance in it");
        var (x, y) = (s / scale * (s / scale), t / scale * (t / scale));
        var statistic = Math.Abs(b - a) / scale / Math.Sqrt(x + y);
        // Welch–Satterthwaite.
        var freedom = (x + y) * (x + y) / (x * x / (n - 1) + y * y / (m - 1));
        return new(Welch, StudentTwoSided(statistic, freedom), "");
    }

    private static SignificanceFinding Not(string why) => new(null, null, why);

    private static bool Different(string one, string other) => one.Length > 0 && other.Length > 0 && one != other;

    /// <summary>P(|T| ≥ t) of Student's t: the regularized incomplete beta I_{ν/(ν+t²)}(ν/2, 1/2).</summary>
    private static double StudentTwoSided(double t, double freedom)
    {
        var x = double.IsFinite(t * t) ? freedom / (freedom + t * t) : 0;
        // So many degrees are a normal distribution in every digit that is shown.
        return freedom > 1e7 ? Erfc(t / Math.Sqrt(2)) : RegularizedBeta(x, freedom / 2, 0.5);
    }

    // By its continued fraction (Lentz); it converges fast on this side of the mean.
    private static double RegularizedBeta(double x, double a, double b)
    {
        if (x <= 0 || x >= 1)
            return x <= 0 ? 0 : 1;
        if (x > (a + 1) / (a + b + 2))
            return 1 - RegularizedBeta(1 - x, b, a);
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(1 - x)) / a;
        const double tiny = 1e-300;
        double c = 1, d = 1 / NotZero(1 - (a + b) * x / (a + 1)), f = d;
        for (var i = 1; i <= 20_000; i++)
        {
            var even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
            (d, c) = (1 / NotZero(1 + even * d), NotZero(1 + even / c));
            f *= d * c;
            var odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
            (d, c) = (1 / NotZero(1 + odd * d), NotZero(1 + odd / c));
            f *= d * c;
            if (Math.Abs(d * c - 1) < 1e-14)
                break;
        }
        return Math.Clamp(front * f, 0, 1);

        static double NotZero(double number) => Math.Abs(number) < tiny ? tiny : number;
    }

    // Stirling's series, from 10 upward by the recurrence.
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 10; x++)
            shift -= Math.Log(x);
        var square = x * x;
        return shift + (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - 1 / (1680 * square)) / square) / square) / x;
    }

    /// <summary>The complementary error function for x ≥ 0: its series where that converges fast, else its continued fraction.</summary>
    private static double Erfc(double x)
    {
        if (x > 27)
            return 0;
        if (x < 2)
        {
            double term = x, sum = x;
            for (var n = 1; n < 200 && Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
                sum += (term *= -x * x / n) / (2 * n + 1);
            return 1 - 2 / Math.Sqrt(Math.PI) * sum;
        }
        var fraction = 0.0;
        for (var k = 120; k >= 1; k--)
            fraction = k / 2.0 / (x + fraction);
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (x + fraction);
    }
}
