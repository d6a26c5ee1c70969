using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>delete</c>: a version or a whole model, of which the history stays.</summary>
internal static class DeleteVerb
{
    public static Verb Make()
    {
        var verb = new Verb("delete", "Deletes a version, or with --whole-model a model; its history stays, its numbers are never given again.",
            "delete fraud-detector 3 --reason 'trained on leaked labels'", "delete fraud-detector --whole-model");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "A number or a label.", Completions.Versions);
        var whole = verb.Flag("--whole-model", "Delete the model with all its versions.");
        var reason = verb.Text("--reason", "TEXT", "Why.");
        return verb.Over(async (run, registry) => (run.Of(version), run.Of(whole)) switch
        {
            ({ } named, false) => run.Answer(await registry.AskAsync(Ask.DeleteVersion(run.Of(model), named, run.Of(reason)), run.Cancel), MetadataSheets.Edited),
            (null, true) => run.Answer(await registry.AskAsync(Ask.DeleteModel(run.Of(model), run.Of(reason)), run.Cancel), MetadataSheets.Edited),
            _ => run.Tell(Refusals.InvalidArgument("V", "name a version, or --whole-model for the model with all its versions; one of the two")),
        });
    }
}
