using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class LineDifferenceTests
{
    private static string Shown(string before, string after) => string.Join("|", LineDifference.Of(before, after).Select(l => $"{l.Change}{l.Text}"));

    [Theory]
    [InlineData("", "", "")]
    [InlineData("", "a", "+a")]
    [InlineData("a", "", "-a")]
    [InlineData("a\nb\nc", "a\nb\nc", " a| b| c")]
    [InlineData("a\nb\nc", "a\nx\nc", " a|-b|+x| c")]
    [InlineData("a\r\nb", "a\nb\nc", " a| b|+c")]
    [InlineData("a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc", "-a|-b| c|+b| a| b|-b| a|+c")]
    public void Lines_are_kept_taken_away_or_put_in(string before, string after, string shown) => Assert.Equal(shown, Shown(before, after));

    [Fact]
    public void Both_texts_can_be_read_out_of_any_difference_whatever_its_size()
    {
        var random = new Random(3);
        foreach (var size in Enumerable.Range(0, 300).Append(3_000))
        {
            string Any() => string.Join("\n", Enumerable.Range(0, random.Next(size + 1)).Select(_ => $"{random.Next(1 + size / 4)}"));
            var (before, after) = (Any(), Any());
            var lines = LineDifference.Of(before, after);
            Assert.Equal(before, string.Join("\n", lines.Where(l => l.Change is ' ' or '-').Select(l => l.Text)));
            Assert.Equal(after, string.Join("\n", lines.Where(l => l.Change is ' ' or '+').Select(l => l.Text)));
        }
    }

    [Fact]
    public void Texts_of_nothing_but_line_ends_are_bounded_work() =>
        Assert.Equal(131_073 + 65_536, LineDifference.Of(new string('\n', 131_072), string.Join("\n", Enumerable.Range(0, 65_536))).Count);
}
