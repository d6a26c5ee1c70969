using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Audit;

public sealed class CanonicalJsonTests
{
    /// <summary>RFC 8785 appendix B, every finite row.</summary>
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffff, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0xc340000000000000, "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555554, "333333333.33333325")]
    [InlineData(0x41b3de4355555555, "333333333.3333333")]
    [InlineData(0x41b3de4355555556, "333333333.3333334")]
    [InlineData(0x41b3de4355555557, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void A_double_is_written_as_ECMAScript_writes_it(ulong bits, string expected)
    {
        Assert.Equal(expected, CanonicalJson.Text(BitConverter.UInt64BitsToDouble(bits)));
        Assert.Equal(expected, CanonicalJson.Text(CanonicalJson.Parse(expected)));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_is_none_is_refused(double value) =>
        Assert.Throws<JsonException>(() => CanonicalJson.Text(value));

    [Theory]
    [InlineData("1e7", "10000000")]
    [InlineData("1.50", "1.5")]
    [InlineData("-0.0", "0")]
    [InlineData("1E-7", "1e-7")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("9007199254740994", "9007199254740994")]
    public void Spellings_of_one_number_become_one(string json, string expected) =>
        Assert.Equal(expected, CanonicalJson.Text(CanonicalJson.Parse(json)));

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("-9007199254740993")]
    [InlineData("18446744073709551615")]
    [InlineData("295147905179352825856")]
    public void An_integer_a_double_cannot_carry_is_refused(string json) =>
        Assert.Throws<JsonException>(() => CanonicalJson.Parse(json));

    [Fact]
    public void An_integer_of_the_program_is_held_to_the_same_bound()
    {
        Assert.Equal("9007199254740992", CanonicalJson.Text(1L << 53));
        Assert.Throws<JsonException>(() => CanonicalJson.Text((1L << 53) + 1));
        Assert.Throws<JsonException>(() => CanonicalJson.Text(ulong.MaxValue));
    }

    /// <summary>RFC 8785 section 3.2.2 to 3.2.4: the example and its bytes.</summary>
    [Fact]
    public void The_example_of_the_RFC_comes_out_byte_by_byte()
    {
        const string input = """
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """;
        const string bytes =
            "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c" +
            "31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d";

        Assert.Equal(bytes, Convert.ToHexStringLower(CanonicalJson.Bytes(CanonicalJson.Parse(input))));
    }

    /// <summary>RFC 8785 section 3.2.3: sorting is by UTF-16 code units, so the emoji comes before U+FB33.</summary>
    [Fact]
    public void Names_are_sorted_by_UTF16_code_units()
    {
        const string input = """
            {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}
            """;

        var values = CanonicalJson.Parse(CanonicalJson.Text(CanonicalJson.Parse(input)))!.AsObject().Select(m => m.Value!.GetValue<string>());

        Assert.Equal(
            ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"],
            values);
    }

    [Fact]
    public void Only_what_must_be_escaped_is_escaped() =>
        Assert.Equal("\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f \\\"\\\\/<>&'+\u007f\u0080\u2028é😀\"",
            CanonicalJson.Text("\0\b\t\n\v\f\r\u001f \"\\/<>&'+\u007f\u0080\u2028é😀"));

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""{"outer":[{"a":1,"b":{"c":1,"c":2}}]}""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("[1,]")]
    [InlineData("[1] // one")]
    [InlineData("/* one */ 1")]
    [InlineData("1 2")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("1e400")]
    [InlineData("""["\ud800"]""")]
    [InlineData("""{"\udc00":1}""")]
    [InlineData("""["\udc00\ud800"]""")]
    public void Text_without_one_meaning_is_refused(string json) =>
        Assert.ThrowsAny<JsonException>(() => CanonicalJson.Parse(json));

    [Fact]
    public void A_lone_surrogate_is_refused_wherever_it_comes_from()
    {
        Assert.Throws<JsonException>(() => CanonicalJson.Bytes("a\ud800"));
        Assert.Throws<JsonException>(() => CanonicalJson.Bytes(new JsonObject { ["\udc00"] = 1 }));
        Assert.Throws<JsonException>(() => CanonicalJson.Parse("\"\ud800\""));
    }

    [Fact]
    public void A_name_twice_in_an_element_read_loosely_is_refused()
    {
        using var document = JsonDocument.Parse("""[{"a":1,"a":2}]""");

        Assert.Throws<JsonException>(() => CanonicalJson.Bytes(document.RootElement));
    }

    [Fact]
    public void An_element_has_the_bytes_of_its_node()
    {
        using var document = JsonDocument.Parse("""{"b":[1.0,null],"a":"x"}""");

        Assert.Equal("""{"a":"x","b":[1,null]}""", Encoding.UTF8.GetString(CanonicalJson.Bytes(document.RootElement)));
    }

    [Fact]
    public void Sixty_four_levels_are_read_and_written_and_no_more()
    {
        static string Nested(int levels) => new string('[', levels) + new string(']', levels);
        static JsonNode Built(int levels) => Enumerable.Range(1, levels - 1).Aggregate(new JsonArray(), (inner, _) => new JsonArray(inner));

        Assert.Equal(Nested(64), CanonicalJson.Text(CanonicalJson.Parse(Nested(64))));
        Assert.Equal(Nested(64), CanonicalJson.Text(Built(64)));
        Assert.ThrowsAny<JsonException>(() => CanonicalJson.Parse(Nested(65)));
        Assert.Throws<JsonException>(() => CanonicalJson.Text(Built(65)));
    }

    [Fact]
    public void Values_of_the_program_are_written_as_the_JSON_they_stand_for()
    {
        var node = new JsonObject { ["guid"] = Guid.Empty, ["decimal"] = 1.10m, ["float"] = 0.1f, ["none"] = null, ["yes"] = true };

        Assert.Equal("""{"decimal":1.1,"float":0.1,"guid":"00000000-0000-0000-0000-000000000000","none":null,"yes":true}""", CanonicalJson.Text(node));
    }

    [Fact]
    public void The_digest_is_that_of_the_bytes() =>
        Assert.Equal(Digest.Of("""{"a":1}"""), CanonicalJson.Digest(new JsonObject { ["a"] = 1 }));

    private static readonly Gen<string> Strings =
        ArbMap.Default.GeneratorFor<char>().Where(c => !char.IsSurrogate(c)).ArrayOf().Select(c => new string(c));

    private static Gen<JsonNode?> Json(int depth)
    {
        var scalars = Gen.OneOf(
            Gen.Constant<JsonNode?>(null),
            ArbMap.Default.GeneratorFor<bool>().Select(b => (JsonNode?)b),
            ArbMap.Default.GeneratorFor<ulong>().Select(BitConverter.UInt64BitsToDouble).Where(double.IsFinite).Select(d => (JsonNode?)d),
            ArbMap.Default.GeneratorFor<int>().Select(i => (JsonNode?)i),
            Strings.Select(s => (JsonNode?)s));
        if (depth == 0)
            return scalars;
        var arrays = Gen.Resize(Json(depth - 1).ArrayOf(), 4).Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())]));
        var objects = Gen.Resize(Strings.Zip(Json(depth - 1)).ArrayOf(), 4)
            .Select(members => (JsonNode?)new JsonObject(members.DistinctBy(m => m.Item1).Select(m => KeyValuePair.Create(m.Item1, m.Item2?.DeepClone()))));
        return Gen.OneOf(scalars, arrays, objects);
    }

    [Fact]
    public void What_is_canonical_stays_as_it_is() =>
        Prop.ForAll(Json(3).ToArbitrary(), node =>
        {
            var text = CanonicalJson.Text(node);
            return CanonicalJson.Text(CanonicalJson.Parse(text)) == text;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_double_survives_its_canonical_text() =>
        Prop.ForAll(ArbMap.Default.GeneratorFor<ulong>().Select(BitConverter.UInt64BitsToDouble).Where(double.IsFinite).ToArbitrary(),
            value => double.Parse(CanonicalJson.Text(value), System.Globalization.CultureInfo.InvariantCulture).Equals(value == 0 ? 0.0 : value))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_names_came_in_does_not_matter() =>
        Prop.ForAll(Json(2).Where(n => n is JsonObject { Count: > 1 }).ToArbitrary(), node =>
        {
            var reversed = new JsonObject(node!.AsObject().Reverse().Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())));
            return CanonicalJson.Text(reversed) == CanonicalJson.Text(node);
        }).QuickCheckThrowOnFailure();
}
