namespace ModelRegistry.Mcp.Tools;

/// <summary>The prompts that lie beside the executable, read when one is first asked for.</summary>
internal sealed class PromptShelf(string folder, ILogger log)
{
    private readonly Lazy<IReadOnlyList<PromptFile>> _prompts = new(() => Read(folder, log));

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "prompts");

    /// <summary>By name. A file that is no prompt is left out, and the log says what is wrong with it.</summary>
    public IReadOnlyList<PromptFile> Prompts => _prompts.Value;

    private static List<PromptFile> Read(string folder, ILogger log)
    {
        var prompts = new SortedDictionary<string, PromptFile>(StringComparer.Ordinal);
        foreach (var path in (Directory.Exists(folder) ? Directory.GetFiles(folder, "*.md") : []).Order(StringComparer.Ordinal))
            try
            {
                var prompt = PromptFile.Parse(File.ReadAllText(path));
                if (!prompts.TryAdd(prompt.Name, prompt))
                    log.LogError("The prompt {Path} is left out: another file has the name {Name}", path, prompt.Name);
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                log.LogError("The prompt {Path} is left out: {Problem}", path, e.Message);
            }
        return [.. prompts.Values];
    }
}
