using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using Serilog.Events;

namespace ModelRegistry.Mcp;

/// <summary>How much of the tool surface is offered.</summary>
/// <param name="Toolsets">Names of toolsets beside the default one; empty: the default one only.</param>
/// <param name="Tools">Names of single tools; when there are any, nothing but them and the toolsets named.</param>
internal sealed record SurfaceSettings(bool ReadOnly, IReadOnlyList<string> Toolsets, IReadOnlyList<string> Tools);

/// <summary>How <c>serve</c> listens.</summary>
/// <param name="AllowedHosts">Host names beside those of the public URL and of <paramref name="Urls"/>.</param>
/// <param name="AllowedOrigins">Web origins beside the server's own.</param>
/// <param name="MostSessions">Sessions held at once; a caller gets half of them.</param>
/// <param name="RateLimit">Requests a second of one caller; 0: no limit.</param>
internal sealed record HttpSettings(IReadOnlyList<Uri> Urls, Uri? PublicUrl, IReadOnlyList<string> AllowedHosts, IReadOnlyList<string> AllowedOrigins, int MostSessions, TimeSpan SessionIdle, int RateLimit)
{
    /// <summary>Proxies that are believed when they say for whom they ask (<c>X-Forwarded-For</c>).</summary>
    public IReadOnlyList<System.Net.IPNetwork> TrustedProxies { get; init; } = [];
}

/// <param name="Json">One JSON object per line instead of text.</param>
internal sealed record LogSettings(LogEventLevel Level, bool Json);

/// <summary>What one process is told, read once: the <c>appsettings.json</c> beside the executable, then the environment, then the command line; the last one wins.</summary>
/// <param name="Server">The running server to speak to instead of opening a data folder; null: none.</param>
internal sealed partial record Settings(RegistryOptions Registry, SurfaceSettings Surface, HttpSettings Http, LogSettings Log, ServerSettings? Server)
{
    private const string Section = "ModelRegistry";

