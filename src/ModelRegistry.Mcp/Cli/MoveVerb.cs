using ModelRegistry.Backups;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>move</c>: from one database into another, for good.</summary>
internal static class MoveVerb
{
    public static Verb Make()
    {
        var verb = new Verb("move", "Moves the registry into another database, and its contents into another store where one is named. It is the same registry there; here nobody can write any more. Run it again when it was cut.",
            "move --to postgres://registry@db.example.org/registry", "move --to postgres://registry@db.example.org/registry --to-artifacts s3://models/registry", "move --undo --to postgres://registry@db.example.org/registry");
        var to = verb.Required("--to", "WHERE", "The database: postgres://USER@HOST:PORT/NAME or sqlite:PATH; empty. A password is better in PGPASSWORD than on a command line, which others can read.");
        var store = verb.Text("--to-artifacts", "WHERE", "The store to copy the contents into: s3://BUCKET/PREFIX or file:PATH. Without it they stay where --artifacts says.");
        var undo = verb.Flag("--undo", "Goes back to where the registry was, as long as nothing was written where it is now.");
        var gone = verb.Flag("--target-is-gone", "With --undo: the place it was moved to was deleted, and nobody goes on there.");
        return verb.Answers(async run =>
        {
            if (run.Elsewhere() is { } far)
                return run.Tell(far);
            if (!await RegistryServices.IsThereAsync(run.Settings.Registry, run.Cancel))
                return run.Tell(Refusals.RegistryMissing(RegistryServices.PlaceOf(run.Settings.Registry)));
            if (run.Of(store) is { } named && !Settings.IsStore(named))
                return run.Tell(Refusals.InvalidArgument("to-artifacts", Settings.Places));
            using var progress = TransferLine.On(run.Around, "Copying");
            var moved = run.Of(undo)
                ? await RegistryMove.UndoAsync(run.Settings.Registry, run.Of(to)!, run.Around.OsUser, TimeProvider.System, run.Of(gone), run.Cancel)
                : await RegistryMove.MoveAsync(run.Settings.Registry, run.Of(to)!, run.Of(store), run.Around.OsUser, TimeProvider.System, run.Around.ProgressOnErr ? new Steps(run.Around.Err) : null, progress, run.Cancel);
            progress?.Dispose();
            return run.Answer(moved, m => new Sheet().Facts(("registry", m.RegistryId), ("lives in", m.Database), ("and no more in", m.From), ("artifacts", m.Artifacts),
                ("audit log", $"{Shown.Count(m.AuditSize)} entries, root {m.AuditRoot}"), ("rows copied", Shown.Count(m.Rows)), ("contents copied", $"{Shown.Count(m.Copied)} of {Shown.Count(m.Contents)}, {Shown.Size(m.Bytes)} in all"), ("options from now on", m.Options)));
        });
    }

    /// <summary>Tells a person at a terminal what they wait for.</summary>
    private sealed class Steps(TextWriter err) : IProgress<MoveStep>
    {
        public void Report(MoveStep value) => err.WriteLine(value switch
        {
            MoveStep.Contents => "Copying contents, while everybody works.",
            MoveStep.Rows => "Copying rows. Whoever writes waits until this has ended.",
            MoveStep.Comparing => "Comparing what arrived.",
            MoveStep.Arrived => "Everything has arrived.",
            _ => "The registry lives there now.",
        });
    }
}
