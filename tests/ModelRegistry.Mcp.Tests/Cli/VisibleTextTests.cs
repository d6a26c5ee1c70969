using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>Text that somebody else wrote, before it is shown.</summary>
public class VisibleTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[31mred\u001b[0m", "[31mred[0m")]
    [InlineData("\u009b31mred", "31mred")]
    [InlineData("title\u001b]0;owned\u0007", "title]0;owned")]
    [InlineData("a\u202eb\u2066c\u200bd\ufeffe", "abcde")]
    [InlineData("tag\U000e0041s", "tags")]
    [InlineData("one\r\ntwo\tthree\u00a0four\bfive", "one two three fourfive")]
    [InlineData("naïve 日本 ✓ 🙂", "naïve 日本 ✓ 🙂")]
    [InlineData(null, "")]
    public void A_line_keeps_what_can_be_seen(string? text, string shown) => Assert.Equal(shown, VisibleText.Line(text));

    [Fact]
    public void A_block_keeps_its_lines() => Assert.Equal("one\ntwo", VisibleText.Block("one\r\n\u001btwo"));

    [Fact]
    public void Nothing_unseen_is_left_of_any_text() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(),
        text => VisibleText.Line(text).EnumerateRunes().All(rune => !ArtifactPath.Unseen(rune))));

    [Fact]
    public void Json_stays_the_same_document_and_shows_nothing_unseen() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(),
        text =>
        {
            var whole = new string([.. (text ?? "").EnumerateRunes().SelectMany(rune => rune.ToString())]) + "\u202e\u001b\U000e0041";
            var json = Replies.Text(new { text = whole });
            return JsonSerializer.Deserialize<JsonElement>(json).GetProperty("text").GetString() == whole
                && json.EnumerateRunes().All(rune => rune.Value == '\n' || rune.Value == '\r' || !ArtifactPath.Unseen(rune));
        }));
}
