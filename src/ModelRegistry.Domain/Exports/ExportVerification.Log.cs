using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Domain.Exports;

/// <summary>The log: its checkpoint, that every entry is in it, and what the entries say of the promotion as a whole.</summary>
public sealed partial class ExportVerification
{
    private readonly Dictionary<(string Verb, string SubjectId), List<RecordedLeaf>> _told = [];
    private Checkpoint? _checkpoint;
    private string _status = "";
    private string _outcome = "";

    private JsonObject Promoted => _predicate.NeedObject("promotion");

    private string OpenCheckpoint(ECDsa key)
    {
        var origin = _predicate.NeedObject("registry").NeedText("origin");
        Need(SignedNote.IsKeyName(origin), "The registry's log has no name that a key can bear.");
        Need(_pinned.Name is null || origin == _pinned.Name, $"The export is of the log '{origin}'; the key is of '{_pinned.Name}'.");
        Need(origin == "model-registry/" + _predicate.NeedObject("registry").NeedText("id"), "The registry's id is not that of its log.");
        var opened = Checkpoint.Open(_predicate.NeedObject("log").NeedText("checkpoint"), origin, key);
        Need(opened.Refusal is null, opened.Refusal?.Message ?? "");
        _checkpoint = opened.Value;
        return $"Signed for {_checkpoint.Size} entries of {origin}, root {_checkpoint.Root}.";
    }

    private string ReadLog()
    {
        var entries = _predicate.NeedObject("log").NeedObjects("entries");
        Need(entries.Count <= PromotionRecord.MaxEntries, $"There are {entries.Count} entries; at most {PromotionRecord.MaxEntries} are read.");
        var log = new List<RecordedLeaf>(entries.Count);
        foreach (var entry in entries)
            log.Add(RecordedLeaf.Read(entry));
        Need(log.Zip(log.Skip(1)).All(pair => pair.First.Index < pair.Second.Index), "The entries are not in the order of the log.");
        _log = log;
        foreach (var leaf in log.Where(l => l is { Done: true, SubjectId: not null }))
        {
            if (!_told.TryGetValue((leaf.Verb, leaf.SubjectId!), out var same))
                _told.Add((leaf.Verb, leaf.SubjectId!), same = []);
            same.Add(leaf);
        }
        var omitted = _predicate.NeedObject("log").NeedWhole("omitted");
        return $"{log.Count} entries" + (omitted > 0 ? $"; {omitted} more about the promotion were left out: revisions without a decision, and refused attempts." : ".");
    }

    private string CheckInclusion()
    {
        Need(_checkpoint is not null, "There is no checkpoint to hold the entries against.");
        foreach (var leaf in _log)
            Need(MerkleProof.VerifyInclusion(leaf.Index, _checkpoint!.Size, leaf.Hash, leaf.Proof, _checkpoint.Root), $"Entry {leaf.Index} ({leaf.Verb}) is not in the log: its bytes or its proof were changed.");
        return $"Each of {_log.Count} entries is in the log of the checkpoint.";
    }

    private string CheckTexts()
    {
        foreach (var leaf in _log)
            Need(leaf.BadTexts == 0, $"A text beside entry {leaf.Index} ({leaf.Verb}) is not the one it was made with.");
        _erased = _log.Sum(leaf => leaf.Digests.Count - leaf.Texts.Count);
        return $"{_log.Sum(leaf => leaf.Texts.Count)} names and texts are those of the log; {_erased} were erased there.";
    }

    private string ReadStatement()
    {
        var text = Promoted.NeedText("statement");
        var json = CanonicalJson.Parse(text) as JsonObject ?? throw new FormatException("The statement is no object.");
        // The reader of the registry's own rows takes their shape for granted.
        foreach (var name in (string[])["proposer", "owner"])
            _ = json.NeedObject(name);
        _ = json.NeedWhole("revision");
        var statement = Statement.FromJson(json);
        Need(CanonicalJson.Text(statement.ToJson()) == text, "The statement is not one that a registry writes, in canonical form.");
        Need(Promoted.NeedText("id") == statement.PromotionId, "The statement is of another promotion.");
        Need(Promoted.NeedDigest("statement_sha256") == statement.Digest, "The digest beside the statement is not the statement's.");
        _statement = statement;
        return $"Revision {statement.Revision} of {statement.PromotionId}: {statement.ModelName} {statement.VersionLabel} from {statement.FromStage} to {statement.ToStage}, sha256 {statement.Digest}.";
    }

    private string CheckFiles(JsonObject statement)
    {
        var files = Manifest.Of(statement.NeedObjects("subject").Select(s => new FileEntry(s.NeedText("name"), s.NeedObject("annotations").NeedWhole("size"), s.NeedObject("digest").NeedDigest("sha256"))));
        Need(files.Refusal is null, files.Refusal?.Message ?? "");
        Need(files.Value.Digest == _statement!.ManifestDigest, $"The files come to {files.Value.Digest}; the statement is about {_statement.ManifestDigest}.");
        _files = files.Value;
        return $"{_files.Files.Count} files, {_files.Size} bytes: they are what the statement is about.";
    }

