using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Audit;

/// <summary>
/// The bytes of an entry in the tree: canonical JSON (RFC 8785) with always the same members, null where there is nothing.
/// </summary>
/// <remarks>
/// <code>
/// { "actor":    { "credential", "door", "id", "kind", "owner" },
///   "at":       "2026-01-31T09:30:00.123456Z",
///   "erasable": { "actor.name": { "sha256": … }, "actor.client": { "sha256": … }, "reason": { "sha256": … } },
///   "facts":    { … },
///   "id", "model",
///   "outcome":  "done" | "refused",
///   "request",
///   "schema":   1,
///   "subject":  { "id", "type" },
///   "verb" }
/// </code>
/// What would make the leaf too large is replaced by <c>{"bytes": n, "sha256": …, "truncated": true}</c>, taken over its
/// canonical JSON: any text of more than 512 characters, then the largest facts one after another, then all of them.
/// </remarks>
public static class AuditLeaf
{
    /// <summary>The size of a leaf, so that its length fits 16 bits in the tiles of C2SP <c>tlog-tiles</c>.</summary>
    public const int MaxBytes = 65_535;

    private const int MaxText = 512;

    internal static byte[] Write(AuditEntry entry, IReadOnlyList<ErasableText> erasable)
    {
        var facts = entry.Facts.DeepClone().AsObject();
        var leaf = new JsonObject
        {
            ["schema"] = entry.Schema,
            ["id"] = Text(entry.Id),
            ["at"] = entry.At.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            ["verb"] = Text(entry.Verb),
            ["outcome"] = entry.Outcome == AuditOutcome.Done ? "done" : "refused",
            ["actor"] = new JsonObject
            {
                ["id"] = Text(entry.Actor.Id),
                ["kind"] = entry.Actor.Kind switch { ActorKind.Person => "person", ActorKind.Agent => "agent", _ => "service" },
                ["owner"] = Text(entry.Actor.OwnerId),
                ["credential"] = Text(entry.Actor.CredentialId),
                ["door"] = Text(entry.Actor.Door),
            },
            ["subject"] = new JsonObject { ["type"] = Text(entry.Subject.Type), ["id"] = Text(entry.Subject.Id) },
            ["model"] = Text(entry.Model),
            ["request"] = Text(entry.RequestId),
            ["facts"] = facts,
            ["erasable"] = new JsonObject(erasable.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Field, new JsonObject { ["sha256"] = e.Digest.Hex }))),
        };

        var bytes = CanonicalJson.Bytes(leaf);
        if (bytes.Length <= MaxBytes)
            return bytes;

        var excess = bytes.Length - MaxBytes;
        // By size, then by name: the same facts always give the same leaf.
        foreach (var (name, size) in facts.Select(f => (f.Key, CanonicalJson.Bytes(f.Value).Length)).OrderByDescending(f => f.Length).ThenBy(f => f.Key, StringComparer.Ordinal).ToList())
        {
            var marker = Marker(facts[name]);
            var saved = size - CanonicalJson.Bytes(marker).Length;
            if (excess <= 0 || saved <= 0)
                break;
            facts[name] = marker;
            excess -= saved;
        }
        // Too many small facts.
        if (excess > 0)
            leaf["facts"] = Marker(entry.Facts);
        return CanonicalJson.Bytes(leaf);
    }

    /// <summary>
    /// The digests that stand for the erasable texts of a leaf, by field; null when these bytes are no leaf this
    /// version can read.
    /// </summary>
    internal static IReadOnlyDictionary<string, Digest>? ReadErasable(byte[] leaf)
    {
        try
        {
            using var document = JsonDocument.Parse(leaf, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.GetProperty("schema").GetInt32() != AuditEntry.CurrentSchema)
                return null;
            return document.RootElement.GetProperty("erasable").EnumerateObject()
                .ToDictionary(e => e.Name, e => Digest.Parse(e.Value.GetProperty("sha256").GetString() ?? ""));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <summary>When the entry was made; null when these bytes are no leaf this version can read.</summary>
    public static DateTimeOffset? ReadTime(byte[] leaf)
    {
        try
        {
            using var document = JsonDocument.Parse(leaf, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Times.Parse(document.RootElement.GetProperty("at").GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static JsonNode? Text(string? text) =>
        text is null ? null
        : text.Length > MaxText ? Marker(ErasableText.WellFormed(text))
        : ErasableText.WellFormed(text);

    private static JsonObject Marker(JsonNode? value)
    {
        var bytes = CanonicalJson.Bytes(value);
        return new JsonObject { ["bytes"] = bytes.Length, ["sha256"] = Digest.Of(bytes).Hex, ["truncated"] = true };
    }
}
