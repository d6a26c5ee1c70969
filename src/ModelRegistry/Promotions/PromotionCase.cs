using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>
/// One promotion within a session, held against what is true now: the model, the version, what serves, the policy in
/// force. Bringing it up to date is the first step of whatever is done with it.
/// </summary>
internal sealed class PromotionCase
{
    private readonly RegistrySession _session;
    private readonly List<AuditAct> _acts = [];

    private PromotionCase(RegistrySession session, StoredPromotion stored, PromotionPolicy policy, RegisteredModel model, ModelVersion? version)
    {
        (_session, Promotion, VersionNumber, Policy, Model, Version) = (session, stored.Promotion, stored.VersionNumber, policy, model, version);
        Effective = Promotion.Requirement.Under(policy, Promotion.Statement.Move);
    }

    public Promotion Promotion { get; private set; }
    public long VersionNumber { get; }
    public PromotionPolicy Policy { get; }
    public RegisteredModel Model { get; }

    /// <summary>The candidate; null when it was deleted meanwhile.</summary>
    public ModelVersion? Version { get; }

    /// <summary>What it takes now: what it took when requested, made stricter by the policy in force.</summary>
    public Requirement Effective { get; }

    public IReadOnlyList<AuditAct> Acts => _acts;

    public IReadOnlyList<FeedChange> Changes => [new FeedChange("promotion", Model.Id, Promotion.Id)];

    public static async ValueTask<PromotionCase?> OpenAsync(RegistrySession session, PolicyInForce policies, string id) =>
        await session.FindPromotionAsync(id) is { } stored ? await OfAsync(session, policies, stored) : null;

    public static async ValueTask<PromotionCase> OfAsync(RegistrySession session, PolicyInForce policies, StoredPromotion stored) => new(
        session, stored, await policies.GetAsync(session),
        await session.GetModelAsync(stored.Promotion.Statement.ModelId),
        await session.FindVersionAsync(stored.Promotion.Statement.VersionId));

    /// <summary>
    /// Expires, supersedes or revises the promotion if that is what time and the world have done to it. What changed is
    /// written and told in <see cref="Acts"/>.
    /// </summary>
    public async ValueTask BringUpToDateAsync()
    {
        await EndIfOverAsync();
        if (Promotion.State != PromotionState.Pending)
            return;
        var report = await JudgeAsync();
        var compared = await ComparedAsync(_session, Promotion.Statement);
        var current = Promotion.Statement with { ModelName = Model.Name, MetadataDigest = Metadata(Version!, Model, compared), GateReportDigest = report.Digest, PolicyDigest = Policy.Digest, ManifestDigest = Version!.ManifestDigest };
        if (current.SameAs(Promotion.Statement))
            return;
        await KeepMetadataAsync(_session, Version, Model, compared);
        await StepAsync(Promotion.Revise(current, report), "promotion.revise");
    }

    /// <summary>The first half of <see cref="BringUpToDateAsync"/>: expires or supersedes it, and revises nothing.</summary>
    public async ValueTask EndIfOverAsync()
    {
        if (!Promotion.IsLive)
            return;
        if (IsLate)
            await StepAsync(Promotion.To(PromotionState.Expired, _session.Now, Promotion.State == PromotionState.Approved ? "Approved, but not applied in time." : "Nobody decided in time."), "promotion.expire");
        else if (await MovedOnAsync() is { } why)
            await StepAsync(Promotion.To(PromotionState.Superseded, _session.Now, why), "promotion.supersede");
    }

    /// <summary>Whether time or the world has ended it, and it has not been told yet.</summary>
    public async ValueTask<bool> IsOverAsync() => Promotion.IsLive && (IsLate || await MovedOnAsync() is not null);

    private bool IsLate => _session.Now >= Promotion.DeadlineUnder(Effective);

    /// <summary>The gates of the effective requirement, evaluated now.</summary>
    public async ValueTask<GateReport> JudgeAsync() => await JudgeAsync(_session, Policy, Effective, Model, Version!, Promotion.Statement.ToStage, Promotion.Reason);

    public static async ValueTask<GateReport> JudgeAsync(RegistrySession session, PromotionPolicy policy, Requirement requirement, RegisteredModel model, ModelVersion version, string toStage, string reason) =>
        Judge.Evaluate(policy with { Waivers = requirement.Waivers, Directions = policy.Directions.Where(d => !requirement.Directions.ContainsKey(d.Key)).Concat(requirement.Directions).ToDictionary() }, requirement.Gates, new GateFacts(model.Name, version, CardReader.Read(ModelCard.Of(version.Metadata, model.Card)).Card, reason, await session.ServingVersionAsync(model.Id, toStage), await session.InspectionAsync(version.Id), session.Now));

