using ModelRegistry.Catalog;
using Xunit;

namespace ModelRegistry.Tests.Catalog;

public sealed class CardReaderTests
{
    private static string Front(string yaml) => $"---\n{yaml}\n---\n# Body\n";

    [Fact]
    public void The_front_matter_of_the_Hub_is_read_as_it_is_meant()
    {
        var card = CardReader.Read(Front("license: apache-2.0\ntags: [vision, \"on\"]\nlanguage:\n- en\n- no\nbase_model: google/vit\nyes: yes\nsize: 12\nrate: 0.5\nversion: 1.10.0\ndate: 2026-01-31\nid: 007\ngated: false\n"
            + "model-index:\n- name: digits\n  results:\n  - task: {type: image-classification}\n    dataset: {type: digits, name: Digits}\n    metrics:\n    - {type: accuracy, value: 0.98}"));
        Assert.Null(card.Unreadable);
        Assert.Empty(card.Problems);
        Assert.Equal("""{"license":"apache-2.0","tags":["vision","on"],"language":["en","no"],"base_model":"google/vit","yes":"yes","size":12,"rate":0.5,"version":"1.10.0","date":"2026-01-31","id":"007","gated":false,"model-index":[{"name":"digits","results":[{"task":{"type":"image-classification"},"dataset":{"type":"digits","name":"Digits"},"metrics":[{"type":"accuracy","value":0.98}]}]}]}""",
            card.Card.Fields.ToJsonString().Replace("\\u002B", "+", StringComparison.Ordinal).Replace("7.0", "7", StringComparison.Ordinal));
        Assert.Equal("# Body\n", card.Card.Body);
    }

    [Theory]
    [InlineData("license: [mit]", 2, "license")]
    [InlineData("tags: yes\nlicence: mit", 3, "licence")]
    [InlineData("a: b\ntags: {x: y}", 3, "tags")]
    [InlineData("library_name:", 2, "library_name")]
    [InlineData("model-index: digits", 2, "model-index")]
    [InlineData("x: 1\nmodel-index: [{name: d}]", 3, "model-index[0]")]
    [InlineData("model-index: [{name: d, results: [{task: {type: t}}]}]", 2, "model-index[0].results[0]")]
    public void What_does_not_fit_is_told_with_its_line_and_stands_in_nobodys_way(string yaml, int line, string field)
    {
        var card = CardReader.Read(Front(yaml));
        Assert.Null(card.Unreadable);
        var problem = Assert.Single(card.Problems);
        Assert.Equal((line, field), (problem.Line, problem.Field));
        Assert.True(problem.What.Length > 0 && problem.Remedy.EndsWith('.'));
    }

    [Theory]
    [InlineData("a: b\nb: [", 3)]
    [InlineData("a: b: c", 2)]
    [InlineData("a: 1\na: 2", 3)]
    [InlineData("a: &x 1\nb: *x", 2)]
    [InlineData("a: *x", 2)]
    [InlineData("a: !!python/object:os.system x", 2)]
    [InlineData("a: !x y", 2)]
    [InlineData("<<: {a: b}", 2)]
    [InlineData("- a\n- b", 2)]
    [InlineData("words", 2)]
    [InlineData("a: 1\n...\nb: 2", 3)]
    [InlineData("? [a]\n: b", 2)]
    [InlineData("a: \"\\q\"", 2)]
    [InlineData("%YAML 1.2", 2)]
    public void What_cannot_be_read_is_told_with_its_line_and_says_nothing(string yaml, int line)
    {
        var card = CardReader.Read(Front(yaml));
        Assert.NotNull(card.Unreadable);
        Assert.Empty(card.Card.Fields);
        Assert.Equal("# Body\n", card.Card.Body);
        Assert.InRange(card.Unreadable.Line, line - 1, line + 1);
    }

    [Fact]
    public void No_bomb_is_unpacked_and_no_depth_is_followed()
    {
        var laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Join("\n", Enumerable.Range(1, 9).Select(i => $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(",", Enumerable.Repeat($"*{(char)('a' + i - 1)}", 9))}]"));
        foreach (var bomb in new[]
        {
            laughs, "a: " + new string('[', 60_000), "a: " + new string('{', 60_000), new string('-', 60_000) + " a", string.Concat(Enumerable.Repeat("- ", 30_000)), string.Concat(Enumerable.Repeat("? ", 30_000)),
            "a: [" + string.Concat(Enumerable.Repeat("1,", 30_000)) + "]", string.Join("\n", Enumerable.Range(0, 400).Select(i => new string(' ', i) + "a:")), "a: " + new string('x', 100_000),
            "a: \"" + string.Concat(Enumerable.Repeat("\\u0041", 10_000)), "a: '" + new string('\'', 60_000), new string(':', 60_000), new string('#', 60_000) + "\n- " + new string(' ', 5_000), string.Concat(Enumerable.Repeat("a: b # c\n", 7_000)),
        })
            Assert.NotNull(CardReader.Read(Front(bomb)).Unreadable);
    }

    [Fact]
    public void Any_text_is_read_or_told_to_be_unreadable()
    {
        var random = new Random(11);
        const string signs = "ab:-[]{}#&*!|>'\"%@`,? \n\t\u0000\u0085\u2028é0.~";
        foreach (var _ in Enumerable.Range(0, 20_000))
        {
            var text = Front(string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => signs[random.Next(signs.Length)])));
            var card = CardReader.Read(text);
            Assert.Equal(text, card.Card.Text);
            Assert.True(card.Unreadable is null || card.Card.Fields.Count == 0);
        }
    }

    [Theory]
    [InlineData("# Card\n---\nx")]
    [InlineData("---\nnever closed")]
    [InlineData(" ---\na: [\n---\n")]
    [InlineData("\n---\na: [\n---\n")]
    public void What_is_no_front_matter_is_Markdown(string text)
    {
        var card = CardReader.Read(text);
        Assert.Null(card.Unreadable);
        Assert.Equal(text, card.Card.Body);
    }
}
