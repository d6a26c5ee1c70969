using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ModelRegistry.Measured;

/// <summary>
/// <c>docs/numbers.md</c>: what the campaigns and benchmarks found, each in a section of its own that the program which
/// measured it writes. A section is replaced whole; the others stay as they were measured.
/// </summary>
internal static class NumbersPage
{
    private const string Head = """
        # Numbers

        What this registry was put through, and what it came to. Each section was written by the program that measured it, with the
        command that repeats it. Times are of the machine named there; what carries over to another are the ratios, counts and violations.

        """;

    /// <summary>Puts a section into the page, and says where on stderr.</summary>
    /// <param name="section">Its heading; sections are in the order of the alphabet.</param>
    /// <param name="command">What repeats it, from the top of the repository.</param>
    /// <param name="body">Markdown, without a heading.</param>
    public static void Record(string section, string command, string body)
    {
        var path = Path.Combine(Top(), "docs", "numbers.md");
        var sections = File.Exists(path) ? Read(File.ReadAllText(path)) : new(StringComparer.Ordinal);
        sections[section] = $"""
            {DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, .NET {Environment.Version}:

            ```sh
            {command}
            ```

            {body.Trim()}
            """;
        var page = new StringBuilder(Head);
        foreach (var heading in sections.Keys)
            page.Append(CultureInfo.InvariantCulture, $"\n- [{heading}](#{Anchor(heading)})");
        page.Append('\n');
        foreach (var (heading, text) in sections)
            page.Append(CultureInfo.InvariantCulture, $"\n## {heading}\n\n{text.Trim()}\n");
        File.WriteAllText(path, page.ToString().ReplaceLineEndings("\n"));
        Console.Error.WriteLine($"recorded in {path}");
    }

    /// <summary>As pages of Markdown mostly name a heading.</summary>
    private static string Anchor(string heading) => string.Concat(heading.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-')).Replace(' ', '-');

    private static SortedDictionary<string, string> Read(string page) => new(page.Split("\n## ").Skip(1).Select(part => part.Split('\n', 2))
        .ToDictionary(part => part[0].Trim(), part => part.Length > 1 ? part[1] : ""), StringComparer.Ordinal);

    private static string Top()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "ModelRegistry.Mcp.sln")))
                return folder.FullName;
        throw new InvalidOperationException("Run it within the repository: the page is docs/numbers.md there.");
    }
}
