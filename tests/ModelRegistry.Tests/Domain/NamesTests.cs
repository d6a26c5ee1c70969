using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class NamesTests
{
    private static readonly string[] LookAlikesAndWorse =
    [
        "frаud",            // Cyrillic а
        "ΑBC",              // Greek capital alpha
        "digits\u200b",     // zero-width space
        "di\u200dgits",     // zero-width joiner
        "\ufeffdigits",     // byte order mark
        "digits\u202egnp",  // right-to-left override
        "\u2066digits",     // isolate
        "digits ",          // trailing space
        " digits",
        "digits\n",
        "digits\r\n",
        "digits\u2028",
        "digits\0",
        "dig\tits",
        "\u001b[31mred",    // terminal colours
        "digits\u00a0v2",   // no-break space
        "ｄigits",          // full-width
        "café",
        "cafe\u0301",
        "../etc/passwd",
        ".hidden",
        "-rf",
        "a/b",
        "a\\b",
        "a%2e",
        "<b>",
        "",
    ];

    public static TheoryData<string> Bad => [.. LookAlikesAndWorse];

    [Theory]
    [MemberData(nameof(Bad))]
    public void Look_alikes_and_invisible_characters_make_no_name(string text)
    {
        Assert.Equal("name_invalid", Names.Model(text).Refusal?.Code);
        Assert.Equal("name_invalid", Names.Actor(text).Refusal?.Code);
        Assert.Equal("name_invalid", Names.Role(text).Refusal?.Code);
        Assert.Equal("name_invalid", Names.Alias(text).Refusal?.Code);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_refusal_repeats_a_bad_name_with_nothing_invisible_in_it(string text) =>
        Assert.All(Names.Model(text).Refusal!.Message, c => Assert.False(char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator, $"U+{(int)c:X4}"));

    [Fact]
    public void Null_is_no_name()
    {
        Assert.NotNull(Names.Model(null).Refusal);
        Assert.NotNull(Names.Actor(null).Refusal);
        Assert.NotNull(Names.Alias(null).Refusal);
        Assert.NotNull(Names.Key(null, "tag").Refusal);
        Assert.NotNull(Names.Role(null).Refusal);
    }

    [Theory]
    [InlineData("d")]
    [InlineData("7")]
    [InlineData("Fraud Detector v2.1_eu-west")]
    [InlineData("a.b")]
    public void Ordinary_model_names_are_kept_as_they_are(string text) => Assert.Equal(text, Names.Model(text).Value);

    [Fact]
    public void A_model_name_has_at_most_128_characters()
    {
        Assert.Null(Names.Model(new string('a', 128)).Refusal);
        Assert.NotNull(Names.Model(new string('a', 129)).Refusal);
    }

    [Fact]
    public void Whatever_is_accepted_as_a_model_name_fits_the_pattern()
    {
        Prop.ForAll(NearNames.ToArbitrary(), text => Names.Model(text) is { Refusal: not null }
                || Regex.IsMatch(text, @"\A[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,126}[A-Za-z0-9._-])?\z"))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Fact]
    public void A_model_name_that_fits_the_pattern_is_accepted()
    {
        var ascii = Gen.Elements("abzABZ019 ._-".ToCharArray()).ArrayOf().Where(c => c.Length is > 0 and < 129 && char.IsAsciiLetterOrDigit(c[0]) && c[^1] != ' ');
        Prop.ForAll(ascii.ToArbitrary(), c => Names.Model(new string(c)).Refusal is null).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Whatever_is_accepted_as_anything_is_printable_ascii() =>
        Prop.ForAll(NearNames.ToArbitrary(), text =>
            new[] { Names.Model(text), Names.Actor(text), Names.Alias(text), Names.Key(text, "tag"), Names.Role(text) }
                .All(o => o.Refusal is not null || o.Value.All(c => c is >= ' ' and <= '~')))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Theory]
    [InlineData("latest")]
    [InlineData("Latest")]
    [InlineData("DEFAULT")]
    [InlineData("7")]
    [InlineData("v7")]
    [InlineData("V7")]
    [InlineData("1.2")]
    public void An_alias_never_passes_for_another_kind_of_reference(string text) => Assert.NotNull(Names.Alias(text).Refusal);

    [Fact]
    public void An_alias_may_be_written_with_its_at_sign() => Assert.Equal("champion", Names.Alias("@champion").Value);

    [Theory]
    [InlineData("registry")]
    [InlineData("Registry")]
    public void Nobody_is_named_like_the_registry_itself(string text) => Assert.NotNull(Names.Actor(text).Refusal);

    /// <summary>ASCII names with, now and then, any character of Unicode in them.</summary>
    private static Gen<string> NearNames =>
        from characters in Gen.Frequency(
            (12, Gen.Elements("abcXYZ0189 ._-".ToCharArray())),
            (1, Gen.Choose(0, 0xffff).Select(c => (char)c)),
            (1, Gen.Elements('\u200b', '\u202e', 'а', '\n', '\u00a0', '\u0130', '\u212a'))).ArrayOf()
        select new string(characters);
}
