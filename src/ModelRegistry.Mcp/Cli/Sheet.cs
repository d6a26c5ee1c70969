using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ModelRegistry.Mcp.Cli;

/// <summary>
/// What a person reads: facts, tables and words, in order. Plain it is aligned columns without a line or colour; on a
/// terminal it is drawn. Every text passes <see cref="VisibleText"/> on its way in, so no caller can forget it.
/// </summary>
internal sealed class Sheet
{
    private readonly List<Block> _blocks = [];

    /// <summary>A fact per line; those without a value are left out.</summary>
    public Sheet Facts(params (string Name, string? Value)[] facts)
    {
        _blocks.Add(new FactsBlock([.. facts.Where(f => !string.IsNullOrEmpty(f.Value)).Select(f => (VisibleText.Line(f.Name), VisibleText.Line(f.Value)))]));
        return this;
    }

    /// <summary>A table; left out when it has no rows.</summary>
    public Sheet Rows(string title, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string?>> rows)
    {
        List<string[]> cells = [.. rows.Select(r => r.Select(VisibleText.Line).ToArray())];
        if (cells.Count > 0)
            _blocks.Add(new RowsBlock(VisibleText.Line(title), [.. headings], cells));
        return this;
    }

    /// <summary>Text that somebody else wrote, set apart so that none of it passes for ours; left out when empty.</summary>
    public Sheet Words(string title, string? text, int mostLines = int.MaxValue)
    {
        var lines = VisibleText.Block(text).Trim().Split('\n').Select(l => l.TrimEnd()).ToList();
        if (lines is not [""])
            _blocks.Add(new WordsBlock(title, lines.Count > mostLines ? [.. lines.Take(mostLines), "…"] : lines));
        return this;
    }

    /// <summary>A sentence of ours.</summary>
    public Sheet Line(string text)
    {
        _blocks.Add(new LineBlock(VisibleText.Line(text)));
        return this;
    }

    public string Render(bool fancy, int width) => fancy ? Draw(width) : Plain();

    private string Plain()
    {
        var text = new StringBuilder();
        foreach (var (block, index) in _blocks.Select((b, i) => (b, i)))
        {
            if (index > 0 && !(block is LineBlock && _blocks[index - 1] is LineBlock))
                text.Append('\n');
            foreach (var line in block.Plain())
                text.Append(line.TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    private string Draw(int width)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.Standard, Interactive = InteractionSupport.No });
        console.Profile.Width = width;
        foreach (var block in _blocks)
        {
            console.Write(block.Draw());
            if (block is not RowsBlock)
                console.WriteLine();
        }
        return text.ToString();
    }

    private static IEnumerable<string> Aligned(IReadOnlyList<IReadOnlyList<string>> rows, string indent)
    {
        var widths = Enumerable.Range(0, rows[0].Count).Select(c => rows.Max(r => r[c].Length)).ToArray();
        return rows.Select(r => indent + string.Join("  ", r.Select((cell, c) => c == r.Count - 1 ? cell : cell.PadRight(widths[c]))));
    }

    private abstract record Block
    {
        public abstract IEnumerable<string> Plain();

        public abstract IRenderable Draw();
    }

    private sealed record FactsBlock(IReadOnlyList<(string Name, string Value)> Facts) : Block
    {
        public override IEnumerable<string> Plain() => Facts.Count == 0 ? [] : Aligned([.. Facts.Select(f => new[] { f.Name, f.Value })], "");

        public override IRenderable Draw()
        {
            var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
            foreach (var (name, value) in Facts)
                grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
            return grid;
        }
    }

    private sealed record RowsBlock(string Title, IReadOnlyList<string> Headings, IReadOnlyList<string[]> Cells) : Block
    {
        public override IEnumerable<string> Plain() => [.. Title.Length > 0 ? [Title] : Array.Empty<string>(), .. Aligned([Headings, .. Cells], Title.Length > 0 ? "  " : "")];

        public override IRenderable Draw()
        {
            var table = new Table().Border(TableBorder.Rounded).BorderStyle(new Style(Color.Grey));
            foreach (var heading in Headings)
                table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))));
            foreach (var row in Cells)
                table.AddRow(row.Select(cell => new Text(cell, Colour(cell))));
            return Title.Length > 0 ? new Rows(new Text(Title, new Style(Color.Grey)), table) : table;
        }

        // Only words of ours; colour adds to them and never stands alone.
        private static Style Colour(string cell) => cell switch
        {
            "pass" or "ok" or "better" or "applied" or "deployed" => new Style(Color.Green),
            "fail" or "unknown" or "worse" or "blocked" or "rejected" or "failed" => new Style(Color.Red),
            "warn" or "waived" or "pending" => new Style(Color.Yellow),
            _ => Style.Plain,
        };
    }

    private sealed record WordsBlock(string Title, IReadOnlyList<string> Lines) : Block
    {
        public override IEnumerable<string> Plain() => [Title, .. Lines.Select(l => "  | " + l)];

        public override IRenderable Draw() => new Panel(new Text(string.Join('\n', Lines))) { Header = new PanelHeader(Markup.Escape(Title)), Border = BoxBorder.Rounded, BorderStyle = new Style(Color.Grey), Expand = true };
    }

    private sealed record LineBlock(string Text) : Block
    {
        public override IEnumerable<string> Plain() => [Text];

        public override IRenderable Draw() => new Text(Text);
    }
}
