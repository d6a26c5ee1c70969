using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Verbs that propose, list and take back promotions.</summary>
internal static class PromotionVerbs
{
    public static Verb Promote()
    {
        var verb = new Verb("promote", "Proposes to move a version to a stage; a governed stage parks it until a person decides (exit 8).",
            "promote fraud-detector 3 staging", "promote fraud-detector latest production --reason 'better recall at the same precision'");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.Word("V", "Number, label, latest, default or @alias.", Completions.Versions);
        var stage = verb.Word("STAGE", "Where to; dev, prod and any case are understood.", Completions.Stages);
        var (reason, key) = Why(verb);
        var emergency = verb.Flag("--emergency", "Park it also where gates fail, for the glass to be broken; asks the passphrase of a person whom the policy lists for that.");
        var asPerson = verb.Text("--as", "PERSON", "With --emergency: whose passphrase is asked. Default: yours, else the only approver's.", Completions.Persons);
        return verb.Answers(run =>
        {
            var wish = new PromotionRequest(run.Of(model), run.Of(version), run.Of(stage), run.Of(reason), run.Of(key)) { Emergency = run.Of(emergency) };
            return wish.Emergency ? run.OnRegistryAsync(async (registry, _) =>
            {
                var proven = await TerminalProof.OfAsync(registry, run.Around.Terminal, run.Of(asPerson), run.Around.OsUser, Permissions.Approver, run.Cancel);
                return proven.Refusal is { } no ? run.Tell(no) : Asked(run, await registry.Promotions.RequestAsync(proven.Value.Actor, wish, run.Cancel));
            }) : run.OnAsync(async registry => Asked(run, await registry.AskAsync(Ask.Promote(wish), run.Cancel)));
        });
    }

    public static Verb Rollback()
    {
        var verb = new Verb("rollback", "Proposes to go back to a version that served before.", "rollback fraud-detector --reason 'false positives since noon'", "rollback fraud-detector 2");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "Default: what served just before.", Completions.Versions);
        var stage = verb.Text("--stage", "STAGE", "Default: production.", Completions.Stages);
        var (reason, key) = Why(verb);
        return verb.Over(async (run, registry) => Asked(run,
            await registry.AskAsync(Ask.Rollback(new RollbackRequest(run.Of(model), run.Of(version), run.Of(stage), run.Of(reason), run.Of(key))), run.Cancel)));
    }

    public static Verb Get()
    {
        var verb = new Verb("get-promotion", "Shows a promotion with its gates and decisions.", "get-promotion prm_01k…", "get-promotion prm_01k… --output json");
        var id = verb.Word("ID", "The promotion's id.", Completions.AnyPromotions);
        return verb.Over(async (run, registry) =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            return run.Answer(await registry.AskAsync(Ask.Promotion(run.Of(id)), run.Cancel), PromotionSheets.One);
        });
    }

    public static Verb Withdraw()
    {
        var verb = new Verb("withdraw", "Takes a pending proposal back: your own, your agent's, or as an approver.", "withdraw prm_01k… --reason 'wrong version'");
        var id = verb.Word("ID", "The promotion's id.", Completions.LivePromotions);
        var reason = verb.Text("--reason", "TEXT", "Why.");
        var asPerson = verb.Text("--as", "PERSON", "Act as this person, whose passphrase is asked on the terminal.");
        return verb.Over(async (run, registry) =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            return run.Answer(run.Of(asPerson) is null
                ? await registry.AskAsync(Ask.Withdraw(run.Of(id), run.Of(reason)), run.Cancel)
                : await TerminalProof.DoAsync(run, registry, Deeds.Withdraw(run.Of(id), run.Of(reason)), run.Of(asPerson), Permissions.Approver), PromotionSheets.One);
        });
    }

    public static Verb Revoke()
    {
        var verb = new Verb("revoke", "Takes an approval back that has not been applied; asks an approver's passphrase on the terminal.", "revoke prm_01k… --reason 'the evaluation was wrong'");
        var id = verb.Word("ID", "The promotion's id.", Completions.LivePromotions);
        var reason = verb.Text("--reason", "TEXT", "Why.");
        var asPerson = verb.Text("--as", "PERSON", "Whose passphrase is asked. Default: yours, else the only approver's.");
        return verb.Over(async (run, registry) =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            return run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.Revoke(run.Of(id), run.Of(reason)), run.Of(asPerson), Permissions.Approver), PromotionSheets.One);
        });
    }

    internal static int Asked(CliRun run, Outcome<PromotionView> promotion)
    {
        using var noted = promotion.Refusal is null && promotion.Value.PromotionId is { } id ? run.NotePromotion(id) : null;
        return run.Answer(promotion, PromotionSheets.One, Replies.SignOf, p => p.Next);
    }

    internal static (System.CommandLine.Option<string?> Reason, System.CommandLine.Option<string?> Key) Why(Verb verb) =>
        (verb.Text("--reason", "TEXT", "Why; whoever decides reads it."), verb.Text("--idempotency-key", "KEY", "The same key with the same wish gives the same promotion."));
}
