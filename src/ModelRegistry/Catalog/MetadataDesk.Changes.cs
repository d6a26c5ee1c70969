using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>What an edit comes to.</summary>
public sealed partial class MetadataDesk
{
    /// <summary>What really changes, for the answer and the audit entry. Long texts are told by their digest.</summary>
    private sealed class Changes
    {
        private readonly JsonObject _facts = [];

        private readonly List<string> _warnings = [];

        public bool None => _facts.Count == 0;

        public void Warn(IEnumerable<string> warnings) => _warnings.AddRange(warnings);

        public IReadOnlyList<string> List(string field, IReadOnlyList<string> was, IReadOnlyList<string>? asked)
        {
            if (asked is null || asked.SequenceEqual(was))
                return was;
            Note(field, CanonicalJson.Text(new JsonArray([.. asked.Select(a => (JsonNode)a)])));
            return asked;
        }

        public JsonObject Document(string field, JsonObject was, JsonObject? asked)
        {
            if (asked is null || JsonNode.DeepEquals(asked, was))
                return was;
            _documents.Add((field, asked));
            _facts[field] = "";
            return asked;
        }

        // Written when it is known that they have a canonical form.
        private readonly List<(string Field, JsonObject Document)> _documents = [];

        public string Text(string field, string was, string? asked)
        {
            if (asked is null || asked == was)
                return was;
            Note(field, asked);
            return asked;
        }

        public void Tags(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after)
        {
            foreach (var (key, value) in after.Where(t => before.GetValueOrDefault(t.Key) != t.Value))
                Note($"tags.{key}", value);
            foreach (var key in before.Keys.Where(k => !after.ContainsKey(k)))
                Note($"tags.{key}", null);
        }

        public bool Flag(string field, bool was, bool? asked)
        {
            if (asked is null || asked == was)
                return was;
            _facts[field] = asked;
            return asked.Value;
        }

        public double Number(string field, double? was, double asked)
        {
            if (was != asked)
                _facts[field] = double.IsFinite(asked) ? asked : 0;
            return asked;
        }

        public void Note(string field, string? value) => _facts[field] = value is { Length: > 200 } ? $"sha256:{Digest.Of(value).Hex}" : value;

        public Written<MetadataView> Written(string model, string? version, string subject, string subjectId, string modelId)
        {
            foreach (var (field, document) in _documents)
                Note(field, CanonicalJson.Text(document));
            return new(
                new MetadataView(model, version, [.. _facts.Select(f => f.Key)], _warnings.Count == 0 ? null : _warnings),
                [new AuditAct("metadata.set", subject, subjectId, modelId, new JsonObject { ["changed"] = _facts })],
                [new FeedChange(subject, modelId, subjectId)]);
        }
    }
}
