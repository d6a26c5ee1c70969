using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>References were computed with Python's math: erfc for the normal distribution, Simpson's rule over the density for Student's t.</summary>
public sealed class SignificanceTests
{
    private static MetricEvidence On(long? count = null, double? error = null, string dataset = "", string split = "") => new(dataset, split, null, count, error);

    [Theory]
    // p = (0.9278·540 + 0.9815·540)/1080, z = |d| / sqrt(p(1-p)(2/540)) = 4.2408, erfc(z/√2)
    [InlineData(0.9278, 540, 0.9815, 540, 2.227473769196993e-05, "significant")]
    [InlineData(0.90, 1000, 0.91, 1000, 0.4456997753528069, "not_told_apart")]
    [InlineData(0.45, 100, 0.60, 100, 0.033672068856345876, "significant")]
    [InlineData(0.5, 1_000_000_000, 0.5001, 1_000_000_000, 7.744215621070905e-06, "significant")]
    [InlineData(0.9, 100, 0.9, 400, 1, "not_told_apart")]
    [InlineData(1, 100, 1, 100, 1, "not_told_apart")]
    public void Shares_are_tested_by_the_pooled_two_proportion_z_test(double before, long n, double after, long m, double p, string verdict)
    {
        var found = Significance.Of("accuracy", before, On(n), after, On(m))!;
        Assert.Equal((Significance.Proportions, verdict, ""), (found.Test, found.Verdict, found.Why));
        Assert.Equal(p, found.PValue!.Value, p * 1e-9 + 1e-15);
    }

    [Theory]
    // t = 2.18/sqrt(2.5), ν = 2.5²/(1/14 + 2.25/14)
    [InlineData(20.82, 1, 15, 23.0, 1.224744871391589, 15, 0.17931967576538943, "not_told_apart")]
    [InlineData(0.81, 0.01, 200, 0.84, 0.012, 150, 0.055692633157686466, "not_told_apart")]
    public void Errors_are_tested_by_Welchs_t_test(double before, double s, long n, double after, double t, long m, double p, string verdict)
    {
        var found = Significance.Of("rmse", before, On(n, s), after, On(m, t))!;
        Assert.Equal((Significance.Welch, verdict), (found.Test, found.Verdict));
        Assert.Equal(p, found.PValue!.Value, 1e-8);
    }

    // With one side known exactly, Welch's test has the degrees of freedom of the other.
    [Theory]
    [InlineData(2.0, 10, 0.0733880347707393)]
    [InlineData(12.706204736432095, 1, 0.05)]
    [InlineData(2.5, 1000, 0.012578567801015073)]
    [InlineData(0, 5, 1)]
    public void Students_t_is_right_to_eight_digits(double t, long freedom, double p) =>
        Assert.Equal(p, Significance.Of("rmse", 3, On(freedom + 1, 0.5), 3 + t * 0.5, On(9, 0))!.PValue!.Value, 1e-8);

    [Fact]
    public void A_confidence_interval_gives_the_error_that_it_was_made_from()
    {
        var interval = new MetricEvidence(Low: 0.8 - 1.959963984540054 * 0.01, High: 0.8 + 1.959963984540054 * 0.01);
        Assert.Equal(0.01, interval.Error!.Value, 1e-12);
    }

    [Fact]
    public void Nothing_is_claimed_where_counts_are_missing_or_the_data_differ()
    {
        Assert.Null(Significance.Of("accuracy", 0.9, null, 0.95, null));
        Assert.Null(Significance.Of("accuracy", 0.9, On(dataset: "d"), 0.95, MetricEvidence.None));
        foreach (var found in new[]
        {
            Significance.Of("accuracy", 0.9, null, 0.95, On(500)), Significance.Of("accuracy", 0.9, On(500), 0.95, null), Significance.Of("rmse", 0.9, On(null, 0.01), 0.95, On(null, 0.01)),
            Significance.Of("accuracy", 0.9, On(500, dataset: "a"), 0.95, On(500, dataset: "b")), Significance.Of("accuracy", 0.9, On(500, split: "test"), 0.95, On(500, split: "train")),
            // Between 0 and 1, and no share of the samples.
            Significance.Of("auc", 0.9, On(500), 0.95, On(500)), Significance.Of("f1", 0.9, On(500), 0.95, On(500)), Significance.Of("balanced_accuracy", 0.9, On(500), 0.95, On(500)),
            Significance.Of("accuracy", 90, On(500), 95, On(500)), Significance.Of("accuracy", 0.9, On(10), 1, On(10)), Significance.Of("rmse", 1, On(1, 1), 2, On(1, 1)), Significance.Of("rmse", 1, On(9, 0), 2, On(9, 0)),
        })
            Assert.Equal(("not_tested", null, null, true), (found!.Verdict, found.PValue, found.Test, found.Why.Length > 0));
    }

    [Theory]
    [InlineData("accuracy", true)]
    [InlineData("test/accuracy", true)]
    [InlineData("top_5_accuracy", true)]
    [InlineData("Accuracy", true)]
    [InlineData("exact-match", true)]
    [InlineData("auc", false)]
    [InlineData("accretion", false)]
    [InlineData("loss", false)]
    public void A_share_is_known_by_its_name(string metric, bool share) => Assert.Equal(share, Significance.IsShare(metric));

    [Fact]
    public void Any_numbers_give_a_probability_or_none()
    {
        var random = new Random(7);
        double Any() => random.Next(6) switch { 0 => 0, 1 => 1, 2 => double.MaxValue, 3 => double.Epsilon, 4 => -random.NextDouble() * 1e300, _ => random.NextDouble() };
        foreach (var _ in Enumerable.Range(0, 20_000))
        {
            var found = Significance.Of(random.Next(2) == 0 ? "accuracy" : "rmse", Any(), On(random.NextInt64(1, 1_000_000_000_000), random.Next(2) == 0 ? Math.Abs(Any()) : null), Any(), On(random.NextInt64(1, 50), random.Next(2) == 0 ? Math.Abs(Any()) : null))!;
            Assert.True(found.PValue is null or (>= 0 and <= 1), $"{found}");
        }
    }
}