    /// <summary>Every setting: its option without the dashes. In the environment <c>MODELREGISTRY_</c> and upper case; in the file, under "ModelRegistry", in any case.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["data", "database", "artifacts", "s3-endpoint", "s3-access-key", "s3-secret-key", "s3-region", "s3-public-endpoint", "s3-timeout", "s3-references", "readable", "server", "token", "policy", "signing-keys", "public-url", "log-format", "log-level", "read-only", "toolsets", "tools", "urls", "allowed-hosts", "allowed-origins", "trusted-proxies", "max-sessions", "session-idle", "rate-limit", "webhook-private", "smtp", "mail-from", "notice-days", "mlflow-tracking", "mlflow-tracking-token", "mlflow-tracking-username", "mlflow-tracking-password"];

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
        // Whoever types a place means that one, whatever the surroundings say.
        if (!commandLine.ContainsKey("server") && (commandLine.ContainsKey("data") || commandLine.ContainsKey("database")))
            said.Remove("server");
        return Of(said, tokenTyped: commandLine.ContainsKey("token"));
    }

    private static string Variable(string key) => "MODELREGISTRY_" + key.Replace('-', '_').ToUpperInvariant();

    private static Outcome<Settings> Of(Dictionary<string, string> said, bool tokenTyped)
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
        if (url is not null && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed is { Scheme: "http" or "https", AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }))
            bad["public-url"] = "an address without a path, such as https://models.example.org";
        var http = ReadHttp(said, bad);
        var notices = ReadNotices(said, bad);
        var tracking = ReadTracking(said, bad);
        var (artifacts, bucket, shown) = (ReadArtifacts(said, bad), ReadBucket(said, bad), ReadExtent(said, bad));
        if (said.GetValueOrDefault("data") is "")
            bad["data"] = "a folder";
        if (said.GetValueOrDefault("database") is { } place && place.Trim().Equals("sqlite:", StringComparison.OrdinalIgnoreCase))
            bad["database"] = "sqlite:PATH or postgres://user:password@host:port/name";
        // In the environment it may be there for others.
        if (tokenTyped && !said.ContainsKey("server"))
            bad["token"] = "goes with --server";
        if (bad.Count > 0)
            return Refusals.InvalidArguments(bad);
        var server = said.TryGetValue("server", out var named) ? ServerSettings.Read(named, said.GetValueOrDefault("token")) : default;
        if (server.Refusal is { } unfit)
            return unfit;

        var folder = Path.GetFullPath(said.GetValueOrDefault("data") ?? RegistryOptions.DefaultDataFolder);
        var registry = new RegistryOptions
        {
            DataFolder = folder,
            DataFolderNamed = folder != RegistryOptions.DefaultDataFolder,
            Database = said.GetValueOrDefault("database"),
            Artifacts = artifacts,
            S3 = bucket,
            Readable = shown,
            Policy = said.GetValueOrDefault("policy"),
            SigningKeys = said.GetValueOrDefault("signing-keys"),
            Notices = notices,
            Tracking = tracking,
        };
        return new Settings(registry, new SurfaceSettings(readOnly, List(said, "toolsets"), List(said, "tools")), http, new LogSettings(level, format == "json"), server.Value);
    }

    private static HttpSettings ReadHttp(Dictionary<string, string> said, Dictionary<string, string> bad)
    {
        var urls = new List<Uri>();
        foreach (var text in List(said, "urls", ';') is { Length: > 0 } named ? named : ["http://localhost:8003"])
            if (Uri.TryCreate(text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url)
                && url is { Scheme: "http", AbsolutePath: "/", Query: "", UserInfo: "" } && (url.IsLoopback || System.Net.IPAddress.TryParse(url.DnsSafeHost, out _)))
                urls.Add(url);
            else
                bad["urls"] = "addresses such as http://localhost:8003 or http://0.0.0.0:8003 (TLS is a proxy's work)";
        foreach (var origin in List(said, "allowed-origins"))
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.GetLeftPart(UriPartial.Authority) != origin)
                bad["allowed-origins"] = "origins such as http://localhost:6274, without a path";
        if (List(said, "allowed-hosts").Any(host => Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown))
            bad["allowed-hosts"] = "host names without a port";
        var proxies = new List<System.Net.IPNetwork>();
        foreach (var text in List(said, "trusted-proxies"))
            if (System.Net.IPNetwork.TryParse(text, out var network))
                proxies.Add(network);
            else if (System.Net.IPAddress.TryParse(text, out var one))
                proxies.Add(new System.Net.IPNetwork(one, one.GetAddressBytes().Length * 8));
            else
                bad["trusted-proxies"] = "addresses or networks, such as 10.0.0.7 or 10.0.0.0/24";
        return new HttpSettings(urls, Uri.TryCreate(said.GetValueOrDefault("public-url"), UriKind.Absolute, out var publicUrl) ? publicUrl : null, List(said, "allowed-hosts"), List(said, "allowed-origins"),
            Whole(said, bad, "max-sessions", 5_000, 1, 1_000_000), TimeSpan.FromMinutes(Whole(said, bad, "session-idle", 30, 1, 1_440)), Whole(said, bad, "rate-limit", 200, 0, 1_000_000))
        { TrustedProxies = proxies };
    }

    private static NoticeOptions ReadNotices(Dictionary<string, string> said, Dictionary<string, string> bad)
    {
        var privateToo = said.GetValueOrDefault("webhook-private")?.ToLowerInvariant() switch { null or "0" or "false" => false, "1" or "true" => true, _ => (bool?)null };
        if (privateToo is null)
            bad["webhook-private"] = "true or false";
        return new NoticeOptions
        {
            PrivateWebhooks = privateToo == true,
            Mail = ReadMail(said.GetValueOrDefault("smtp"), said.GetValueOrDefault("mail-from"), bad),
            Patience = TimeSpan.FromDays(Whole(said, bad, "notice-days", 3, 1, 30)),
        };
    }

    private static MailServer? ReadMail(string? smtp, string? from, Dictionary<string, string> bad)
    {
        if (smtp is null)
            return null;
        if (from is null || MailAddressText.Read(from).Refusal is not null)
            bad["mail-from"] = "the sender's address, such as registry@example.org; needed with smtp";
        // Never the value itself: it holds a password.
        if (!Uri.TryCreate(smtp, UriKind.Absolute, out var url) || url is not { Scheme: "smtp" or "smtps", AbsolutePath: "" or "/", Query: "", Fragment: "", Host.Length: > 0 })
        {
            bad["smtp"] = "smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT";
            return null;
        }
        var (encrypted, user) = (url.Scheme == "smtps", url.UserInfo.Split(':', 2));
        if (user[0].Length > 0 && !encrypted && !url.IsLoopback)
            bad["smtp"] = "smtps:// where there is a password: it does not go over a network in the clear";
        return new MailServer(url.DnsSafeHost, url.Port > 0 ? url.Port : encrypted ? 587 : 25, encrypted,
            user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null, user.Length == 2 ? Uri.UnescapeDataString(user[1]) : null, from ?? "");
    }

    private static string[] List(Dictionary<string, string> said, string key, char separator = ',') =>
        (said.GetValueOrDefault(key) ?? "").Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int Whole(Dictionary<string, string> said, Dictionary<string, string> bad, string key, int usual, int least, int most)
    {
        if (!said.TryGetValue(key, out var text))
            return usual;
        if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        bad[key] = $"a whole number from {least} to {most}";
        return usual;
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
