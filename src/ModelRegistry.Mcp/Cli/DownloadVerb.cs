namespace ModelRegistry.Mcp.Cli;

/// <summary><c>download</c>: a version's files into a folder.</summary>
internal static class DownloadVerb
{
    public static Verb Make()
    {
        var verb = new Verb("download", "Writes a version's files into a folder, each verified against its digest.", "download fraud-detector --out ./model", "download fraud-detector @champion --out /srv/model --overwrite");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "Number, label, latest, default or @alias. Default: default.", Completions.Versions);
        var folder = verb.Required("--out", "DIR", "The folder to write to; made where it is not there.");
        var overwrite = verb.Flag("--overwrite", "Replace files that are there.");
        return verb.On(async (run, registry, me) =>
        {
            using var progress = TransferLine.On(run.Around, "Writing");
            var written = await registry.Downloads.DownloadAsync(me, run.Of(model), run.Of(version), run.Of(folder)!, run.Of(overwrite), progress, run.Cancel);
            progress?.Dispose();
            return run.Answer(written, d => new Sheet().Facts(("model", d.ModelName), ("version", d.Version), ("digest", d.Digest)).Rows("files", ["PATH"], d.Files.Select(f => new[] { f })));
        });
    }
}
