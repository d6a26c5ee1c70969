using ModelRegistry.Domain;
using ModelRegistry.Exports;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Proving one promotion to others: the file that does, and the check of it where there is no registry.</summary>
internal static class ExportVerbs
{
    public static Verb Export()
    {
        var verb = new Verb("export", "Writes down all that proves one promotion, signed, to be verified without the registry.", "export prm_01k… --out promotion.json", "export prm_01k… > promotion.json");
        var id = verb.Word("ID", "The promotion's id.");
        var file = verb.Text("--out", "FILE", "The file to write. Default: standard output.");
        return verb.Do(run => run.OnAsync(async registry =>
        {
            using var noted = run.NotePromotion(run.Of(id));
            var export = await registry.AskAsync(Ask.Export(run.Of(id)), run.Cancel);
            if (export.Refusal is { } no)
                return run.Tell(no);
            // Byte for byte, as it was signed; nothing in it but base64 was written by others.
            if (run.Of(file) is { } path)
                await TextFile.WriteAsync(path, System.Text.Encoding.ASCII.GetBytes(export.Value), run.Cancel);
            else
                run.Around.Out.Write(export.Value);
            return Replies.Exit.Done;
        }));
    }

    public static Verb Verify()
    {
        var verb = new Verb("verify-export", "Recomputes what an export proves, without a registry; exit 1 names what failed.",
            "verify-export promotion.json --key registry.key", "verify-export promotion.json --key registry.key --outcome applied --model digits --stage production --files ./serve");
        var file = verb.Word("FILE", "What `export` wrote.");
        var key = verb.Required("--key", "KEY", "The registry's public key, or the file that holds it: what `audit key` printed when it was kept.");
        var origin = verb.Text("--origin", "URL", "The address of the pages at which passkeys must have signed. Default: any that agrees with itself.");
        var folder = verb.Text("--files", "DIR", "A folder that must hold the very files that were decided on, and no other.");
        var outcome = verb.Choice("--outcome", "What must have come of it. Default: anything, a refusal too.", [.. Enum.GetNames<PromotionState>().Select(s => s.ToLowerInvariant())]);
        var stage = verb.Text("--stage", "STAGE", "The stage it must be about. Default: any.");
        var model = verb.Text("--model", "NAME", "The model it must be about. Default: any.");
        return verb.Answers(async run => run.Answer(await ExportCheck.VerifyAsync(run.Of(file), run.Of(key)!, run.Of(origin), run.Of(folder), new ExportAsked(run.Of(outcome), run.Of(stage), run.Of(model)), run.Cancel), Report, r => r.Verified ? Replies.Exit.Done : Replies.Exit.Unverified));
    }

    private static Sheet Report(ExportReportView r)
    {
        var sheet = new Sheet()
            .Facts(("verified", Shown.YesNo(r.Verified)), ("promotion", r.PromotionId), ("outcome", r.Outcome), ("model", r.ModelName), ("version", r.Version), ("from", r.FromStage), ("to", r.ToStage), ("replaced", r.Replaced),
                ("proposed by", r.Proposer), ("owned by", r.Owner), ("digest", r.ManifestDigest), ("log", r.Log))
            .Rows("points", ["POINT", "STATUS", "FOUND"], r.Points.Select(p => new[] { p.Point, p.Status, p.Found }));
        return r.NotProven.Count == 0 ? sheet : sheet.Words("What it does not prove", string.Join('\n', r.NotProven));
    }
}
