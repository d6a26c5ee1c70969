using ModelRegistry.Mcp.Cli;
using Serilog.Events;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>File, environment, command line: the last one wins.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("settings-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Without_a_word_the_data_folder_is_the_users_and_only_warnings_are_logged()
    {
        var settings = Read();
        Assert.Equal(RegistryOptions.DefaultDataFolder, settings.Registry.DataFolder);
        Assert.False(settings.Registry.DataFolderNamed);
        Assert.Equal(new LogSettings(LogEventLevel.Warning, Json: false), settings.Log);
        Assert.Null(settings.Registry.PublicUrl);
    }

    [Fact]
    public void The_command_line_goes_before_the_environment_and_that_before_the_file()
    {
        const string file = """{ "ModelRegistry": { "Data": "/from/file", "PublicUrl": "https://file.example", "Policy": "team", "ReadOnly": true, "Toolsets": ["registrar", "more"] } }""";
        var settings = Read(file, new() { ["MODELREGISTRY_DATA"] = "/from/environment", ["MODELREGISTRY_PUBLIC_URL"] = "https://environment.example" }, new() { ["data"] = "/from/line" });
        Assert.Equal("/from/line", settings.Registry.DataFolder);
        Assert.True(settings.Registry.DataFolderNamed);
        Assert.Equal("https://environment.example", settings.Registry.PublicUrl);
        Assert.Equal("team", settings.Registry.Policy);
        Assert.True(settings.Surface.ReadOnly);
        Assert.Equal(["registrar", "more"], settings.Surface.Toolsets);
    }

    [Fact]
    public void An_empty_variable_says_nothing() =>
        Assert.Equal(RegistryOptions.DefaultDataFolder, Read(environment: new() { ["MODELREGISTRY_DATA"] = "" }).Registry.DataFolder);

    [Theory]
    [InlineData("""{ "ModelRegistry": { "PublicUrls": "x" } }""", "public-url")]
    [InlineData("""{ "ModelRegistry": { """, "is not JSON")]
    [InlineData("""{ "ModelRegistry": { "LogLevel": "loud" } }""", "log-level")]
    [InlineData("""{ "ModelRegistry": { "PublicUrl": "models.example" } }""", "public-url")]
    [InlineData("""{ "ModelRegistry": { "PublicUrl": "https://user:pw@models.example" } }""", "public-url")]
    [InlineData("""{ "ModelRegistry": { "Artifacts": "somewhere" } }""", "artifacts")]
    [InlineData("""{ "ModelRegistry": { "ReadOnly": "sometimes" } }""", "read-only")]
    public void A_setting_that_cannot_be_is_refused_by_name(string file, string named)
    {
        var refusal = Settings.Read(new Dictionary<string, string>(), _ => null, File(file)).Refusal;
        Assert.NotNull(refusal);
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_the_current_folder_is_not_read()
    {
        var folder = Path.Combine(_folder, "elsewhere");
        Directory.CreateDirectory(folder);
        System.IO.File.WriteAllText(Path.Combine(folder, "appsettings.json"), """{ "ModelRegistry": { "Nonsense": true } }""");
        using var program = new ProgramProcess();
        var ran = await program.RunAsync(["list-models", "--data", Path.Combine(_folder, "none")], workingFolder: folder);
        Assert.Equal(66, ran.Exit);
        Assert.StartsWith("registry_not_found", ran.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_has_its_option_and_is_read_from_it()
    {
        string[] line = ["stdio", "--data", "/d", "--database", "sqlite:/d/x.db", "--artifacts", "file:/a", "--policy", "team", "--public-url", "https://models.example", "--log-level", "debug", "--log-format", "json", "--read-only", "--toolsets", "registrar"];
        Assert.All(Settings.Keys, key => Assert.Contains("--" + key, line));
        var settings = CommandLine.Read(CommandLine.Root().Parse(line), _ => null).Value;
        Assert.Equal(("/d", "sqlite:/d/x.db", "file:/a", "team", "https://models.example"), (settings.Registry.DataFolder, settings.Registry.Database, settings.Registry.Artifacts, settings.Registry.Policy, settings.Registry.PublicUrl));
        Assert.Equal((new LogSettings(LogEventLevel.Debug, Json: true), true, "registrar"), (settings.Log, settings.Surface.ReadOnly, Assert.Single(settings.Surface.Toolsets)));
    }

    private Settings Read(string? file = null, Dictionary<string, string>? environment = null, Dictionary<string, string>? line = null) =>
        Settings.Read(line ?? [], name => environment?.GetValueOrDefault(name), File(file)).Value;

    private string File(string? text)
    {
        var path = Path.Combine(_folder, "appsettings.json");
        if (text is not null)
            System.IO.File.WriteAllText(path, text);
        return path;
    }
}
