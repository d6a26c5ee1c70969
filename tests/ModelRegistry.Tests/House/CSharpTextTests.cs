using Xunit;

namespace ModelRegistry.Tests.House;

/// <summary>The rules are worth what their reader is worth.</summary>
public class CSharpTextTests
{
    [Theory]
    [InlineData("a /* b\n */ c // d", "a \n c ", new string[0])]
    [InlineData("x = \"a\\\"b\" + y", "x = \"\"  + y", new[] { "a\"b" })]
    [InlineData("x = \"\" + y", "x = \"\"  + y", new[] { "" })]
    [InlineData("x = @\"a\"\"b\\\" + y", "x = \"\"  + y", new[] { "a\"b\\" })]
    [InlineData("'\"' + '\\'' + y", "'  + '  + y", new string[0])]
    [InlineData("$\"a {b(\"c\")} {{d}} {e}\"", "\"\" (b(\"\" )) (e) ", new[] { "c", "a {} {d}} {}" })]
    [InlineData("\"\"\"\n a \"b\" // c\n \"\"\" + y", "\"\" \n\n + y", new[] { "\n a \"b\" // c\n " })]
    [InlineData("$$\"\"\"{a} {{b}}\"\"\"", "\"\" (b) ", new[] { "{a} {}" })]
    [InlineData("@class + \"a\"", "@class + \"\" ", new[] { "a" })]
    public void Code_and_literals_come_apart(string source, string code, string[] literals)
    {
        var text = new CSharpText(source);
        Assert.Equal(code, text.Code);
        Assert.Equal(literals, text.Literals.Select(literal => literal.Text));
    }

    [Fact]
    public void A_literal_knows_its_line() =>
        Assert.Equal([(2, "a"), (4, "b")], new CSharpText("//\n\"a\"\n\n\"b\"").Literals);
}
