using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>delete</c>: a model or one of its versions, of which the history stays.</summary>
internal static class DeleteVerb
{
    public static Verb Make()
    {
        var verb = new Verb("delete", "Deletes a version, or a whole model where none is named; its history stays, its numbers are never given again.",
            "delete fraud-detector 3 --reason 'trained on leaked labels'", "delete fraud-detector");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "A number or a label.", Completions.Versions);
        var reason = verb.Text("--reason", "TEXT", "Why; with a version.");
        return verb.Over(async (run, registry) => run.Answer(
            await registry.AskAsync(run.Of(version) is { } named ? Ask.DeleteVersion(run.Of(model), named, run.Of(reason)) : Ask.DeleteModel(run.Of(model)), run.Cancel), MetadataVerb.Changed));
    }
}
