using System.CommandLine;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>One run of one verb: what was asked, what it talks to, and how it answers.</summary>
internal sealed class CliRun(Verb verb, ParseResult parsed, Settings settings, Surroundings around, ILoggerFactory logs, CancellationToken cancel)
{
    public Settings Settings { get; } = settings;

    public Surroundings Around { get; } = around;

    public ILoggerFactory Logs { get; } = logs;

    public CancellationToken Cancel { get; } = cancel;

    public T? Of<T>(Option<T> option) => parsed.GetValue(option);

    public bool? YesNo(Option<string?> option) => Of(option) is { } text ? text == "true" : null;

    public T Of<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>Runs the work on the registry that the settings name: behind a running server, else in the data folder.</summary>
    public async Task<int> OnAsync(Func<IRegistry, Task<int>> work)
    {
        if (Settings.Server is not { } server)
            return await OnRegistryAsync((registry, me) => work(new OpenedRegistry(registry, me)));
        using var client = new RestClient(server);
        return await work(new ServedRegistry(client));
    }

    /// <summary>Why what takes the data folder is not done; null where there is one.</summary>
    public Refusal? Elsewhere(string? what = null) => Settings.Server is null ? null
        : Refusals.NotOverServer(what ?? HelpPage.NameOf(parsed.CommandResult), "Run it where the registry is, with --data DIR and without --server (MODELREGISTRY_SERVER).");

    /// <summary>Opens the registry and runs the work on it, as the agent <c>cli</c>. One that is not there is refused, and not made: only <c>init</c> makes one.</summary>
    public async Task<int> OnRegistryAsync(Func<RegistryServices, Actor, Task<int>> work, bool make = false)
    {
        if (Elsewhere() is { } far)
            return Tell(far);
        if (!make && !await RegistryServices.IsThereAsync(Settings.Registry, Cancel))
            return Tell(Refusals.RegistryMissing(RegistryServices.PlaceOf(Settings.Registry)));
        var opened = await RegistryServices.OpenAsync(Settings.Registry, TimeProvider.System, Logs, Cancel);
        if (opened.Refusal is { } refusal)
            return Tell(refusal);
        await using var registry = opened.Value;
        return await work(registry, await registry.Actors.CliAsync(Around.OsUser, Cancel));
    }

    /// <summary>Answers with data, as <c>--output</c> asks.</summary>
    public int Answer<T>(Outcome<T> outcome, Func<T, Sheet> draw, Func<T, int>? sign = null, Func<T, string?>? talk = null) =>
        Replies.Answer(Around, verb.Output is { } output && parsed.GetValue(output) == "json", outcome, draw, sign, talk);

    /// <summary>Answers with one page of a list, and says where the next begins.</summary>
    public int Answer<T>(Outcome<Page<T>> outcome, Func<IReadOnlyList<T>, Sheet> draw) => Answer(outcome, page => draw(page.Items), null,
        page => page.NextCursor is { } next ? $"There is more: --cursor {next}" : page.Items.Count == 0 ? "There is none." : null);

    public int Tell(Refusal refusal) => Replies.Tell(Around.Err, refusal);

    /// <summary>Puts an id on every line that is logged from here on.</summary>
    public static IDisposable Note(string name, string value) => Serilog.Context.LogContext.PushProperty(name, VisibleText.Line(value));

    /// <summary>The same for the promotion this run is about, which the line that tells of the run's end names too.</summary>
    public IDisposable NotePromotion(string id)
    {
        Promotion = id;
        return Note("promotion_id", id);
    }

    /// <summary>The promotion this run is about; null while none is known.</summary>
    public string? Promotion { get; private set; }
}
