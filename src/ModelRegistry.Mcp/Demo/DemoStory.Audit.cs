using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Demo;

/// <summary>The last steps: the log proves itself, and two intruders are found out.</summary>
internal sealed partial class DemoStory
{
    /// <param name="Entries">The whole log, oldest first.</param>
    /// <param name="Checkpoint">Path of the signed checkpoint that was carried away from the registry.</param>
    private sealed record VerifiedLog(IReadOnlyList<JsonNode> Entries, string Checkpoint);

    private async Task<VerifiedLog> VerifyAsync()
    {
        _story.Begin("The audit log proves itself");
        var report = await _prompt.ReadAsync("audit", "verify");
        Hold((bool)report["verified"]! && report["findings"]!.AsArray().Count == 0, "a log that verifies", report);
        var entries = await EntriesAsync();
        Hold(entries.Count == (long)report["entries"]!, $"{entries.Count} entries", report);
        var refused = entries.Count(e => (string?)e["outcome"] == "refused");
        _story.Good($"{entries.Count} entries verified, {refused} of them refusals; root {((string)report["root"]!)[..16]}…");
        var checkpoint = (await _prompt.RunAsync("audit", "checkpoint")).Ending(Replies.Exit.Done).Out;
        var kept = Path.Combine(_folder, "checkpoint");
        await File.WriteAllTextAsync(kept, checkpoint, _cancel);
        _story.Tell(Role.Person, _ben, "audit checkpoint: takes the signed note home");
        _story.Show(checkpoint.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Length > 80 ? l[..80] + "…" : l));
        return new VerifiedLog(entries, kept);
    }

    private async Task<IReadOnlyList<JsonNode>> EntriesAsync()
    {
        List<JsonNode> entries = [];
        string? cursor = null;
        do
        {
            var page = await _prompt.ReadAsync(["audit", "list", "--limit", "100", .. cursor is null ? Array.Empty<string>() : ["--cursor", cursor]]);
            entries.AddRange(page["items"]!.AsArray().Select(e => e!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);
        entries.Reverse();
        return entries;
    }

    private async Task AlteredEntryIsNamedAsync(VerifiedLog log)
    {
        _story.Begin("Somebody changes one word in a copy of the database");
        var rejection = log.Entries.Last(e => (string?)e["verb"] == "promotion.decide" && (string?)e["outcome"] == "done" && (string?)e["entry"]?["facts"]?["decision"] == "reject");
        var position = (long)rejection["position"]!;
        var copy = Path.Combine(_folder, "altered");
        Intruder.Copy(_data, copy);
        await Intruder.AlterEntryAsync(copy, position, "\"decision\":\"reject\"", "\"decision\":\"approve\"", _cancel);
        _story.Tell(Role.Intruder, "intruder", $"entry {position}: {_ben}'s \"reject\" becomes \"approve\"");
        var finding = await FoundOutAsync(copy, "altered");
        Hold((long)finding["position"]! == position, $"entry {position} named", finding);
        _story.Refused(new RegistrysNo((string)finding["kind"]!, (string)finding["message"]!, ""));
    }

    private async Task CutTailIsFoundAsync(VerifiedLog log)
    {
        _story.Begin("Somebody cuts the rollback out of a copy, and covers the traces");
        var keep = (long)log.Entries.First(e => (string?)e["verb"] == "promotion.request" && (string?)e["entry"]?["facts"]?["kind"] == "rollback")["position"]! - 1;
        var copy = Path.Combine(_folder, "cut");
        Intruder.Copy(_data, copy);
        await Intruder.CutTailAsync(copy, keep, _cancel);
        _story.Tell(Role.Intruder, "intruder", $"deletes entries {keep + 1} to {log.Entries.Count}, computes the tree's head anew, removes the checkpoint beside it");
        var alone = (await At(copy).RunAsync("audit", "verify", "--output", "json")).Ending(Replies.Exit.Done).Json;
        Hold((bool)alone["verified"]! && (long)alone["entries"]! == keep, "a cut log that agrees with itself", alone);
        _story.Tell(Role.Registry, "registry", $"audit verify: {keep} entries agree with themselves; from inside, nothing is missing");
        var finding = await FoundOutAsync(copy, "cut_off", "--checkpoint", log.Checkpoint);
        Hold((long)finding["position"]! == keep + 1, $"entry {keep + 1} named", finding);
        _story.Tell(Role.Person, _ben, "audit verify --checkpoint, with the one he took home");
        _story.Refused(new RegistrysNo((string)finding["kind"]!, (string)finding["message"]!, ""));
    }

    private async Task<JsonNode> FoundOutAsync(string copy, string kind, params string[] options)
    {
        var report = (await At(copy).RunAsync(["audit", "verify", .. options, "--output", "json"])).Ending(Replies.Exit.Unverified).Json;
        var finding = report["findings"]!.AsArray().FirstOrDefault(f => (string?)f!["kind"] == kind);
        Hold(!(bool)report["verified"]! && finding is not null, $"a finding '{kind}'", report);
        return finding!;
    }

    private CommandPrompt At(string dataFolder) => new(dataFolder, _ana, new Dictionary<string, string>(), _cancel);
}
