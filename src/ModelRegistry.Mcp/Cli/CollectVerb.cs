using ModelRegistry.Artifacts;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>gc</c>: deletes contents that no version refers to.</summary>
internal static class CollectVerb
{
    public static Verb Make()
    {
        var verb = new Verb("gc", "Deletes contents that no version refers to: uploads that were never registered, and what deleted versions leave.",
            "gc --dry-run", "gc", "gc --older-than 72 --output json");
        var dry = verb.Flag("--dry-run", "Only say what would be deleted.");
        var hours = verb.Number("--older-than", "Leave alone what somebody touched within so many hours. Default: 24, at least 1.");
        return verb.On(async (run, registry, me) => run.Answer(
            await registry.Collector.CollectAsync(me, run.Of(hours) is { } given ? TimeSpan.FromHours(given) : null, run.Of(dry), run.Cancel), Draw));
    }

    private static Sheet Draw(CollectionView c) => new Sheet()
        .Facts(("contents", $"{Shown.Count(c.Contents)}, {Shown.Size(c.Bytes)}"), ("nobody refers to", $"{Shown.Count(c.Unreferred)}, {Shown.Size(c.UnreferredBytes)}"),
            ("left for now", c.Young == 0 ? null : $"{Shown.Count(c.Young)}, touched too lately"), ("deleted", c.DryRun ? "nothing: a dry run" : Shown.Count(c.Deleted)))
        .Rows(c.First.Count == 0 ? "" : "of them, the first", ["SHA-256"], c.First.Select(hex => new[] { hex }));
}