    /// <summary>The version that the candidate is compared with where people decide: what serves, by the statement.</summary>
    public static async ValueTask<ModelVersion?> ComparedAsync(RegistrySession session, Statement statement) =>
        statement.Serving is { } serving ? await session.FindVersionAsync(serving.VersionId) : null;

    /// <summary>Over all that is known about a version, whether people advise against it, the model's card where it has none of its own, and what its metrics are tested against.</summary>
    public static Digest Metadata(ModelVersion version, RegisteredModel model, ModelVersion? compared) => CanonicalJson.Digest(MetadataOf(version, model, compared));

    /// <summary>What the digest is over.</summary>
    /// <param name="compared">What serves: people read whether the candidate differs from it by more than chance, which follows from what both were measured on.</param>
    public static JsonObject MetadataOf(ModelVersion version, RegisteredModel model, ModelVersion? compared)
    {
        var json = version.Metadata.ToJson();
        json["deprecated"] = version.Deprecated;
        json["model_card"] = version.Metadata.Card.Length > 0 ? "" : model.Card;
        if (compared?.Metadata is { Evidence.Count: > 0 } other)
            json["compared_with"] = new JsonObject
            {
                ["version_id"] = compared.Id,
                ["metrics"] = new JsonObject(other.Evidence.Keys.Where(other.Metrics.ContainsKey).Order(StringComparer.Ordinal).Select(m => KeyValuePair.Create(m, (JsonNode?)other.Metrics[m]))),
                ["evidence"] = other.ToJson()["evidence"]!.DeepClone(),
            };
        return json;
    }

    /// <summary>The same, kept for whoever asks later what was known when the statement was made.</summary>
    public static async ValueTask<Digest> KeepMetadataAsync(RegistrySession session, ModelVersion version, RegisteredModel model, ModelVersion? compared)
    {
        var json = MetadataOf(version, model, compared);
        var digest = CanonicalJson.Digest(json);
        await session.KeepMetadataAsync(digest, CanonicalJson.Text(json));
        return digest;
    }

    /// <summary>Writes the next state of the promotion and keeps the act that tells of it. One conditional update: if another writer was first, nothing of this transaction stands.</summary>
    public async ValueTask StepAsync(Outcome<Promotion> next, string verb, JsonObject? facts = null, IReadOnlyDictionary<string, string>? erasable = null)
    {
        var promotion = next.Refusal is null ? next.Value : throw new InvalidOperationException(next.Refusal.ToString());
        if (!await _session.UpdatePromotionAsync(promotion))
            throw new InvalidOperationException($"Promotion {promotion.Id} changed within its own transaction.");
        Promotion = promotion with { RowVersion = promotion.RowVersion + 1 };
        if (!promotion.IsLive && promotion.State != PromotionState.Applied)
            await Deployments.TargetMoves.CancelAsync(_session, promotion);
        facts ??= [];
        facts["state"] = promotion.State.ToString().ToLowerInvariant();
        facts["revision"] = promotion.Revision;
        facts["statement_sha256"] = promotion.Statement.Digest.Hex;
        if (promotion.Note.Length > 0)
            facts["note"] = verb is "promotion.expire" or "promotion.supersede" or "promotion.fail" ? promotion.Note : "";
        _acts.Add(new AuditAct(verb, "promotion", promotion.Id, Model.Id, facts, erasable));
    }

    /// <summary>Adds an act that changes no state of the promotion itself.</summary>
    public void Tell(AuditAct act) => _acts.Add(act);

    private async ValueTask<string?> MovedOnAsync()
    {
        if (Version is null)
            return "the version was deleted.";
        if (!Model.IsActive)
            return "the model was made inactive, and is read-only.";
        if (!Policy.StageNames.Contains(Promotion.Statement.ToStage))
            return $"the policy in force has no stage {Promotion.Statement.ToStage}.";
        if (Version.Stage != Promotion.Statement.FromStage)
            return $"version {Version.Label} has moved to {Version.Stage} meanwhile.";
        if (PromotionDesk.TargetGone(Policy, Promotion.Statement) is { } gone)
            return gone;
        var serving = await StageMoves.ServingAsync(_session, Model.Id, Promotion.Statement.ToStage);
        return serving == Promotion.Statement.Serving ? null
            : serving is null ? $"nothing serves {Promotion.Statement.ToStage} any more."
            : $"{Promotion.Statement.ToStage} serves {serving.Label} now.";
    }
}
