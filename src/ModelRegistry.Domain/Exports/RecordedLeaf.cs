using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Domain.Exports;

/// <summary>An entry of an export, read from its leaf (<see cref="AuditLeaf"/>). What does not fit a leaf is there as its digest, and is null here.</summary>
internal sealed record RecordedLeaf(
    long Index, Digest Hash, IReadOnlyList<Digest> Proof, string Verb, bool Done, string At, string? ActorId, string? ActorKind, string? OwnerId,
    string? SubjectType, string? SubjectId, JsonObject Facts, IReadOnlyDictionary<string, Digest> Digests, IReadOnlyDictionary<string, string> Texts, int BadTexts)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = CanonicalJson.MaxDepth };

    public string? Fact(string name) => Facts.Text(name);

    /// <exception cref="FormatException">It is not of that form.</exception>
    /// <exception cref="JsonException">The leaf is no JSON.</exception>
    public static RecordedLeaf Read(JsonObject entry)
    {
        var text = entry.NeedText("leaf");
        var bytes = Encoding.UTF8.GetBytes(text);
        using var document = JsonDocument.Parse(bytes, Strict);
        var leaf = JsonObject.Create(document.RootElement.Clone()) ?? throw new FormatException("A leaf is a JSON object.");
        if (leaf.NeedWhole("schema") != AuditEntry.CurrentSchema)
            throw new FormatException($"A leaf of schema {leaf.NeedWhole("schema")} cannot be read here.");
        var (actor, subject) = (leaf.NeedObject("actor"), leaf.NeedObject("subject"));
        var digests = leaf.NeedObject("erasable").ToDictionary(e => e.Key, e => (e.Value as JsonObject ?? throw new FormatException("An erasable text is known by its digest.")).NeedDigest("sha256"), StringComparer.Ordinal);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var bad = 0;
        foreach (var beside in entry.NeedObjects("texts"))
        {
            var given = new ErasableText(beside.NeedText("field"), Convert.FromHexString(beside.NeedText("salt")), beside.NeedText("text"));
            if (given.Salt.Length != ErasableText.SaltBytes || !digests.TryGetValue(given.Field, out var digest) || digest != given.Digest || !texts.TryAdd(given.Field, given.Text))
                bad++;
        }
        return new RecordedLeaf(entry.NeedWhole("index"), MerkleTree.LeafHash(bytes),
            [.. entry.NeedTexts("proof").Select(p => Digest.TryParse(p, out var hash) && hash.Hex == p ? hash : throw new FormatException("A hash of a proof is no SHA-256 in hexadecimal."))],
            leaf.NeedText("verb"), leaf.NeedText("outcome") == "done", leaf.NeedText("at"), actor.Text("id"), actor.Text("kind"), actor.Text("owner"),
            subject.Text("type"), subject.Text("id"), leaf["facts"] as JsonObject ?? [], digests, texts, bad);
    }
}
