using ModelRegistry.Mcp.Tools;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Addresses are taken in one spelling; everything else is the address of nothing.</summary>
public sealed class ResourceUriTests
{
    [Fact]
    public void The_four_kinds_are_read()
    {
        Assert.Equal(new ResourceUri.Policy(), ResourceUri.Parse("registry://policy"));
        Assert.Equal(new ResourceUri.Pending(), ResourceUri.Parse("registry://promotions/pending"));
        Assert.Equal(new ResourceUri.Model("churn v2.1_x-y"), ResourceUri.Parse("registry://models/churn%20v2.1_x-y"));
        Assert.Equal(new ResourceUri.Card("churn", "1.2.0"), ResourceUri.Parse("registry://models/churn/versions/1.2.0/card"));
        Assert.Equal(new ResourceUri.Card("churn", "@champion"), ResourceUri.Parse("registry://models/churn/versions/%40champion/card"));
        Assert.Equal(new ResourceUri.Card("churn", "@champion"), ResourceUri.Parse("registry://models/churn/versions/@champion/card"));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("A b.c_d-e")]
    [InlineData("0..0")]
    public void What_is_written_for_a_name_reads_as_that_name(string name) =>
        Assert.Equal(new ResourceUri.Model(name), ResourceUri.Parse(ResourceUri.OfModel(name)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("registry://")]
    [InlineData("registry:policy")]
    [InlineData("REGISTRY://policy")]
    [InlineData("registry://policy/")]
    [InlineData("registry://policy?x=1")]
    [InlineData("registry://policy#x")]
    [InlineData(" registry://policy")]
    [InlineData("registry://user@policy")]
    [InlineData("registry://models")]
    [InlineData("registry://models/")]
    [InlineData("registry://models//")]
    [InlineData("registry://models/..")]
    [InlineData("registry://models/%2e%2e")]
    [InlineData("registry://models/../policy")]
    [InlineData("registry://models/a/../b")]
    [InlineData("registry://models/a%2Fb")]
    [InlineData("registry://models/a%2fversions%2f1%2fcard")]
    [InlineData("registry://models/a%2520b")]
    [InlineData("registry://models/a%")]
    [InlineData("registry://models/a%2")]
    [InlineData("registry://models/a%zz")]
    [InlineData("registry://models/a%00")]
    [InlineData("registry://models/a%0A")]
    [InlineData("registry://models/a%C3%A4")]
    [InlineData("registry://models/\u00e4")]
    [InlineData("registry://models/a b")]
    [InlineData("registry://models/a%20")]
    [InlineData("registry://models/a\u200b")]
    [InlineData("registry://models/a/versions/1")]
    [InlineData("registry://models/a/versions//card")]
    [InlineData("registry://models/a/versions/%20/card")]
    [InlineData("registry://models/a/versions/%201/card")]
    [InlineData("registry://models/a/versions/1/card/")]
    [InlineData("registry://models/a/versions/1/Card")]
    [InlineData("registry://promotions/all")]
    [InlineData("file:///etc/passwd")]
    public void Everything_else_is_the_address_of_nothing(string? uri) => Assert.Null(ResourceUri.Parse(uri));

    [Fact]
    public void A_very_long_one_is_not_looked_at() => Assert.Null(ResourceUri.Parse("registry://models/" + new string('a', 100_000)));
}
