using ModelRegistry.Audit;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>audit</c>: what happened, and the proof that nothing of it was changed.</summary>
internal static class AuditVerbs
{
    public static Verb Audit()
    {
        var verb = new Verb("audit", "The audit log: what happened, and whether the record of it is whole.");
        verb.Add(List());
        verb.Add(Verify());
        verb.Add(Checkpoint());
        verb.Add(Key());
        return verb;
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Lists entries, newest first.", "audit list --model fraud-detector", "audit list --subject prm_01k… --output json");
        var model = verb.Text("--model", "MODEL", "Entries about this model.", Completions.Models);
        var subject = verb.Text("--subject", "ID", "Entries about this id or name.");
        var actor = verb.Text("--actor", "ID", "Entries of this actor's id.");
        var (limit, cursor) = CatalogVerbs.Paging(verb, 50);
        return verb.Lists(run => Ask.Audit(new AuditQuery(run.Of(model), run.Of(subject), run.Of(actor), run.Of(limit) ?? 50, run.Of(cursor))), Entries);
    }

    private static Verb Verify()
    {
        var verb = new Verb("verify", "Recomputes the whole log; exit 1 when something in it was changed, lost or cut off.", "audit verify", "audit verify --checkpoint ./checkpoint-of-last-month");
        var checkpoint = verb.Text("--checkpoint", "FILE", "A signed checkpoint that was kept elsewhere.");
        return verb.On(async (run, registry, me) =>
        {
            var text = TextFile.ReadOrNull(run.Of(checkpoint));
            return text.Refusal is { } no ? run.Tell(no) : run.Answer(await registry.Audit.VerifyAsync(me, text.Value, run.Cancel), Report, r => r.Verified ? Replies.Exit.Done : Replies.Exit.Unverified);
        });
    }

    private static Verb Checkpoint()
    {
        var verb = new Verb("checkpoint", "Prints the latest signed checkpoint; kept elsewhere, it shows a log cut off behind it.", "audit checkpoint > checkpoint-2026-01");
        return verb.Do(run => run.OnAsync(async registry =>
        {
            var note = await registry.AskAsync(Ask.Checkpoint(), run.Cancel);
            if (note.Refusal is { } no)
                return run.Tell(no);
            // Byte for byte: a signature covers it. It is our own text.
            run.Around.Out.Write(note.Value);
            return Replies.Exit.Done;
        }));
    }

    private static Verb Key()
    {
        var verb = new Verb("key", "Prints the registry's public key; kept elsewhere, it verifies checkpoints and exports.", "audit key > registry.key");
        return verb.Do(run => run.OnAsync(async registry =>
        {
            var key = await registry.AskAsync(Ask.Key(), run.Cancel);
            if (key.Refusal is { } no)
                return run.Tell(no);
            run.Around.Out.WriteLine(key.Value.TrimEnd());
            return Replies.Exit.Done;
        }));
    }

    private static Sheet Entries(IReadOnlyList<AuditEntryView> entries) => new Sheet().Rows("", ["POSITION", "AT", "VERB", "OUTCOME", "ACTOR", "SUBJECT"],
        entries.Select(e => new[] { Shown.Count(e.Position), Shown.Time(e.At), e.Verb, e.Outcome, e.Actor, $"{e.SubjectType} {e.SubjectId}" }));

    private static Sheet Report(AuditReportView r) => new Sheet()
        .Facts(("verified", Shown.YesNo(r.Verified)), ("entries", Shown.Count(r.Entries)), ("root", r.Root), ("held against", r.Checkpoint), ("clock", r.Clock))
        .Rows("findings", ["KIND", "POSITION", "WHAT"], r.Findings.Select(f => new[] { f.Kind, Shown.Count(f.Position), f.Message }));
}
