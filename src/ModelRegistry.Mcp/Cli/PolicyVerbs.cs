using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>policy</c>: what promotions take, and who changes that.</summary>
internal static class PolicyVerbs
{
    /// <summary>The word for the policy that another admin proposed.</summary>
    private const string Pending = "pending";

    private sealed record CheckedView(string Name, string Digest, IReadOnlyList<string> Stages, IReadOnlyList<string> Governed);

    public static Verb Policy()
    {
        var verb = new Verb("policy", "The policy: what promotions take.");
        verb.Add(Show());
        verb.Add(History());
        verb.Add(Check());
        verb.Add(Accept());
        verb.Add(Reject());
        return verb;
    }

    private static Verb Show()
    {
        var verb = new Verb("show", "Shows the policy in force, or an earlier one.", "policy show", "policy show 3f2a91c04b7d", "policy show --at 2026-01-31 --output json", "policy show --text > ours.json");
        var digest = verb.OptionalWord("DIGEST", "An earlier one: its digest, or the first 8 digits or more.");
        var at = verb.Time("--at", "The one that was in force then.");
        var text = verb.Flag("--text", "Only its JSON, as a file to start from.");
        return verb.Over(async (run, registry) =>
        {
            var policy = await registry.AskAsync(Ask.Policy(new PolicyQuery(run.Of(digest), run.Of(at))), run.Cancel);
            if (!run.Of(text) || policy.Refusal is not null)
                return run.Answer(policy, PolicySheets.One);
            run.Around.Out.WriteLine(policy.Value.Json.TrimEnd());
            return Replies.Exit.Done;
        });
    }

    private static Verb History()
    {
        var verb = new Verb("history", "Lists what was in force when, newest first, and who accepted it.", "policy history", "policy history --output json");
        var (limit, cursor) = CatalogVerbs.Paging(verb);
        return verb.Lists(run => Ask.Policies(run.Of(limit) ?? 20, run.Of(cursor)), PolicySheets.Many);
    }

    private static Verb Check()
    {
        var verb = new Verb("check", "Reads a policy, names each error with its line, and shows what it changes against the one in force; changes nothing.", "policy check policy.json");
        var file = File(verb);
        return verb.Answers(async run =>
        {
            // A file can be checked where there is no registry yet.
            if (run.Settings.Server is null && run.Of(file) != Pending && !await RegistryServices.IsThereAsync(run.Settings.Registry, run.Cancel))
            {
                var read = RegistryServices.ReadPolicy(run.Of(file)).Then(PolicyBook.Check);
                Outcome<CheckedView> view = read.Refusal is { } no ? no : new CheckedView(read.Value.Name, read.Value.Digest.Hex, read.Value.StageNames, [.. read.Value.StageNames.Where(read.Value.Governs)]);
                return run.Answer(view, v => new Sheet().Facts(("policy", v.Name), ("digest", v.Digest), ("stages", Shown.List(v.Stages)), ("governed", v.Governed.Count == 0 ? "none" : Shown.List(v.Governed))));
            }
            return await run.OnAsync(async registry =>
            {
                var read = await ReadAsync(registry, run.Of(file), run.Cancel);
                var compared = read.Refusal is { } no ? no : await registry.AskAsync(Ask.Compared(read.Value), run.Cancel);
                return run.Answer(compared, PolicySheets.Compared, v => v.Problem is null ? Replies.Exit.Done : Replies.Exit.Conflict);
            });
        });
    }

    private static Verb Accept()
    {
        var verb = new Verb("accept", "Shows what a policy changes and asks an admin's passphrase on the terminal; in force at once, or waits for the other admins that the policy in force asks for (exit 8).",
            "policy accept policy.json", "policy accept team --as alice --reason 'a second person decides'", "policy accept pending --as bob");
        var file = File(verb);
        var reason = verb.Text("--reason", "TEXT", "Why; the history shows it.");
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) => run.Answer(await AcceptAsync(run, registry, run.Of(file), run.Of(reason), run.Of(asPerson)), PolicySheets.Change,
            c => c.Status == Pending ? Replies.Exit.Parked : Replies.Exit.Done, c => c.Next));
    }

    private static Verb Reject()
    {
        var verb = new Verb("reject", "Turns down the change of the policy that waits; asks an admin's passphrase on the terminal.", "policy reject --reason 'production needs its freeze'");
        var reason = verb.Text("--reason", "TEXT", "Why not.");
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) =>
        {
            var pending = await PendingAsync(registry, run.Cancel);
            return pending.Refusal is { } none ? run.Tell(none)
                : run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.RejectPolicy(pending.Value.ChangeId, run.Of(reason)), run.Of(asPerson), Permissions.Admin), PolicySheets.Change);
        });
    }

    /// <summary>What is accepted is what the terminal showed: another policy in force meanwhile is refused.</summary>
    private static async Task<Outcome<PolicyChangeView>> AcceptAsync(CliRun run, IRegistry registry, string file, string? reason, string? asPerson)
    {
        var read = await ReadAsync(registry, file, run.Cancel);
        if (read.Refusal is { } unreadable)
            return unreadable;
        var terminal = run.Around.Terminal;
        if (!terminal.IsThere)
            return Refusals.NoTerminal;
        var preview = await registry.AskAsync(Ask.Preview(read.Value, TerminalProof.Worth), run.Cancel);
        if (preview.Refusal is { } no)
            return no;
        terminal.Write(PolicySheets.Compared(preview.Value).Render(terminal.Fancy, terminal.Width));
        terminal.Write("\nTo put exactly this in force, type the\n");
        return await TerminalProof.DoAsync(run, registry, Deeds.AcceptPolicy(read.Value, preview.Value.InForceDigest, reason), asPerson, Permissions.Admin);
    }

    private static System.CommandLine.Argument<string> File(Verb verb) => verb.Word("FILE", "A JSON file; open, local, team, regulated; or pending: what another admin proposed.");

    /// <summary>The text, known to be a policy: its errors are named with the lines of the file.</summary>
    private static async Task<Outcome<string>> ReadAsync(IRegistry registry, string file, CancellationToken cancel) => file == Pending
        ? (await PendingAsync(registry, cancel)).Then<string>(change => change.Json)
        : RegistryServices.ReadPolicy(file).Then(json => PolicyBook.Check(json).Then<string>(_ => json));

    private static async Task<Outcome<PolicyChangeView>> PendingAsync(IRegistry registry, CancellationToken cancel) =>
        (await registry.AskAsync(Ask.Policy(new PolicyQuery()), cancel)).Then(policy => policy.Pending is { } pending ? pending : (Outcome<PolicyChangeView>)Refusals.PolicyChangeNotFound);
}
