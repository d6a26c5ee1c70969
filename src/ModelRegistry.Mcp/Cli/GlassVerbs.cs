using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>break-glass</c>, which a terminal can only point away from, and <c>review</c>, which it can do.</summary>
internal static class GlassVerbs
{
    public static Verb BreakGlass()
    {
        var verb = new Verb("break-glass", "Says where the glass is broken: it takes a passkey's signature, so on the promotion's page and never here.", "break-glass prm_01k… --reason 'fraud is passing since noon'");
        var id = verb.Word("ID", "The promotion's id.", Completions.LivePromotions);
        var reason = verb.Text("--reason", "TEXT", "Why it cannot wait.");
        return verb.Over(async (run, registry) =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            return run.Answer(await registry.AskAsync(Ask.RefuseGlass(run.Of(id), run.Of(reason)), run.Cancel), PromotionSheets.One);
        });
    }

    public static Verb Review()
    {
        var verb = new Verb("review", "Reviews a broken glass, as another approver than who broke it; asks their passphrase on the terminal.",
            "review prm_01k… --uphold --as bob --comment 'the freeze had to wait'", "review prm_01k… --object --comment 'a rollback would have done'");
        var id = verb.Word("ID", "The promotion's id.", Completions.AnyPromotions);
        var uphold = verb.Flag("--uphold", "It was right.");
        var objects = verb.Flag("--object", "It was not; say why with --comment.");
        var comment = verb.Text("--comment", "TEXT", "What the record should say.");
        var asPerson = verb.Text("--as", "PERSON", "Whose passphrase is asked. Default: yours, else the only approver's.", Completions.Persons);
        return verb.Over(async (run, registry) =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            if (run.Of(uphold) == run.Of(objects))
                return run.Tell(Refusals.InvalidArgument("uphold", "say --uphold, or --object with --comment why"));
            var verdict = run.Of(uphold) ? GlassVerdict.Upheld : GlassVerdict.Objected;
            return run.Answer(await ReviewAsync(run, registry, run.Of(id), verdict, run.Of(comment) ?? "", run.Of(asPerson)), GlassSheets.One, null, v => v.Next);
        });
    }

    private static async Task<Outcome<GlassReviewView>> ReviewAsync(CliRun run, IRegistry registry, string id, GlassVerdict verdict, string comment, string? asPerson)
    {
        var terminal = run.Around.Terminal;
        if (!terminal.IsThere)
            return Refusals.NoTerminal;
        var shown = await registry.AskAsync(Ask.Review(id), run.Cancel);
        if (shown.Refusal is { } no)
            return no;
        if (shown.Value.Glass.Review is { } earlier)
            return Refusals.GlassReviewed(id, earlier.Person);
        terminal.Write(GlassSheets.One(shown.Value).Render(terminal.Fancy, terminal.Width));
        terminal.Write($"\nTo record that this was {(verdict == GlassVerdict.Upheld ? "right" : "not right")}, type the\n");
        return await TerminalProof.DoAsync(run, registry, Deeds.ReviewGlass(id, verdict, comment), asPerson, Permissions.Approver);
    }
}
