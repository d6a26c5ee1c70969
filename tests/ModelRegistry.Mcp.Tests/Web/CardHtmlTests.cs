using System.Net;
using System.Text.RegularExpressions;
using ModelRegistry.Mcp.Web;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>What agents write into cards, as persons see it who decide.</summary>
public sealed partial class CardHtmlTests
{
    private static readonly string[] Allowed = ["h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "em", "strong", "code", "pre", "table", "tr", "th", "td", "blockquote", "a", "span", "hr", "br"];

    /// <summary>Nothing but what is allowed, balanced; every sign of the text escaped.</summary>
    internal static void Check(string html)
    {
        var (open, at) = (new Stack<string>(), 0);
        foreach (Match tag in Tag().Matches(html))
        {
            Assert.DoesNotContain('<', html[at..tag.Index]);
            Assert.DoesNotContain('>', html[at..tag.Index]);
            at = tag.Index + tag.Length;
            var (name, attributes) = (tag.Groups[2].Value, tag.Groups[3].Value);
            Assert.Contains(name, Allowed);
            if (tag.Groups[1].Length > 0)
            {
                Assert.Equal((name, ""), (open.Pop(), attributes));
                continue;
            }
            Assert.Matches(name switch { "a" => Link(), "span" => Target(), "ol" => Start(), _ => None() }, attributes);
            if (name is not ("hr" or "br"))
                open.Push(name);
            Assert.InRange(open.Count, 0, 100);
        }
        Assert.Empty(open);
        Assert.DoesNotContain('<', html[at..]);
        Assert.DoesNotContain(html, c => c is '\u202E' or '\u200B' or '\u0007' or '\u001b' or '\u2066');
        Assert.DoesNotContain(WebUtility.HtmlDecode(html), c => c is '\u202E' or '\u200B' or '\u0007' or '\u001b' or '\u2066');
    }

    [Fact]
    public void A_card_is_laid_out()
    {
        var html = CardHtml.Of("# Digits\n\nReads **digits** with *care*, `x<1`.\n\n- one\n- two\n  1. deep\n\n3. three\n\n> quoted\n\n```py\nprint('<b>')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n[paper](https://example.org/p?a=1&b=2) <https://example.org>\\\nend &copy;")!;
        Check(html);
        Assert.Contains("<h3>Digits</h3><p>Reads <strong>digits</strong> with <em>care</em>, <code>x&lt;1</code>.</p><ul><li>one</li><li>two<ol><li>deep</li></ol></li></ul><ol start=\"3\"><li>three</li></ol><blockquote><p>quoted</p></blockquote><pre><code>print(&#39;&lt;b&gt;&#39;)</code></pre>", html, StringComparison.Ordinal);
        Assert.Contains("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><hr>", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://example.org/p?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">paper</a><span class=\"target\"> (example.org)</span>", html, StringComparison.Ordinal);
        Assert.Contains("<br>\nend", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("<a href=\"javascript:x\">x</a>")]
    [InlineData("<style>*{display:none}</style>")]
    [InlineData("<form action=/ui/promotions/x><button>Approve</button></form>")]
    [InlineData("[Approve](javascript:alert(1))")]
    [InlineData("[Approve](JaVaScRiPt&colon;alert(1))")]
    [InlineData("[Approve](data:text/html,x)")]
    [InlineData("[Approve](/ui/promotions/prm_1)")]
    [InlineData("[Approve](//evil.example)")]
    [InlineData("[Approve](https://good.example@evil.example/)")]
    [InlineData("[Approve](ftp://x.example)")]
    [InlineData("![x](https://evil.example/pixel.png)")]
    [InlineData("[![x](https://evil.example/pixel.png)](javascript:x)")]
    [InlineData("[a]: javascript:x\n\n[a]")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("&#x202E;txt.exe &#8203; &#x1b;[31m")]
    public void Nothing_of_the_authors_is_markup_script_or_a_way_into_the_registry(string markdown)
    {
        var html = CardHtml.Of(markdown)!;
        Check(html);
        Assert.DoesNotContain("<a ", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[https://good.example](https://evil.example)", "(evil.example)")]
    [InlineData("[x](https://xn--80ak6aa92e.com)", "(xn--80ak6aa92e.com)")]
    [InlineData("[x](https://аррӏе.com)", "(xn--80ak6aa92e.com)")]
    [InlineData("[x](http://evil.example:8080/y)", "(http://evil.example:8080)")]
    [InlineData("[x](https://evil.example/\"onclick=\"x)", "(evil.example)")]
    public void Where_a_link_leads_is_in_sight(string markdown, string target)
    {
        var html = CardHtml.Of(markdown)!;
        Check(html);
        Assert.Contains($"<span class=\"target\"> {target}</span>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_take_long_or_go_deep_is_shown_as_it_was_written_or_cut()
    {
        foreach (var sign in new[] { "[", "*", "_", "`", "<", ">", "> ", "- ", "* ", "1. ", "|", "![", "[](", "(", "~", "#", "&", "\\", "[a](", "**a ", "*a **b ", "`a``", "<a ", "a|", "|-", "[a]: b\n", "    ", "\t", "- a\n  ", ">\n", "&#x41;", "](", "[[a]", "***", "_a__", "http://", "<http://a", "|a|\n|-|\n" })
            if (CardHtml.Of(string.Concat(Enumerable.Repeat(sign, 60_000 / sign.Length))) is { } html)
                Check(html);
        var steps = string.Join("\n", Enumerable.Range(0, 300).Select(i => new string(' ', 2 * i) + "- x"));
        foreach (var deep in new[] { steps, string.Join("\n", Enumerable.Range(1, 150).Select(i => new string('>', i) + " x")), "|" + string.Concat(Enumerable.Repeat("a|", 5_000)) + "\n|" + string.Concat(Enumerable.Repeat("-|", 5_000)) + "\n", "|a|b|\n|-|-|\n" + string.Concat(Enumerable.Repeat("|1|2|\n", 5_000)) })
            if (CardHtml.Of(deep) is { } laid)
                Check(laid);
        Assert.Null(CardHtml.Of(new string('x', 70_000)));
    }

    [Fact]
    public void Whatever_is_written_only_what_is_allowed_comes_out()
    {
        var random = new Random(5);
        string[] pieces = ["# ", "## ", "- ", "1. ", "> ", "```\n", "~~~\n", "---\n", "|", "|-|-|\n", "*", "**", "_", "`", "``", "[", "](", ")", "![", "<", ">", "</", "<script>", "<a href=", "javascript:", "https://a.example", "http://b.example:1/x?y=\"z\"", "&lt;", "&#x202e;", "&quot;", "\\", "\n", "\n\n", "    ", "\t", "word", " ", "\u202e", "\u200b", "é", "😀", "\"", "'", "onerror=", "[a]: ", "//", "mailto:x@y.example", "<https://c.example>", "<!--", "-->", "<?", "<![CDATA[", "\0"];
        foreach (var _ in Enumerable.Range(0, 8_000))
            if (CardHtml.Of(string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]))) is { } html)
                Check(html);
    }

    [GeneratedRegex("""<(/?)([a-z0-9]+)((?: [a-z]+="[^"<>]*")*)>""")]
    private static partial Regex Tag();

    [GeneratedRegex("""\A href="https?://[^"<>\s]*" rel="noopener noreferrer nofollow"\z""")]
    private static partial Regex Link();

    [GeneratedRegex("""\A class="target"\z""")]
    private static partial Regex Target();

    [GeneratedRegex("""\A( start="[0-9]+")?\z""")]
    private static partial Regex Start();

    [GeneratedRegex("""\A\z""")]
    private static partial Regex None();
}
