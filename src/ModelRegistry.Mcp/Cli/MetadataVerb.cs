using ModelRegistry.Catalog;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>set-metadata</c>: what is known about a model or a version. Content never changes.</summary>
internal static class MetadataVerb
{
    public static Verb Make()
    {
        var verb = new Verb("set-metadata", "Edits what is known about a model or, with --version, about a version.",
            "set-metadata fraud-detector --description 'Card fraud' --tag team=risk", "set-metadata fraud-detector --version 3 --alias candidate --metric auc=0.98",
            "set-metadata fraud-detector --version 1 --deprecated true", "set-metadata fraud-detector --version 3 --metadata metadata.json", "set-metadata fraud-detector --rename fraud-detector-eu");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.Text("--version", "V", "Number, label, latest, default or @alias.", Completions.Versions);
        var description = verb.Text("--description", "TEXT", "Of the model.");
        var task = verb.Text("--task", "TASK", "Of the model.");
        var owner = verb.Text("--owner", "NAME", "Of the model.");
        var card = verb.Text("--card", "FILE", "Model card, Markdown; of the model or the version.");
        var cardFrom = verb.Text("--card-from", "EDIT", "Makes the card what it was at an edit of its history (card --history).");
        var metadata = verb.Text("--metadata", "FILE", "JSON with fields as register takes them: framework, hyperparameters, dependencies, signature, lineage and the others here; each takes the place of what was there. The options go before it.");
        var framework = verb.Text("--framework", "TEXT", "Of the version.");
        var tags = verb.Pairs("--tag", "KEY=VALUE", "A tag to set.");
        var untag = verb.Many("--remove-tag", "KEY", "A tag to take away.");
        var metrics = verb.Numbers("--metric", "NAME=NUMBER", "A metric of the version.");
        var alias = verb.Text("--alias", "ALIAS", "An alias to point at the version.");
        var unalias = verb.Many("--remove-alias", "ALIAS", "An alias of the model to take away, whichever version it points at.");
        var notes = verb.Text("--release-notes", "TEXT", "Of the version.");
        var dataset = verb.Text("--dataset", "TEXT", "Of the version.");
        var commit = verb.Text("--code-commit", "SHA", "Of the version.");
        var deprecated = verb.YesNo("--deprecated", "Whether people should no longer start using the version.");
        var active = verb.YesNo("--active", "Whether the model is active; an inactive one is read-only.");
        var rename = verb.Text("--rename", "NAME", "A new name for the model; its id stays.");
        return verb.Over(async (run, registry) =>
        {
            var text = TextFile.ReadOrNull(run.Of(card));
            if (text.Refusal is { } no)
                return run.Tell(no);
            var file = TextFile.ReadOrNull(run.Of(metadata)).Then<MetadataFile?>(json => json is null ? (MetadataFile?)null : MetadataFile.Parse(json).Then<MetadataFile?>(f => f));
            if (file.Refusal is { } unreadable)
                return run.Tell(unreadable);
            var edit = new MetadataEdit(run.Of(model))
            {
                Version = run.Of(version),
                Description = run.Of(description),
                Task = run.Of(task),
                Owner = run.Of(owner),
                Card = text.Value,
                CardFrom = run.Of(cardFrom),
                Tags = run.Of(tags) ?? [],
                RemoveTags = run.Of(untag) ?? [],
                Metrics = run.Of(metrics) ?? [],
                Alias = run.Of(alias),
                RemoveAliases = run.Of(unalias) ?? [],
                ReleaseNotes = run.Of(notes),
                Dataset = run.Of(dataset),
                CodeCommit = run.Of(commit),
                Framework = run.Of(framework),
                Deprecated = run.YesNo(deprecated),
                IsActive = run.YesNo(active),
                NewName = run.Of(rename),
            };
            var asked = file.Value is { } said ? edit.Over(said) : edit;
            return asked.Refusal is { } misfit ? run.Tell(misfit) : run.Answer(await registry.AskAsync(Metadata.Set(asked.Value), run.Cancel), MetadataSheets.Edited);
        });
    }
}