    /// <summary>That the statement is what was asked for, by whom the statement names; or what the promotion was revised to.</summary>
    private string CheckRequest()
    {
        var s = _statement!;
        var asked = Told("promotion.request");
        Need(asked.ActorId == s.Proposer.Id && asked.ActorKind == ExportFields.Word(s.ProposerKind), "The log names another proposer than the statement.");
        Need((s.ProposerKind == ActorKind.Person ? asked.ActorId : asked.OwnerId) == s.Owner.Id, "The log names another owner of the proposer than the statement.");
        Need(asked.Fact("version_id") == s.VersionId && asked.Fact("to_stage") == s.ToStage && asked.Fact("kind") == ExportFields.Word(s.Kind), "The log says that another version, or another stage, was asked for.");
        Need(asked.At == Promoted.NeedText("requested_at"), "The log says that it was requested at another time.");
        var last = s.Revision == 1 ? asked
            : Told("promotion.revise", s.PromotionId).LastOrDefault(l => l.Facts["revision"] is JsonValue r && r.TryGetValue(out long revision) && revision == s.Revision) ?? throw new FormatException($"The log has no entry of revision {s.Revision}.");
        Need(last.Fact("statement_sha256") == s.Digest.Hex, "The statement is not the one in the log.");
        Need(!Told("promotion.revise", s.PromotionId).Any(l => l.Index > last.Index), "The promotion was revised once more: this is not its last statement.");
        var reason = asked.Texts.GetValueOrDefault("reason");
        // Characters that no database keeps were replaced in the log, not in the digest.
        Need(reason is null || reason.Contains('\uFFFD') || Digest.Of(reason) == s.ReasonDigest, "The reason in the log is not the one of the statement.");
        return $"Requested by the {asked.ActorKind} {s.Proposer.Name}, for whom {s.Owner.Name} answers, at {asked.At} (entry {asked.Index}).";
    }

    private string CheckVersion()
    {
        var registered = FirstTold("version.register", _statement!.VersionId) ?? throw new FormatException("The log does not say how the version was registered.");
        Need(registered.Fact("manifest_sha256") == _statement!.ManifestDigest.Hex, "The version was registered with other files.");
        _author = registered.ActorKind == "person" ? registered.ActorId : registered.OwnerId;
        return $"Registered with these files at {registered.At} (entry {registered.Index}), by {registered.Texts.GetValueOrDefault("actor.name") ?? registered.ActorId}.";
    }

    private string CheckMetadata()
    {
        if (_predicate["metadata"] is null)
            return $"Card, dataset, code commit and lineage are not at hand as they were; their digest was {_statement!.MetadataDigest}.";
        Need(CanonicalJson.Digest(_predicate.NeedObject("metadata")) == _statement!.MetadataDigest, "Card, dataset, code commit or lineage are not those of the statement.");
        return "Card, dataset, code commit, metrics and lineage are those of the statement.";
    }

    /// <summary>That what came of it is what the log says, and in that order.</summary>
    private string CheckOutcome()
    {
        var (s, status) = (_statement!, Promoted.NeedWord<PromotionState>("status"));
        var steps = _log.Where(l => l.Done && l.SubjectId == s.PromotionId && (l.Fact("state") is not null || l.Verb == "promotion.apply")).ToList();
        var last = steps.LastOrDefault();
        var told = last is null ? "pending" : last.Fact("state") ?? "applied";
        _status = ExportFields.Word(status);
        Need(told == _status, $"The export says that the promotion is {_status}; the log says that it is {told}.");
        Need(steps.Count == 0 || steps[0].Index > Told("promotion.request").Index, "The log has it decided before it was asked for.");
        Need(status is PromotionState.Pending or PromotionState.Approved || last!.At == Promoted.Text("ended_at"), "The log says that it ended at another time.");
        if (status == PromotionState.Applied)
        {
            Need(last!.Fact("version_id") == s.VersionId && last.Fact("to_stage") == s.ToStage, "The log says that another version was moved, or to another stage.");
            Need(last.Fact("replaced_version_id") is not { } replaced || replaced == s.Serving?.VersionId, "The log says that another version was replaced.");
        }
        var decided = _predicate.NeedObjects("decisions").Count > 0 || _predicate["break_glass"] is not null;
        _outcome = (decided ? "" : "Nothing was decided by a person. ") + status switch
        {
            PromotionState.Applied => $"{s.VersionLabel} entered {s.ToStage} at {last!.At}" + (s.Serving is null ? "." : $", in place of {s.Serving.Label}."),
            PromotionState.Pending => "It is pending.",
            PromotionState.Approved => "It is approved and not applied.",
            _ => $"It is {_status}, since {last!.At}.",
        };
        return _outcome;
    }

    /// <summary>What the log tells of something done to a subject, in its order.</summary>
    private IReadOnlyList<RecordedLeaf> Told(string verb, string subjectId) => _told.TryGetValue((verb, subjectId), out var told) ? told : [];

    private RecordedLeaf? FirstTold(string verb, string subjectId) => Told(verb, subjectId) is [var first, ..] ? first : null;

    private RecordedLeaf Told(string verb) => FirstTold(verb, _statement!.PromotionId) ?? throw new FormatException($"The log has no entry {verb} of the promotion.");
}
