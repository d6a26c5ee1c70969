using System.Globalization;
using System.Text;
using ModelRegistry.Measured;

namespace ModelRegistry.Bench;

/// <summary>What a benchmark found: said at once, and put into <c>docs/numbers.md</c> where that was asked for.</summary>
/// <param name="section">Its heading there.</param>
internal sealed class Report(string section, RunOptions options)
{
    private readonly StringBuilder _page = new();

    /// <summary>A paragraph.</summary>
    public void Say(string sentences) => Add(sentences + "\n");

    /// <summary>A table; all columns but the first are numbers.</summary>
    public void Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> all = [head, .. rows];
        var widths = head.Select((_, column) => all.Max(row => row[column].Length)).ToList();
        string Line(IReadOnlyList<string> row) => "| " + string.Join(" | ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))) + " |\n";
        var table = new StringBuilder(Line(head)).Append("|---").Append(string.Concat(Enumerable.Repeat("|---:", head.Count - 1))).Append("|\n");
        foreach (var row in all.Skip(1))
            table.Append(Line(row));
        Add(table.ToString());
    }

    /// <param name="exitCode">0 unless what was measured shows a defect.</param>
    public int Finish(int exitCode = 0)
    {
        if (options.Record)
            NumbersPage.Record($"Benchmark: {section}", (options.Says("server") ? "dotnet publish -c Release -o published src/ModelRegistry.Mcp\n" : "")
                + options.Command + (options.Says("server") ? " --server published/modelregistry.dll" : ""), _page.ToString());
        return exitCode;
    }

    public static string Number(double value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);

    private void Add(string text)
    {
        Console.WriteLine(text);
        _page.Append(text).Append('\n');
    }
}
