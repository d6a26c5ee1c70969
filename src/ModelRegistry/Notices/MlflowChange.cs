using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>
/// One change in MLflow's words. Names, texts and tags are in it as somebody wrote them, because that is what its receivers look for;
/// an admin has said that they may go there, where the policy governs a stage.
/// </summary>
/// <param name="Event">One of <see cref="MlflowEvents.All"/>.</param>
/// <param name="Data">What its receivers find under <c>data</c>, as JSON.</param>
internal sealed record MlflowChange(string Event, string Data)
{
    /// <summary><c>{"entity", "action", "timestamp", "data"}</c>, as MLflow's own server sends it.</summary>
    public NoticeMessage Message(string id, DateTimeOffset at)
    {
        var (entity, action) = (Event[..Event.IndexOf('.', StringComparison.Ordinal)], Event[(Event.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        return new NoticeMessage(Event, id, Encoding.UTF8.GetBytes($$"""{"entity": "{{entity}}", "action": "{{action}}", "timestamp": "{{Notice.Time(at)}}", "data": {{Data}}}"""));
    }

    /// <summary>Whether an entry of this verb may be a change.</summary>
    public static bool IsTold(string verb) => verb is "model.create" or "version.register" or "metadata.set" or "promotion.apply";

    /// <summary>What an entry changed. Texts are as they stand when it is read; which tags and aliases changed is as the entry has it.</summary>
    public static async ValueTask<IReadOnlyList<MlflowChange>> OfAsync(RegistrySession session, EntryLine line, JsonObject facts)
    {
        if (line.ModelId is null)
            return [];
        var model = await session.GetModelAsync(line.ModelId);
        if (line.Verb == "model.create")
            return [Of(MlflowEvents.ModelCreated, new JsonObject { ["name"] = model.Name, ["tags"] = Tags(await session.TagsOfModelAsync(model.Id)), ["description"] = model.Description })];
        if (line.SubjectType == "version" && await session.FindVersionAsync(line.SubjectId) is { } version)
            return line.Verb == "version.register" ? Registered(model.Name, version, (string?)facts["alias"]) : [.. Edited(model.Name, version, facts["changed"] as JsonObject ?? [])];
        // Aliases that follow what serves, or that were taken away without a word of the version.
        var moved = line.Verb == "metadata.set" ? (facts["changed"] as JsonObject ?? []).Where(c => c.Key.StartsWith(AliasFact, StringComparison.Ordinal)).Select(c => (Alias: c.Key[AliasFact.Length..], Label: (string?)c.Value))
            : (facts["aliases"] as JsonObject ?? []).Select(a => (Alias: a.Key, Label: (string?)a.Value));
        var changes = new List<MlflowChange>();
        foreach (var (alias, label) in moved)
            changes.Add(label is null ? Unpointed(model.Name, alias) : Pointed(model.Name, alias, (await session.VersionByLabelAsync(model.Id, label))?.Number));
        return changes;
    }

    /// <summary>What a test sends.</summary>
    public static MlflowChange Example(string which) => which switch
    {
        MlflowEvents.ModelCreated => Of(which, new JsonObject { ["name"] = "example", ["tags"] = new JsonObject { ["team"] = "risk" }, ["description"] = "A model that is not there." }),
        MlflowEvents.VersionCreated => Of(which, new JsonObject { ["name"] = "example", ["version"] = "1", ["source"] = "runs:/0123456789abcdef/model", ["run_id"] = "0123456789abcdef", ["tags"] = new JsonObject { ["team"] = "risk" }, ["description"] = "A version that is not there." }),
        MlflowEvents.TagSet => Of(which, new JsonObject { ["name"] = "example", ["version"] = "1", ["key"] = "team", ["value"] = "risk" }),
        MlflowEvents.TagDeleted => Of(which, new JsonObject { ["name"] = "example", ["version"] = "1", ["key"] = "team" }),
        MlflowEvents.AliasCreated => Pointed("example", "candidate", 1),
        _ => Unpointed("example", "candidate"),
    };

    private const string TagFact = "tags.", AliasFact = "aliases.";

    private static List<MlflowChange> Registered(string model, ModelVersion v, string? alias)
    {
        List<MlflowChange> changes = [Of(MlflowEvents.VersionCreated, new JsonObject
        {
            ["name"] = model,
            ["version"] = Text(v.Number),
            ["source"] = v.Metadata.Source,
            ["run_id"] = v.Metadata.RunId.Length == 0 ? null : v.Metadata.RunId,
            ["tags"] = Tags(v.Metadata.Tags),
            ["description"] = v.Metadata.ReleaseNotes.Length == 0 ? null : v.Metadata.ReleaseNotes,
        })];
        if (alias is not null)
            changes.Add(Pointed(model, alias, v.Number));
        return changes;
    }

    private static IEnumerable<MlflowChange> Edited(string model, ModelVersion v, JsonObject changed)
    {
        foreach (var (field, value) in changed)
            if (field.StartsWith(TagFact, StringComparison.Ordinal))
            {
                var data = new JsonObject { ["name"] = model, ["version"] = Text(v.Number), ["key"] = field[TagFact.Length..] };
                if (value is not null)
                    // The log has long values by their digest; what was written over since is told by that.
                    data["value"] = v.Metadata.Tags.GetValueOrDefault(field[TagFact.Length..]) is { Length: > 200 } now && $"sha256:{Digest.Of(now).Hex}" == (string?)value ? now : (string?)value;
                yield return Of(value is null ? MlflowEvents.TagDeleted : MlflowEvents.TagSet, data);
            }
            else if (field.StartsWith(AliasFact, StringComparison.Ordinal))
                yield return value is null ? Unpointed(model, field[AliasFact.Length..]) : Pointed(model, field[AliasFact.Length..], v.Number);
    }

    private static MlflowChange Pointed(string model, string alias, long? number) => Of(MlflowEvents.AliasCreated, new JsonObject { ["name"] = model, ["alias"] = alias, ["version"] = number is { } n ? Text(n) : "" });

    private static MlflowChange Unpointed(string model, string alias) => Of(MlflowEvents.AliasDeleted, new JsonObject { ["name"] = model, ["alias"] = alias });

    private static MlflowChange Of(string which, JsonObject data) => new(which, data.ToJsonString(Compact));

    private static readonly JsonSerializerOptions Compact = new();

    private static JsonObject Tags(IEnumerable<KeyValuePair<string, string>> tags) => new(tags.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value)));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
