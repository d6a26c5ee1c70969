using System.Text.RegularExpressions;

namespace ModelRegistry.Tests.House;

/// <summary>A file of the project, by its path from the top with forward slashes.</summary>
internal sealed class SourceFile(string path, string text)
{
    private readonly Lazy<CSharpText> _parts = new(() => new CSharpText(text));

    public string Path => path;

    public string Text => text;

    public int Lines => text.AsSpan().Count('\n') + (text.EndsWith('\n') ? 0 : 1);

    public IReadOnlyList<(int Line, string Text)> Literals => _parts.Value.Literals;

    /// <summary>Where code (not a comment, not a literal) has this pattern, as <c>path:line: text</c>.</summary>
    public IEnumerable<string> CodeWith(string pattern) => Places(_parts.Value.Code, pattern);

    /// <summary>Where the text has this pattern, comments and literals included.</summary>
    public IEnumerable<string> TextWith(string pattern) => Places(text, pattern);

    private IEnumerable<string> Places(string where, string pattern) =>
        Regex.Matches(where, pattern).Select(match => $"{path}:{1 + where.AsSpan(0, match.Index).Count('\n')}: {match.Value.Trim()}");
}

/// <summary>The project's own files: what is built or generated on the way is not among them.</summary>
internal static class SourceTree
{
    private static readonly string[] NotOurs = [".git", "bin", "obj", "artifacts", "node_modules", "TestResults", ".vs", ".idea"];
    private static readonly string[] TextEndings = [".cs", ".csproj", ".props", ".targets", ".json", ".md", ".sql", ".sln", ".sh", ".yml", ".yaml", ".editorconfig", ".gitignore", ".dockerignore", "Dockerfile", ".ci/run"];
    private static readonly Lazy<IReadOnlyList<SourceFile>> Files = new(() => [.. Below(new DirectoryInfo(Repository.Root))]);

    /// <summary>Every text file.</summary>
    public static IReadOnlyList<SourceFile> Texts => Files.Value;

    /// <summary>C# files whose path begins so.</summary>
    public static IEnumerable<SourceFile> CSharp(params string[] under) =>
        Texts.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal) && under.Any(start => file.Path.StartsWith(start, StringComparison.Ordinal)));

    /// <summary>The rules' own files, which must name what they forbid.</summary>
    public static bool IsRule(SourceFile file) => file.Path.StartsWith("tests/", StringComparison.Ordinal) && file.Path.Contains("/House/", StringComparison.Ordinal);

    private static IEnumerable<SourceFile> Below(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles())
        {
            var path = System.IO.Path.GetRelativePath(Repository.Root, file.FullName).Replace('\\', '/');
            if (TextEndings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)))
                yield return new SourceFile(path, File.ReadAllText(file.FullName));
        }
        foreach (var inner in folder.EnumerateDirectories().Where(inner => !NotOurs.Contains(inner.Name)))
            foreach (var file in Below(inner))
                yield return file;
    }
}
