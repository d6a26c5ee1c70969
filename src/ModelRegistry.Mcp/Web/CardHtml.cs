using System.Globalization;
using System.Net;
using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Web;

/// <summary>
/// The Markdown of a card as HTML. A parser reads it, and only what is named here is written: no HTML of the author's, no images,
/// no scripts or styles, no addresses but of other sites over http and https, each with its host in sight. Characters that
/// nobody sees are gone, those that were written as entities too.
/// </summary>
internal sealed class CardHtml
{
    private const int MostDepth = 24, MostElements = 10_000, MostColumns = 24, MostRows = 300;

    /// <summary>What is longer is shown as it was written: parsing takes more than its length.</summary>
    internal const int MostCharacters = 65_536;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables(new PipeTableOptions { RequireHeaderSeparator = true }).DisableHtml().Build();

    private readonly StringBuilder _html = new();
    private int _elements;
    // The page's own heading above the card.
    private int _level = 2;

    /// <summary>The HTML; null where the text is too long or too deep to be laid out, and is to be shown as it was written.</summary>
    public static string? Of(string markdown)
    {
        var text = VisibleText.Block(markdown);
        // Markers of lists and quotes nest once per character: a line full of them is no prose.
        if (text.Length > MostCharacters || Steep(text))
            return null;
        try
        {
            var card = new CardHtml();
            foreach (var block in Markdown.Parse(text, Pipeline))
                card.Write(block, 0);
            return card._elements > MostElements ? null : card._html.ToString();
        }
        catch (ArgumentException)
        {
            // The parser's own bound on depth.
            return null;
        }
    }

    private static bool Steep(string text)
    {
        // Runs of what opens something that may never close, which a parser looks back over again and again.
        var (opening, run) = (0, 0);
        foreach (var c in text)
        {
            run = c is '[' or '>' or '*' or '_' or '`' or '!' or '(' or '<' or '|' or '&' or '\\' ? run + 1 : c is ' ' or '\n' ? run : 0;
            opening += c is '[' or '*' or '_' or '`' or '<' ? 1 : 0;
            if (run > 200 || opening > 8_000)
                return true;
        }
        return false;
    }

    private void Write(Block block, int depth)
    {
        if (++_elements > MostElements)
            return;
        switch (block)
        {
            case LinkReferenceDefinitionGroup or LinkReferenceDefinition:
                break;
            case var _ when depth > MostDepth:
                Text(block is LeafBlock leaf ? Plain(leaf) : "…");
                break;
            case HeadingBlock heading:
                // Below the heading of the page, so that none of them passes for one, and without leaving one out (WCAG 2.1, 1.3.1).
                _level = Math.Min(Math.Min(6, heading.Level + 2), _level + 1);
                Element($"h{_level}", () => Write(heading.Inline, depth));
                break;
            case ListBlock list:
                Element(list.IsOrdered ? "ol" : "ul", () => Each(list, depth), list.IsOrdered && int.TryParse(list.OrderedStart, NumberStyles.None, CultureInfo.InvariantCulture, out var start) && start != 1 ? $" start=\"{start}\"" : "");
                break;
            case ListItemBlock item:
                Element("li", () => Each(item, depth));
                break;
            case QuoteBlock quote:
                Element("blockquote", () => Each(quote, depth));
                break;
            case ThematicBreakBlock:
                _html.Append("<hr>");
                break;
            case CodeBlock code:
                Element("pre", () => Element("code", () => Text(code.Lines.ToString())));
                break;
            case Table table:
                Write(table, depth);
                break;
            case ContainerBlock several:
                Each(several, depth);
                break;
            case ParagraphBlock paragraph:
                Element("p", () => Write(paragraph.Inline, depth));
                break;
            case LeafBlock other:
                Element("p", () => Text(Plain(other)));
                break;
        }
    }

