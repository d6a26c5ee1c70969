using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>approve</c> and <c>reject</c>: a person is shown the statement on the terminal and types their passphrase there.</summary>
internal static class DecideVerb
{
    public static Verb Approve() => Make("approve", DecisionVerdict.Approve, "Shows a promotion and asks an approver's passphrase on the terminal; nothing else.", "What the record should say.",
        "approve prm_01k…", "approve prm_01k… --as alice --comment 'checked on the March data'");

    public static Verb Reject() => Make("reject", DecisionVerdict.Reject, "Like approve, to say no.", "Why not; the proposer reads it.",
        "reject prm_01k… --comment 'recall on new merchants is worse'");

    /// <summary>
    /// Shows the statement on the terminal, asks for the passphrase and decides on exactly what was shown. Without a terminal
    /// the attempt is put on record and refused.
    /// </summary>
    /// <param name="asPerson">Whose passphrase to ask for; null: the person named like the user of the system, else the only approver.</param>
    public static async Task<Outcome<PromotionView>> RunAsync(IRegistry registry, ITerminal terminal, string promotionId, DecisionVerdict verdict, string? asPerson, string? comment, string osUser, CancellationToken cancel)
    {
        if (!terminal.IsThere)
        {
            var recorded = await registry.AskAsync(Ask.RefuseMachine(promotionId, verdict), cancel);
            return recorded.Refusal is { Kind: RefusalKind.NotFound } unknown ? unknown : Refusals.NoTerminal;
        }
        var review = await registry.AskAsync(Ask.Statement(promotionId), cancel);
        if (review.Refusal is { } no)
            return no;
        var whose = await WhoseAsync(registry, review.Value, asPerson, osUser, cancel);
        if (whose.Refusal is { } nobody)
            return nobody;
        var assurance = TerminalProof.Worth.ToString().ToLowerInvariant();
        terminal.Write(PromotionSheets.Statement(review.Value, assurance).Render(terminal.Fancy, terminal.Width));
        // Nobody types a passphrase for what can no longer be decided.
        if (review.Value.Promotion.Status is not "pending")
            return Refusals.PromotionNotPending(promotionId, Enum.Parse<PromotionState>(review.Value.Promotion.Status, ignoreCase: true));
        if (review.Value.Promotion is { ApproveCommand: null, Required.Assurance: { } asked } it && Enum.Parse<Assurance>(asked, ignoreCase: true) is var least && least > TerminalProof.Worth)
            return Refusals.AssuranceTooLow(TerminalProof.Worth, least, it.ApproveUrl);
        terminal.Write($"\nTo {verdict.ToString().ToLowerInvariant()} exactly this, type the\n");
        var typed = await TerminalProof.OfAsync(registry, terminal, whose.Value, osUser, Permissions.Approver, cancel);
        return typed.Refusal is { } unproven ? unproven : await registry.DoAsync(Deeds.Decide(review.Value, verdict, comment ?? ""), typed.Value, cancel);
    }

    /// <summary>Whose passphrase to ask for: whoever is named; else, of those who may decide it, the user of the system or the only one.</summary>
    private static async Task<Outcome<string>> WhoseAsync(IRegistry registry, ReviewView review, string? asPerson, string osUser, CancellationToken cancel) =>
        (asPerson ?? review.MayDecide.FirstOrDefault(name => string.Equals(name, osUser, StringComparison.OrdinalIgnoreCase))) is { } one ? one
        : review.MayDecide.Count == 1 ? review.MayDecide[0]
        : review.MayDecide.Count > 1 ? Refusals.WhichPerson(review.MayDecide)
        : await registry.WhoseAsync(null, osUser, Permissions.Approver, cancel);

    private static Verb Make(string name, DecisionVerdict verdict, string description, string commented, params string[] examples)
    {
        var verb = new Verb(name, description, examples);
        var id = verb.Word("ID", "The promotion's id.", Completions.LivePromotions);
        var asPerson = verb.Text("--as", "PERSON", "Whose passphrase is asked. Default: yours, else the only approver's.");
        var comment = verb.Text("--comment", "TEXT", commented);
        return verb.Over(async (run, registry) =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            var decided = await RunAsync(registry, run.Around.Terminal, run.Of(id), verdict, run.Of(asPerson), run.Of(comment), run.Around.OsUser, run.Cancel);
            return run.Answer(decided, PromotionSheets.One, p => verdict == DecisionVerdict.Reject ? Replies.Exit.Done : Replies.SignOf(p), p => p.Next);
        });
    }
}
