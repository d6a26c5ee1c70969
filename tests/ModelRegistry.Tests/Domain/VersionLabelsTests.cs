using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class VersionLabelsTests
{
    private static Outcome<NextVersion> Auto(string? asked, long highest) => VersionLabels.Next(Versioning.Auto, asked, null, highest, []);

    private static Outcome<NextVersion> Semver(string? asked, Bump? bump, params string[] taken) =>
        VersionLabels.Next(Versioning.Semver, asked, bump, taken.Length, taken);

    [Theory]
    [InlineData(null, 0, 1)]
    [InlineData(null, 9, 10)]
    [InlineData("v7", 3, 7)]
    [InlineData("V7", 6, 7)]
    [InlineData("7", 0, 7)]
    public void Auto_increment_gives_the_number_asked_for_above_the_highest_or_the_next(string? asked, long highest, long number) =>
        Assert.Equal(new NextVersion(number, $"v{number}"), Auto(asked, highest).Value);

    [Theory]
    [InlineData("v7", 7)]
    [InlineData("v7", 8)]
    [InlineData("v1", 100)]
    public void A_number_at_or_below_the_highest_is_a_conflict_even_if_it_is_free(string asked, long highest)
    {
        var refusal = Auto(asked, highest).Refusal!;

        Assert.Equal((RefusalKind.Conflict, "version_exists"), (refusal.Kind, refusal.Code));
        Assert.Contains($"v{highest + 1}", refusal.Remedy);
    }

    [Theory]
    [InlineData("")]
    [InlineData("v")]
    [InlineData("v0")]
    [InlineData("v07")]
    [InlineData("1.2.0")]
    [InlineData("v-1")]
    [InlineData("v7 ")]
    [InlineData("v٧")]
    [InlineData("v1000000000")]
    [InlineData("v99999999999999999999999999")]
    public void What_is_no_number_in_range_is_no_auto_increment_label(string asked) => Assert.Equal("label_scheme", Auto(asked, 3).Refusal?.Code);

    [Fact]
    public void After_the_largest_number_that_can_be_chosen_there_are_still_numbers_that_can_be_named()
    {
        var top = Auto($"v{VersionLabels.LargestChoice}", 3).Value;
        var next = Auto(null, top.Number).Value;

        Assert.Equal(new VersionReference.ByNumber(next.Number), VersionReference.Parse($"{next.Number}").Value);
        Assert.Equal(next.Label, VersionLabels.Canonical(Versioning.Auto, next.Label));
    }

    [Theory]
    [InlineData(null, null, "1.0.0")]
    [InlineData(null, null, "1.10.0", "1.0.0", "1.9.0")]
    [InlineData(null, Bump.Patch, "1.9.1", "1.0.0", "1.9.0")]
    [InlineData(null, Bump.Major, "2.0.0", "1.0.0", "1.9.0")]
    [InlineData(null, null, "1.11.0", "1.10.0", "1.9.0")]
    [InlineData("v1.1", null, "1.1.0", "1.0.0")]
    [InlineData("0.9.0", null, "0.9.0", "1.0.0")]
    [InlineData("1.1.0-rc.1", null, "1.1.0-rc.1", "1.1.0")]
    public void Semver_gives_the_label_asked_for_or_raises_the_highest(string? asked, Bump? bump, string expected, params string[] taken) =>
        Assert.Equal(new NextVersion(taken.Length + 1, expected), Semver(asked, bump, taken).Value);

    [Theory]
    [InlineData("1.1.0", "1.1.0")]
    [InlineData("v1.1", "1.1.0")]
    [InlineData("1.1.0+mac", "1.1.0+linux")]
    public void A_label_of_equal_precedence_is_a_conflict(string asked, string taken) => Assert.Equal("version_exists", Semver(asked, null, taken).Refusal?.Code);

    [Theory]
    [InlineData("2")]
    [InlineData("latest")]
    [InlineData("1.1000000000.0")]
    [InlineData("1.2.3.4")]
    public void A_bare_integer_or_rubbish_is_no_semver_label(string asked) => Assert.Equal("label_scheme", Semver(asked, null, "1.0.0").Refusal?.Code);

    [Fact]
    public void A_label_and_a_bump_exclude_each_other_and_a_bump_needs_semver()
    {
        Assert.Equal("label_and_bump", Semver("1.2.0", Bump.Minor).Refusal?.Code);
        Assert.Equal("bump_needs_semver", VersionLabels.Next(Versioning.Auto, null, Bump.Minor, 3, []).Refusal?.Code);
    }

    /// <summary>Any sequence of registrations, asked for or not, versions deleted or not.</summary>
    [Fact]
    public void Numbers_rise_and_no_number_or_label_is_ever_given_twice()
    {
        var asked = Gen.Elements<string?>(null, null, "v1", "v3", "5", "v12", "1.0.0", "v1.1", "1.1.0+b", "1.10.0", "1.9.0", "2.0.0-rc.1", "999999999.999999999.999999999", "v999999999", "rubbish");
        var request = from label in asked from bump in Gen.Elements<Bump?>(null, Bump.Patch, Bump.Minor, Bump.Major) select (label, bump);
        Prop.ForAll(request.ListOf().ToArbitrary(), Gen.Elements(Versioning.Auto, Versioning.Semver).ToArbitrary(), (requests, scheme) =>
        {
            var given = new List<NextVersion>();
            foreach (var (label, bump) in requests)
                if (VersionLabels.Next(scheme, label, bump, given.Count == 0 ? 0 : given[^1].Number, [.. given.Select(g => g.Label)]) is { Refusal: null } next)
                    given.Add(next.Value);
            return given.Zip(given.Skip(1)).All(p => p.First.Number < p.Second.Number)
                && given.Select(g => g.Label).Distinct().Count() == given.Count
                && given.All(g => VersionLabels.Canonical(scheme, g.Label) == g.Label);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    public static TheoryData<string?, VersionReference> References => new()
    {
        { "3", new VersionReference.ByNumber(3) },
        { " 3 ", new VersionReference.ByNumber(3) },
        { "v3", new VersionReference.ByLabel("v3") },
        { "1.2.0", new VersionReference.ByLabel("1.2.0") },
        { "v1.2.0-rc.1+b", new VersionReference.ByLabel("v1.2.0-rc.1+b") },
        { "latest", new VersionReference.Latest() },
        { "Latest", new VersionReference.Latest() },
        { "@latest", new VersionReference.Latest() },
        { "default", new VersionReference.Default() },
        { "@default", new VersionReference.Default() },
        { "", new VersionReference.Default() },
        { null, new VersionReference.Default() },
        { "@champion", new VersionReference.ByAlias("champion") },
        { "999999999999999", new VersionReference.ByNumber(999_999_999_999_999) },
    };

    [Theory]
    [MemberData(nameof(References))]
    public void A_reference_is_a_number_a_label_latest_default_or_an_alias(string? text, VersionReference expected) =>
        Assert.Equal(expected, VersionReference.Parse(text).Value);

    [Theory]
    [InlineData("9999999999999999", "version_reference_invalid")]
    [InlineData("-1", "version_reference_invalid")]
    [InlineData("v1;drop table", "version_reference_invalid")]
    [InlineData("../1", "version_reference_invalid")]
    [InlineData("３", "version_reference_invalid")]
    [InlineData("v1\u200b", "version_reference_invalid")]
    [InlineData("@", "name_invalid")]
    [InlineData("@@champion", "name_invalid")]
    [InlineData("@v3", "name_invalid")]
    [InlineData("@7", "name_invalid")]
    [InlineData("@сhampion", "name_invalid")]
    public void Rubbish_and_overflow_are_no_reference(string text, string code) => Assert.Equal(code, VersionReference.Parse(text).Refusal?.Code);

    [Fact]
    public void A_reference_of_any_text_is_read_or_refused_but_never_throws() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text => VersionReference.Parse(text) is { Refusal: not null } or { Value: not null })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void A_very_long_reference_is_refused_and_not_repeated_in_full() =>
        Assert.InRange(VersionReference.Parse(new string('1', 100_000)).Refusal!.Message.Length, 1, 400);
}
