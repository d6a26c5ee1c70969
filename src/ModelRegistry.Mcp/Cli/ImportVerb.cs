using ModelRegistry.Domain;
using ModelRegistry.Mlflow.Import;
using ModelRegistry.Mlflow.Sites;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>import-mlflow</c>: moves in from another server.</summary>
internal static class ImportVerb
{
    public static Verb Make()
    {
        var verb = new Verb("import-mlflow", "Copies models, versions with their files, tags, aliases and stages from a server that speaks MLflow's REST API. Run again it goes on, and takes what is new.",
            "import-mlflow --from https://mlflow.example.org", "import-mlflow --from http://localhost:5000 --model fraud --model churn --output json");
        var from = verb.Required("--from", "URL", "The server. Its credential is in the environment, as its clients have it: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.");
        var models = verb.Many("--model", "NAME", "Only this model.");
        return verb.On(async (run, registry, me) =>
        {
            if (!Uri.TryCreate(run.Of(from), UriKind.Absolute, out var site))
                return run.Tell(Refusals.InvalidArgument("from", "an address such as https://mlflow.example.org"));
            var credential = new MlflowCredential(Of(run, "MLFLOW_TRACKING_TOKEN"), Of(run, "MLFLOW_TRACKING_USERNAME"), Of(run, "MLFLOW_TRACKING_PASSWORD"));
            using var progress = TransferLine.On(run.Around, "Importing");
            var imported = await registry.Import.RunAsync(me, new MlflowImportWish(site, credential, run.Of(models) ?? []), progress, run.Cancel);
            progress?.Dispose();
            return run.Answer(imported, Draw);
        });
    }

    private static string? Of(CliRun run, string variable) => run.Around.Environment(variable) is { Length: > 0 } value ? value : null;

    private static Sheet Draw(MlflowImportView i) => new Sheet()
        .Facts(("models", Shown.Count(i.Models)), ("versions", $"{Shown.Count(i.Versions)}, {Shown.Count(i.There)} were here"), ("files", $"{Shown.Count(i.Files)}, {Shown.Size(i.Bytes)}"),
            ("without content", i.Unverified == 0 ? null : Shown.Count(i.Unverified)))
        .Rows("wait for a person", ["PROMOTION"], i.Waiting.Select(id => new[] { id }))
        .Rows("not taken over", ["MODEL", "VERSION", "WHAT", "WHY"], i.Missing.Select(m => new[] { m.Model, m.Version, m.What, m.Why }));
}
