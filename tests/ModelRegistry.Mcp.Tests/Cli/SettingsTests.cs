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
        Assert.Equal(["http://localhost:8003/"], settings.Http.Urls.Select(u => u.AbsoluteUri));
        Assert.Equal((null, 5_000, TimeSpan.FromMinutes(30), 200), (settings.Http.PublicUrl, settings.Http.MostSessions, settings.Http.SessionIdle, settings.Http.RateLimit));
    }

    [Fact]
    public void The_command_line_goes_before_the_environment_and_that_before_the_file()
    {
        const string file = """{ "ModelRegistry": { "Data": "/from/file", "PublicUrl": "https://file.example", "Policy": "team", "ReadOnly": true, "Toolsets": ["registrar", "more"] } }""";
        var settings = Read(file, new() { ["MODELREGISTRY_DATA"] = "/from/environment", ["MODELREGISTRY_PUBLIC_URL"] = "https://environment.example" }, new() { ["data"] = "/from/line" });
        Assert.Equal("/from/line", settings.Registry.DataFolder);
        Assert.True(settings.Registry.DataFolderNamed);
        Assert.Equal("https://environment.example/", settings.Http.PublicUrl!.AbsoluteUri);
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
    [InlineData("""{ "ModelRegistry": { "Urls": "https://localhost:8003" } }""", "urls")]
    [InlineData("""{ "ModelRegistry": { "Urls": "http://models.example:80" } }""", "urls")]
    [InlineData("""{ "ModelRegistry": { "Urls": "localhost" } }""", "urls")]
    [InlineData("""{ "ModelRegistry": { "AllowedOrigins": ["http://localhost:6274/page"] } }""", "allowed-origins")]
    [InlineData("""{ "ModelRegistry": { "TrustedProxies": "proxy.example.org" } }""", "trusted-proxies")]
    [InlineData("""{ "ModelRegistry": { "AllowedHosts": ["models.example:80"] } }""", "allowed-hosts")]
    [InlineData("""{ "ModelRegistry": { "MaxSessions": 0 } }""", "max-sessions")]
    [InlineData("""{ "ModelRegistry": { "SessionIdle": "-1" } }""", "session-idle")]
    [InlineData("""{ "ModelRegistry": { "RateLimit": "many" } }""", "rate-limit")]
    [InlineData("""{ "ModelRegistry": { "Server": "models.example" } }""", "server")]
    [InlineData("""{ "ModelRegistry": { "Server": "https://models.example/registry" } }""", "server")]
    [InlineData("""{ "ModelRegistry": { "Server": "https://user:pw@models.example" } }""", "server")]
    [InlineData("""{ "ModelRegistry": { "Server": "ftp://models.example" } }""", "server")]
    [InlineData("""{ "ModelRegistry": { "Server": "http://models.example" } }""", "plain http to another machine")]
    [InlineData("""{ "ModelRegistry": { "Server": "http://localhost.models.example:8003" } }""", "plain http to another machine")]
    [InlineData("""{ "ModelRegistry": { "Server": "http://192.0.2.7" } }""", "plain http to another machine")]
    [InlineData("""{ "ModelRegistry": { "Server": "https://models.example", "Token": "two words" } }""", "token")]
    public void A_setting_that_cannot_be_is_refused_by_name(string file, string named)
    {
        var refusal = Settings.Read(new Dictionary<string, string>(), _ => null, File(file)).Refusal;
        Assert.NotNull(refusal);
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_is_typed_is_meant_whatever_the_surroundings_say()
    {
        Dictionary<string, string> around = new() { ["MODELREGISTRY_SERVER"] = "https://models.example", ["MODELREGISTRY_TOKEN"] = "mrt_x", ["MODELREGISTRY_DATA"] = "/from/environment" };
        Assert.Equal("https://models.example/", Read(environment: around).Server!.Address.AbsoluteUri);
        Assert.Null(Read(environment: around, line: new() { ["data"] = "/typed" }).Server);
        Assert.Null(Read(environment: around, line: new() { ["database"] = "sqlite:/typed.db" }).Server);
        Assert.Equal("http://localhost:1/", Read(environment: around, line: new() { ["server"] = "http://localhost:1" }).Server!.Address.AbsoluteUri);
        Assert.Contains("token", Settings.Read(new Dictionary<string, string> { ["token"] = "mrt_x" }, _ => null, File(null)).Refusal!.Fields!.Keys);
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
        string[] line = ["serve", "--data", "/d", "--database", "sqlite:/d/x.db", "--artifacts", "file:/a", "--server", "https://models.example", "--token", "mrt_secret", "--policy", "team", "--signing-keys", "/k", "--public-url", "https://models.example", "--log-level", "debug", "--log-format", "json", "--read-only", "--toolsets", "registrar", "--tools", "list_models",
            "--urls", "http://127.0.0.1:1;http://0.0.0.0:2", "--allowed-hosts", "models.example,[::1]", "--allowed-origins", "http://localhost:6274", "--trusted-proxies", "10.0.0.7,fd00::/8", "--max-sessions", "7", "--session-idle", "8", "--rate-limit", "9",
            "--webhook-private", "--smtp", "smtps://me:secret@mail.example:465", "--mail-from", "registry@models.example", "--notice-days", "2", "--mlflow-tracking", "https://mlflow.example/ml"];
        Assert.All(Settings.Keys.Where(key => !key.StartsWith("s3-", StringComparison.Ordinal) && !key.StartsWith("mlflow-tracking-", StringComparison.Ordinal) && key != "readable"), key => Assert.Contains("--" + key, line));
        var settings = CommandLine.Read(CommandLine.Root().Parse(line), _ => null).Value;
        Assert.Equal(("/d", "sqlite:/d/x.db", "file:/a", "team", "https://models.example/"), (settings.Registry.DataFolder, settings.Registry.Database, settings.Registry.Artifacts, settings.Registry.Policy, settings.Http.PublicUrl!.AbsoluteUri));
        Assert.Equal(("/k", "https://mlflow.example/ml"), (settings.Registry.SigningKeys, settings.Registry.Tracking!.Address.AbsoluteUri));
        Assert.Equal((new LogSettings(LogEventLevel.Debug, Json: true), true, "registrar"), (settings.Log, settings.Surface.ReadOnly, Assert.Single(settings.Surface.Toolsets)));
        Assert.Equal(("https://models.example/", "mrt_secret"), (settings.Server!.Address.AbsoluteUri, settings.Server.Token));
        Assert.DoesNotContain("mrt_secret", settings.ToString(), StringComparison.Ordinal);
        Assert.Equal(("list_models", 7, TimeSpan.FromMinutes(8), 9), (Assert.Single(settings.Surface.Tools), settings.Http.MostSessions, settings.Http.SessionIdle, settings.Http.RateLimit));
        Assert.Equal("10.0.0.7/32 fd00::/8", string.Join(' ', settings.Http.TrustedProxies));
        Assert.Equal(("http://127.0.0.1:1/ http://0.0.0.0:2/", "models.example [::1]", "http://localhost:6274"), (string.Join(' ', settings.Http.Urls), string.Join(' ', settings.Http.AllowedHosts), string.Join(' ', settings.Http.AllowedOrigins)));
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
