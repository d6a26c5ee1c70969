using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Diagnostics;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>The program's verbs, and one run: read the line, read the settings, do the work, say how it ended.</summary>
internal static class CommandLine
{
    /// <summary>What a run gives back that ended because it was told to, before it was done.</summary>
    public const int Cancelled = 130;

    private const string Verbose = "--verbose";

    /// <summary>Every verb, in the order of the help.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("A model registry whose users are agents and the people who answer for them: agents propose, people decide.");
        foreach (var verb in Verbs())
            root.Add(verb);
        foreach (var option in Everywhere())
            root.Add(option);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show this help.";
        help.Action = new HelpPage();
        help.Aliases.Clear();
        help.Aliases.Add("-h");
        root.Options.OfType<VersionOption>().Single().Description = "Show the program's version.";
        return root;
    }

    /// <summary>Options that every verb takes: the settings, and one for those who look for a bug.</summary>
    private static IEnumerable<Option> Everywhere() =>
    [
        Setting("--data", "DIR", "Data folder: database, blobs, keys, checkpoints. Default: the user's."),
        Setting("--database", "WHERE", "sqlite:PATH (default: in the data folder) or postgres://…"),
        Setting("--artifacts", "WHERE", "file:PATH (default: in the data folder) or s3://BUCKET/PREFIX, reached as MODELREGISTRY_S3_ENDPOINT, _ACCESS_KEY, _SECRET_KEY and _REGION say."),
        Setting("--server", "URL", "A running server to speak to instead of opening a data folder: https, or http on this machine."),
        Setting("--token", "TOKEN", "The bearer token for it. Better in the environment: MODELREGISTRY_TOKEN."),
        Setting("--policy", "POLICY", "open, local, team, regulated or a JSON file; seeds a new registry only."),
        Setting("--signing-keys", "PATH", "A PEM file or a folder of them: the public keys that signatures over models are held against."),
        Setting("--public-url", "URL", "Where clients reach the server, behind a proxy for instance."),
        Choice("--log-level", "What to log to stderr. Default: warning.", Settings.LevelNames),
        Choice("--log-format", "How to log. Default: text.", ["text", "json"]),
        new Option<bool>(Verbose) { Description = "Show the stack of a failure.", Recursive = true },
    ];

    private static IEnumerable<Verb> Verbs() =>
    [
        ProgramVerbs.Stdio(), ProgramVerbs.Serve(), ProgramVerbs.Demo(), PersonVerbs.Init(), DoctorVerb.Make(),
        CatalogVerbs.ListModels(), CatalogVerbs.ListVersions(), CatalogVerbs.GetModel(), CatalogVerbs.Compare(), CatalogVerbs.Serving(), CatalogVerbs.History(),
        MetadataVerbs.Lineage(), MetadataVerbs.FindVersions(), MetadataVerbs.Card(), MetadataVerbs.Measurements(),
        RegisterVerb.Make(), MetadataVerb.Make(), MetadataVerbs.Measure(), DeleteVerb.Make(), CollectVerb.Make(), BackupVerbs.Backup(), BackupVerbs.Restore(), MoveVerb.Make(), ImportVerb.Make(), DownloadVerb.Make(),
        PromotionVerbs.Promote(), PromotionVerbs.Rollback(), DeploymentVerbs.Deploy(), DeploymentVerbs.Deployments(), DeploymentVerbs.Stop(), DeploymentVerbs.Targets(), WaitingVerb.Make(), PromotionVerbs.Get(),
        DecideVerb.Approve(), DecideVerb.Reject(), PromotionVerbs.Revoke(), PromotionVerbs.Withdraw(), GlassVerbs.BreakGlass(), GlassVerbs.Review(),
        PersonVerbs.Person(), TokenVerbs.Token(), WebhookVerbs.Webhook(), PolicyVerbs.Policy(), AuditVerbs.Audit(), ExportVerbs.Export(), ExportVerbs.Verify(), ProgramVerbs.McpConfig(), CompletionVerb.Make(),
    ];

    /// <summary>Reads the line and runs its verb.</summary>
    /// <returns>The exit code (<see cref="Replies.Exit"/>); <see cref="Cancelled"/> when it was cancelled.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings around, CancellationToken cancel)
    {
        // '@champion' is a version here, not a file of arguments.
        var parsed = Root().Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (((RootCommand)parsed.RootCommandResult.Command).Directives.OfType<SuggestDirective>().Any(asked => parsed.GetResult(asked) is not null))
            return Completions.Offer(parsed, around.Out);
        if (parsed.Action is not (null or ParseErrorAction))
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = around.Out, Error = around.Err, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, cancel);
        if (UsageErrors.Of(parsed, args) is { Count: > 0 } errors)
            return UsageErrors.Tell(around.Err, parsed, errors);
        var verb = (Verb)parsed.CommandResult.Command;
        try
        {
            var settings = Read(parsed, around.Environment);
            return settings.Refusal is { } refusal ? Replies.Tell(around.Err, refusal) : await WorkAsync(verb, parsed, settings.Value, around, cancel);
        }
        catch (OperationCanceledException)
        {
            return Cancelled;
        }
        catch (StorageUnavailableException e)
        {
            return Broken(around, parsed, e.Code, e, e.Remedy);
        }
        catch (ServerUnavailableException e)
        {
            return Broken(around, parsed, e.Code, e, e.Remedy);
        }
        catch (Exception e)
        {
            return Broken(around, parsed, "internal_error", e, "This should not happen. Run it again with --verbose and report what it says.");
        }
    }

    /// <summary>The settings of a line, as far as it could be read: an option named like a setting is that setting.</summary>
    public static Outcome<Settings> Read(ParseResult parsed, Func<string, string?> environment)
    {
        var said = new Dictionary<string, string>();
        foreach (var option in HelpPage.OptionsOf(parsed.CommandResult.Command))
            if (Settings.Keys.FirstOrDefault(key => option.Name == "--" + key) is { } key && parsed.GetResult(option) is { Implicit: false } given)
                said[key] = given.Tokens is [.., var last] ? last.Value : "true";
        return Settings.Read(said, environment, Settings.File);
    }

    private static async Task<int> WorkAsync(Verb verb, ParseResult parsed, Settings settings, Surroundings around, CancellationToken cancel)
    {
        using var logs = Logging.Open(settings.Log, around.Err);
        using var id = CliRun.Note("request_id", Ids.New("req", TimeProvider.System.GetUtcNow()));
        var log = logs.CreateLogger("ModelRegistry.Mcp.Cli");
        var name = string.Join(' ', parsed.Tokens.Where(t => t.Type == System.CommandLine.Parsing.TokenType.Command).Select(t => t.Value));
        var clock = Stopwatch.StartNew();
        try
        {
            var run = new CliRun(verb, parsed, settings, around, logs, cancel);
            var code = await verb.Work!(run);
            using var promotion = run.Promotion is { } about ? CliRun.Note("promotion_id", about) : null;
            log.LogInformation("{Verb} ended with {ExitCode} after {Milliseconds} ms.", name, code, clock.ElapsedMilliseconds);
            return code;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogInformation("{Verb} failed with {Failure} after {Milliseconds} ms.", name, e.GetType().Name, clock.ElapsedMilliseconds);
            throw;
        }
    }

    private static int Broken(Surroundings around, ParseResult parsed, string code, Exception e, string remedy)
    {
        around.Err.WriteLine(VisibleText.Line(Logging.Mask($"{code}: {e.Message}")));
        around.Err.WriteLine(VisibleText.Line(remedy));
        if (parsed.GetValue<bool>(Verbose))
            around.Err.WriteLine(VisibleText.Block(Logging.Mask(e.ToString())));
        return Replies.Exit.Broken;
    }

    private static Option<string?> Setting(string name, string value, string description) => new(name) { Description = description, HelpName = value, Recursive = true };

    private static Option<string?> Choice(string name, string description, IReadOnlyList<string> choices)
    {
        var option = Setting(name, string.Join('|', choices), description);
        option.AcceptOnlyFromAmong([.. choices]);
        return option;
    }
}
