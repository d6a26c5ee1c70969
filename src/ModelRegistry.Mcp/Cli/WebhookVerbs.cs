using System.CommandLine.Completions;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Notices;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>webhook</c>: servers that are told what happens.</summary>
internal static class WebhookVerbs
{
    public static Verb Webhook()
    {
        var verb = new Verb("webhook", "Servers that are told what happens, by signed messages (Standard Webhooks).");
        verb.Add(Add());
        verb.Add(List());
        verb.Add(Confirm());
        verb.Add(Remove());
        verb.Add(Test());
        return verb;
    }

    private static Verb Add()
    {
        var verb = new Verb("add", "Adds a webhook and prints the secret its messages are signed with once, alone on stdout; asks an admin's passphrase on the terminal. `serve` delivers.",
            "webhook add https://hooks.example.org/models", "webhook add https://hooks.example.org/models --event promotion.requested --event promotion.applied");
        var url = verb.Word("URL", "Where to, by https or http.");
        var events = verb.Many("--event", "KIND", "Only of these events. Default: all.", complete: _ => NoticeKinds.All.Select(k => new CompletionItem(k)));
        var asPerson = PersonVerbs.As(verb);
        return verb.Do(run => run.OnAsync(async registry =>
        {
            var made = await TerminalProof.DoAsync(run, registry, Deeds.AddWebhook(run.Of(url), run.Of(events) ?? []), run.Of(asPerson), Permissions.Admin);
            if (made.Refusal is { } refused)
                return run.Tell(refused);
            run.Around.Err.WriteLine(VisibleText.Line($"Webhook {made.Value.Id} to {made.Value.Address}. Its secret is shown this once:"));
            run.Around.Out.WriteLine(made.Value.Secret);
            return Replies.Exit.Done;
        }));
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Lists the webhooks, never with their secrets; of their addresses only where they lead.", "webhook list");
        return verb.Lists(_ => Ask.Webhooks(), Many);
    }

    private static Verb Confirm()
    {
        var verb = new Verb("confirm", "Lets a webhook that an MLflow client asked for go where it leads; asks an admin's passphrase on the terminal. The address is given whole, as who asked for it says.", "webhook confirm whk_01k… https://ci.example.org/hook");
        var id = verb.Word("ID", "The webhook's id.", Completions.Webhooks);
        var url = verb.Word("ADDRESS", "Where it is to lead.");
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.ConfirmWebhook(run.Of(id), run.Of(url)), run.Of(asPerson), Permissions.Admin), w => Many([w])));
    }

    private static Verb Remove()
    {
        var verb = new Verb("remove", "Ends a webhook at once; asks an admin's passphrase on the terminal.", "webhook remove whk_01k…");
        var id = verb.Word("ID", "The webhook's id.", Completions.Webhooks);
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.RemoveWebhook(run.Of(id)), run.Of(asPerson), Permissions.Admin), w => Many([w])));
    }

    private static Verb Test()
    {
        var verb = new Verb("test", "Sends a message of kind webhook.test, or an example in MLflow's words, now and says what came back; asks an admin's passphrase on the terminal.", "webhook test whk_01k…");
        var id = verb.Word("ID", "The webhook's id.", Completions.Webhooks);
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.TestWebhook(run.Of(id)), run.Of(asPerson), Permissions.Admin), t => new Sheet().Facts(("webhook", t.Id), ("answer", t.Answer))));
    }

    private static Sheet Many(IReadOnlyList<WebhookView> webhooks) => new Sheet().Rows("", ["ID", "NAME", "ADDRESS", "EVENTS", "STATE", "DELIVERED", "GIVEN UP", "LAST", "MADE"],
        webhooks.Select(w => new[] { w.Id, w.Name.Length == 0 ? "-" : w.Name, w.Address, w.Events.Count == 0 ? "all" : Shown.List(w.Events), w.State, $"{w.Delivered}", $"{w.GivenUp}", Shown.Time(w.LastDeliveredAt), Shown.Time(w.CreatedAt) }));
}
