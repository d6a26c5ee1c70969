using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class SemanticVersionTests
{
    private static SemanticVersion Read(string text) => SemanticVersion.TryParse(text, out var version) ? version : throw new FormatException(text);

    private static readonly Gen<string> Identifier = Gen.Elements("0", "1", "2", "9", "10", "11", "alpha", "beta", "rc", "a-b", "-", "0a", "x");

    private static readonly Gen<SemanticVersion> Versions =
        from major in Gen.Choose(0, 11)
        from minor in Gen.Choose(0, 11)
        from patch in Gen.Choose(0, 2)
        from prerelease in Gen.ArrayOf(Identifier, 2).Or(Gen.Constant(Array.Empty<string>())).Or(Gen.ArrayOf(Identifier, 1))
        from build in Gen.Elements("", "", "5", "exp.sha.1")
        select new SemanticVersion(major, minor, patch, string.Join('.', prerelease), build);

    /// <summary>The chains of examples in Semantic Versioning 2.0.0, section 11.</summary>
    [Theory]
    [InlineData("1.0.0", "2.0.0", "2.1.0", "2.1.1")]
    [InlineData("1.0.0-alpha", "1.0.0")]
    [InlineData("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0")]
    [InlineData("1.9.0", "1.10.0", "1.11.0")]
    public void Precedence_is_that_of_the_specification(params string[] rising)
    {
        for (var i = 0; i < rising.Length; i++)
            for (var j = 0; j < rising.Length; j++)
                Assert.Equal(Math.Sign(i.CompareTo(j)), Math.Sign(Read(rising[i]).CompareTo(Read(rising[j]))));
    }

    [Fact]
    public void Builds_of_one_version_have_equal_precedence() => Assert.Equal(0, Read("1.2.0+linux").CompareTo(Read("1.2.0+windows.7")));

    [Fact]
    public void Comparison_is_a_total_order()
    {
        var triples = Versions.Three().ToArbitrary();
        Prop.ForAll(triples, t =>
        {
            var (a, b, c) = t;
            var antisymmetric = Math.Sign(a.CompareTo(b)) == -Math.Sign(b.CompareTo(a));
            var transitive = !(a.CompareTo(b) <= 0 && b.CompareTo(c) <= 0) || a.CompareTo(c) <= 0;
            var consistent = a.CompareTo(b) != 0 || Math.Sign(a.CompareTo(c)) == Math.Sign(b.CompareTo(c));
            return antisymmetric && transitive && consistent && a.CompareTo(a) == 0 && a.CompareTo(null) > 0;
        }).Check(Quick(2000));
    }

    [Fact]
    public void What_is_written_reads_back_as_the_same_version() =>
        Prop.ForAll(Versions.ToArbitrary(), v => Read(v.ToString()) == v && Read("v" + v) == v).Check(Quick(500));

    [Fact]
    public void Raising_gives_a_later_release_that_can_be_read() =>
        Prop.ForAll(Versions.ToArbitrary(), Gen.Elements(Bump.Patch, Bump.Minor, Bump.Major).ToArbitrary(), (v, bump) =>
        {
            var raised = v.Raise(bump);
            return raised.CompareTo(v) > 0 && raised.Prerelease == "" && raised.Build == "" && Read(raised.ToString()) == raised;
        }).Check(Quick(500));

    [Theory]
    [InlineData("1.2.3", Bump.Patch, "1.2.4")]
    [InlineData("1.2.3", Bump.Minor, "1.3.0")]
    [InlineData("1.2.3", Bump.Major, "2.0.0")]
    [InlineData("1.2.0-rc.1", Bump.Patch, "1.2.0")]
    [InlineData("1.2.0-rc.1", Bump.Minor, "1.2.0")]
    [InlineData("1.2.0-rc.1", Bump.Major, "2.0.0")]
    [InlineData("2.0.0-rc.1", Bump.Major, "2.0.0")]
    [InlineData("1.2.3-rc.1+5", Bump.Minor, "1.3.0")]
    public void A_bump_raises_its_part_and_a_prerelease_becomes_its_release(string from, Bump bump, string to) =>
        Assert.Equal(to, Read(from).Raise(bump).ToString());

    [Theory]
    [InlineData("v1.1", "1.1.0")]
    [InlineData("1.1", "1.1.0")]
    [InlineData("V2", "2.0.0")]
    [InlineData("v1.2.3-rc.1+b", "1.2.3-rc.1+b")]
    public void A_leading_v_and_short_forms_are_understood(string text, string means) => Assert.Equal(means, Read(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("v")]
    [InlineData("1.")]
    [InlineData("1.2.")]
    [InlineData("01.2.3")]
    [InlineData("1.2.3.4")]
    [InlineData("1.2-rc.1")]
    [InlineData("1.2.3-")]
    [InlineData("1.2.3-01")]
    [InlineData("1.2.3-a..b")]
    [InlineData("1.2.3+")]
    [InlineData("1.2.3\n")]
    [InlineData(" 1.2.3")]
    [InlineData("-1.2.3")]
    [InlineData("1.2.3-ré")]
    [InlineData("１.2.3")]
    [InlineData("9999999999999999.0.0")]
    [InlineData("99999999999999999999999.0.0")]
    public void What_is_no_semantic_version_is_not_read(string? text) => Assert.False(SemanticVersion.TryParse(text, out _));

    [Fact]
    public void A_version_longer_than_its_limit_is_not_read()
    {
        Assert.True(SemanticVersion.TryParse("1.0.0-" + new string('a', SemanticVersion.MaxLength - 6), out _));
        Assert.False(SemanticVersion.TryParse("1.0.0-" + new string('a', SemanticVersion.MaxLength - 5), out _));
    }

    private static Config Quick(int tests) => Config.QuickThrowOnFailure.WithMaxTest(tests);
}
