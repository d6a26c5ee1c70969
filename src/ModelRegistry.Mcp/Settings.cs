using System.Text.Json;
using ModelRegistry.Domain;
using Serilog.Events;

namespace ModelRegistry.Mcp;

/// <summary>How much of the tool surface <c>stdio</c> offers.</summary>
/// <param name="Toolsets">Names of toolsets beside the default one; empty: the default one only.</param>
internal sealed record StdioSettings(bool ReadOnly, IReadOnlyList<string> Toolsets);

/// <param name="Json">One JSON object per line instead of text.</param>
internal sealed record LogSettings(LogEventLevel Level, bool Json);

/// <summary>What one process is told, read once: the <c>appsettings.json</c> beside the executable, then the environment, then the command line; the last one wins.</summary>
internal sealed record Settings(RegistryOptions Registry, StdioSettings Stdio, LogSettings Log)
{
    private const string Section = "ModelRegistry";

    /// <summary>Every setting: its option without the dashes. In the environment <c>MODELREGISTRY_</c> and upper case; in the file, under "ModelRegistry", in any case.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["data", "database", "artifacts", "policy", "public-url", "log-format", "log-level", "read-only", "toolsets"];

    private static readonly Dictionary<string, LogEventLevel> Levels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["trace"] = LogEventLevel.Verbose, ["debug"] = LogEventLevel.Debug, ["information"] = LogEventLevel.Information, ["info"] = LogEventLevel.Information,
        ["warning"] = LogEventLevel.Warning, ["error"] = LogEventLevel.Error, ["critical"] = LogEventLevel.Fatal,
    };

    /// <summary>The names of log levels, from the most to the least told.</summary>
    public static IReadOnlyList<string> LevelNames { get; } = ["trace", "debug", "information", "warning", "error", "critical"];

    /// <summary>The file that counts. One in the current folder never does: whoever works in a folder is not to be led by what lies in it.</summary>
    public static string File { get; } = Path.Combine(AppContext.BaseDirectory, "appsettings.json");

    /// <param name="commandLine">The options given, by key.</param>
    /// <param name="environment">Gives a variable, or null.</param>
    /// <param name="file">Path of the settings file; it may be missing.</param>
    public static Outcome<Settings> Read(IReadOnlyDictionary<string, string> commandLine, Func<string, string?> environment, string file)
    {
        var read = ReadFile(file);
        if (read.Refusal is { } unreadable)
            return unreadable;
        var said = new Dictionary<string, string>();
        foreach (var key in Keys)
            if ((commandLine.GetValueOrDefault(key) ?? Filled(environment(Variable(key))) ?? read.Value.GetValueOrDefault(key)) is { } value)
                said[key] = value;
        return Of(said);
    }

    private static string Variable(string key) => "MODELREGISTRY_" + key.Replace('-', '_').ToUpperInvariant();

    private static Outcome<Settings> Of(Dictionary<string, string> said)
    {
        var bad = new Dictionary<string, string>();
        var level = LogEventLevel.Warning;
        if (said.TryGetValue("log-level", out var asked) && !Levels.TryGetValue(asked, out level))
            bad["log-level"] = $"one of {string.Join(", ", LevelNames)}";
        var format = said.GetValueOrDefault("log-format") ?? "text";
        if (format is not ("text" or "json"))
            bad["log-format"] = "text or json";
        if (!bool.TryParse(said.GetValueOrDefault("read-only") ?? "false", out var readOnly))
            bad["read-only"] = "true or false";
        var url = said.GetValueOrDefault("public-url");
        if (url is not null && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.UserInfo.Length == 0))
            bad["public-url"] = "an address such as https://models.example.org";
        var artifacts = said.GetValueOrDefault("artifacts");
        if (artifacts is not null && (!artifacts.StartsWith("file:", StringComparison.Ordinal) || artifacts.Length == "file:".Length))
            bad["artifacts"] = "file:PATH";
        if (bad.Count > 0)
            return Refusals.InvalidArguments(bad);

        var folder = Path.GetFullPath(said.GetValueOrDefault("data") ?? RegistryOptions.DefaultDataFolder);
        var registry = new RegistryOptions
        {
            DataFolder = folder,
            DataFolderNamed = folder != RegistryOptions.DefaultDataFolder,
            Database = said.GetValueOrDefault("database"),
            Artifacts = artifacts,
            Policy = said.GetValueOrDefault("policy"),
            PublicUrl = url,
        };
        var toolsets = (said.GetValueOrDefault("toolsets") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new Settings(registry, new StdioSettings(readOnly, toolsets), new LogSettings(level, format == "json"));
    }

    private static Outcome<Dictionary<string, string>> ReadFile(string path)
    {
        var found = new Dictionary<string, string>();
        try
        {
            if (!System.IO.File.Exists(path))
                return found;
            using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(Section, out var section) || section.ValueKind != JsonValueKind.Object)
                return found;
            foreach (var property in section.EnumerateObject())
            {
                // A misspelt setting that is silently ignored is worse than none.
                if (Keys.FirstOrDefault(k => Plain(k) == Plain(property.Name)) is not { } key)
                    return Refusals.InvalidArgument($"{Section}:{property.Name}", $"is unknown in {path}{(Nearest.Of(property.Name, Keys) is { } near ? $"; did you mean '{near}'?" : "")}");
                found[key] = property.Value.ValueKind == JsonValueKind.Array ? string.Join(',', property.Value.EnumerateArray()) : property.Value.ToString();
            }
            return found;
        }
        catch (JsonException e)
        {
            return Refusals.InvalidArgument("appsettings.json", $"{path} is not JSON: {e.Message}");
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Reading the settings file", e);
        }
    }

    private static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