    private void Write(Table table, int depth)
    {
        Element("table", () =>
        {
            foreach (var row in table.OfType<TableRow>().Take(MostRows))
                Element("tr", () =>
                {
                    foreach (var cell in row.OfType<TableCell>().Take(MostColumns))
                        Element(row.IsHeader ? "th" : "td", () => Each(cell, depth + 1));
                });
        });
        if (table.Count > MostRows || table.OfType<TableRow>().Any(r => r.Count > MostColumns))
            Element("p", () => Text("The rest of this table is left out here; the text of the card has it."));
    }

    private void Each(ContainerBlock blocks, int depth)
    {
        foreach (var block in blocks)
            if (block is ParagraphBlock { Parent: TableCell or ListItemBlock { Parent: ListBlock { IsLoose: false } } } tight)
                Write(tight.Inline, depth + 1);
            else
                Write(block, depth + 1);
    }

    private void Write(ContainerInline? inlines, int depth)
    {
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
            Write(inline, depth + 1);
    }

    private void Write(Inline inline, int depth)
    {
        if (++_elements > MostElements)
            return;
        switch (inline)
        {
            case LiteralInline literal:
                Text(literal.Content.ToString());
                break;
            case CodeInline code:
                Element("code", () => Text(code.Content));
                break;
            case HtmlEntityInline entity:
                Text(entity.Transcoded.ToString());
                break;
            case LineBreakInline line:
                _html.Append(line.IsHard ? "<br>\n" : "\n");
                break;
            case AutolinkInline auto:
                Link(auto.Url, () => Text(auto.Url));
                break;
            case LinkInline { IsImage: true } image:
                Text("[image: ");
                Inner(image, depth);
                Text("]");
                break;
            case LinkInline link:
                Link(link.Url, () => Inner(link, depth));
                break;
            case EmphasisInline emphasis when depth <= MostDepth:
                Element(emphasis.DelimiterCount == 2 ? "strong" : "em", () => Write((ContainerInline)emphasis, depth));
                break;
            case DelimiterInline delimiter:
                Text(delimiter.ToLiteral());
                Inner(delimiter, depth);
                break;
            case ContainerInline several:
                Inner(several, depth);
                break;
            default:
                // What no rule knows is not written: the text of the card has it.
                break;
        }
    }

    // Links have no links within, and what is too deep has no form.
    private void Inner(ContainerInline inlines, int depth)
    {
        if (depth <= MostDepth)
            Write(inlines, depth);
        else
            Text(string.Concat(inlines.Descendants<LiteralInline>().Select(l => l.Content.ToString())));
    }

    private void Link(string? url, Action text)
    {
        // Nothing relative: a card's link to a page of this registry would pass for one of its own.
        if (_inLink || !Uri.TryCreate(url, UriKind.Absolute, out var to) || to.Scheme is not ("http" or "https") || to.UserInfo.Length > 0 || to.Host.Length == 0 || to.AbsoluteUri.Length > 2_000)
        {
            text();
            if (!_inLink && url is { Length: > 0 })
                Text($" ({(url.Length > 200 ? url[..200] + "…" : url)})");
            return;
        }
        _inLink = true;
        Element("a", text, $" href=\"{WebUtility.HtmlEncode(to.AbsoluteUri)}\" rel=\"noopener noreferrer nofollow\"");
        _inLink = false;
        Element("span", () => Text($" ({(to.Scheme == "http" ? "http://" : "")}{to.IdnHost}{(to.IsDefaultPort ? "" : $":{to.Port}")})"), " class=\"target\"");
    }

    private bool _inLink;

    private void Element(string name, Action content, string attributes = "")
    {
        _html.Append('<').Append(name).Append(attributes).Append('>');
        content();
        _html.Append("</").Append(name).Append('>');
    }

    private void Text(string text) => _html.Append(WebUtility.HtmlEncode(VisibleText.Block(text)));

    private static string Plain(LeafBlock block) => block.Inline is { } inline ? string.Concat(inline.Descendants<LiteralInline>().Select(l => l.Content.ToString())) : block.Lines.ToString();

    /// <summary>The front matter as it was written, and the Markdown behind it.</summary>
    public static (string FrontMatter, string Markdown) Parts(string card)
    {
        var (front, body, _) = ModelCard.Split(card);
        return (front ?? "", body);
    }
}
