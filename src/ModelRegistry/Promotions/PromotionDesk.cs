using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>
/// Where promotions are requested, decided and applied. Every door comes here; what a decision is worth is settled in
/// <see cref="Promotion"/>, what a version must fulfil in <see cref="Judge"/>.
/// </summary>
public sealed partial class PromotionDesk
{
    // How soon another process's decision is noticed.

    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;
    private readonly Artifacts.ArtifactVault _vault;
    private readonly Artifacts.Inspection.Inspector _inspector;
    private readonly RegistryOptions _options;
    private readonly PageAddress _pages;
    private readonly ElicitedQuestions _questions;
    private readonly Changes.ChangeFeed _changes;
    private readonly TimeProvider _time;

    internal PromotionDesk(RegistryDb db, PolicyInForce policies, Artifacts.ArtifactVault vault, Artifacts.Inspection.Inspector inspector, RegistryOptions options, PageAddress pages, ElicitedQuestions questions, Changes.ChangeFeed changes, TimeProvider time) =>
        (_db, _policies, _vault, _inspector, _options, _pages, _questions, _changes, _time) = (db, policies, vault, inspector, options, pages, questions, changes, time);

    /// <summary>Applies at once where the stage is not governed, parks where it is, and answers <c>blocked</c> where a gate fails.</summary>
    public async Task<Outcome<PromotionView>> RequestAsync(Actor by, PromotionRequest request, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("promotion.request", "model", request.ModelName, null,
            new JsonObject { ["version"] = request.Version, ["stage"] = request.Stage }, AuditAct.Said(request.Reason));
        await LookInsideAsync(by, request.ModelName, (session, model) => session.ResolveVersionAsync(model, request.Version), cancel);
        return await WithPagesAsync(_db.WriteAsync<PromotionView>(by, attempt, async session =>
        {
            var wish = await ReadWishAsync(session, by, request.ModelName, request.Reason, request.IdempotencyKey);
            if (wish.Refusal is { } no)
                return no;
            var (policy, model) = (wish.Value.Policy, wish.Value.Model);
            if (Stages.Find(policy.StageNames, request.Stage) is not { } stage)
                return Refusals.StageUnknown(request.Stage, policy.StageNames);
            var version = await session.ResolveVersionAsync(model, request.Version);
            if (version.Refusal is { } unknown)
                return unknown;
            if (await RepeatedAsync(session, by, request.IdempotencyKey, s => s.VersionId == version.Value.Id && s.ToStage == stage && s.Kind == PromotionKind.Promotion) is { } repeated)
                return repeated;
            if (version.Value.Stage == stage)
                return Refusals.AlreadyThere(version.Value.Label, stage);
            if (request.Emergency && (!by.IsPerson || !policy.Trusts(wish.Value.Owner)))
                return by.IsPerson ? Refusals.GlassNotTrusted(by.Name) : Refusals.GlassNeedsPerson;
            return await PutForwardAsync(session, by, wish.Value with { Emergency = request.Emergency }, version.Value, stage, PromotionKind.Promotion);
        }, cancel), cancel);
    }

    /// <summary>A promotion to something that served before. It supersedes a pending one: a proposal cannot block an emergency.</summary>
    public async Task<Outcome<PromotionView>> RollbackAsync(Actor by, RollbackRequest request, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("promotion.rollback", "model", request.ModelName, null,
            new JsonObject { ["to_version"] = request.ToVersion, ["stage"] = request.Stage }, AuditAct.Said(request.Reason));
        await LookInsideAsync(by, request.ModelName, async (session, model) => Stages.Find((await _policies.GetAsync(session)).StageNames, request.Stage ?? Stages.Production) is { } stage
            ? await RollbackTargetAsync(session, model, stage, request.ToVersion, (await session.ServingNowAsync(model.Id, stage))?.VersionId)
            : Refusals.ContentMissing, cancel);
        return await WithPagesAsync(_db.WriteAsync<PromotionView>(by, attempt, async session =>
        {
            var wish = await ReadWishAsync(session, by, request.ModelName, request.Reason, request.IdempotencyKey);
            if (wish.Refusal is { } no)
                return no;
            var (policy, model) = (wish.Value.Policy, wish.Value.Model);
            if (Stages.Find(policy.StageNames, request.Stage ?? Stages.Production) is not { } stage || !StageMoves.Serves(policy, stage))
                return Refusals.StageUnknown(request.Stage ?? Stages.Production, policy.StageNames);
            // Before what to roll back to is worked out: after it was applied, that is something else.
            if (await RepeatedRollbackAsync(session, by, request, model, stage) is { } repeated)
                return repeated;
            var serving = await session.ServingNowAsync(model.Id, stage);
            var target = await RollbackTargetAsync(session, model, stage, request.ToVersion, serving?.VersionId);
            if (target.Refusal is { } nowhere)
                return nowhere;
            return await PutForwardAsync(session, by, wish.Value, target.Value, stage, PromotionKind.Rollback);
        }, cancel), cancel);
    }

    /// <summary>What waits names the page to decide on it; where there are none yet and this process can open them, it does.</summary>
    private async Task<Outcome<PromotionView>> WithPagesAsync(Task<Outcome<PromotionView>> requested, CancellationToken cancel)
    {
        var outcome = await requested;
        if (outcome.Refusal is not null || outcome.Value is not { Status: "pending", ApproveUrl: null, PromotionId: { } id } parked)
            return outcome;
        await _pages.NeedAsync(cancel);
        return parked with { ApproveUrl = _pages.Promotion(id) };
    }

    private sealed record Wish(PromotionPolicy Policy, RegisteredModel Model, ActorRef Owner, string Reason, string? Key, bool Emergency = false, TargetWish? Deployment = null, string? DeployedBy = null);

    private async ValueTask<Outcome<Wish>> ReadWishAsync(RegistrySession session, Actor by, string modelName, string? reason, string? key)
    {
        if (reason is { Length: > 4000 })
            return Refusals.InvalidArgument("reason", "at most 4,000 characters");
        if (key is { Length: 0 or > 200 })
            return Refusals.InvalidArgument("idempotency_key", "1 to 200 characters");
        if (await session.FindModelAsync(modelName) is not { } model)
            return Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName));
        if (Permissions.Check(by, Permission.Propose, model.Name) is { } no)
            return no;
        if (!model.IsActive)
            return Refusals.ModelInactive(model.Name);
        return by.Answerable is { } owner ? new Wish(await _policies.GetAsync(session), model, owner, reason?.Trim() ?? "", key) : Refusals.NoOwner;
    }

    /// <summary>The promotion that the same key brought about before; a refusal when the key stands for another wish.</summary>
    private async ValueTask<Outcome<Written<PromotionView>>?> RepeatedAsync(RegistrySession session, Actor by, string? key, Func<Statement, bool> same)
    {
        if (key is null || await session.PromotionByKeyAsync(by.Id, key) is not { } earlier)
            return null;
        return same(earlier.Promotion.Statement)
            ? new Written<PromotionView>(await WholeAsync(session, earlier), [], [])
            : Refusals.IdempotencyKeyReused(key);
    }

    private async ValueTask<Outcome<Written<PromotionView>>?> RepeatedRollbackAsync(RegistrySession session, Actor by, RollbackRequest request, RegisteredModel model, string stage)
    {
        var asked = request.ToVersion is null ? (Outcome<ModelVersion>?)null : await session.ResolveVersionAsync(model, request.ToVersion);
        return await RepeatedAsync(session, by, request.IdempotencyKey, s => s.Kind == PromotionKind.Rollback && s.ModelId == model.Id && s.ToStage == stage
            && (asked is not { } version || (version.Refusal is null && version.Value.Id == s.VersionId)));
    }

    private static async ValueTask<Outcome<ModelVersion>> RollbackTargetAsync(RegistrySession session, RegisteredModel model, string stage, string? asked, string? servingId)
    {
        if (asked is null)
            return await session.ServedBeforeAsync(model.Id, stage, servingId) is { } id && await session.FindVersionAsync(id) is { } before
                ? before
                : Refusals.NothingToRollBackTo(model.Name, stage);
        var version = await session.ResolveVersionAsync(model, asked);
        if (version.Refusal is not null)
            return version;
        if (version.Value.Id == servingId)
            return Refusals.AlreadyThere(version.Value.Label, stage);
        return await session.HasServedAsync(model.Id, stage, version.Value.Id) ? version : Refusals.NeverServed(version.Value.Label, stage);
    }

    /// <summary>Decides between the three answers: applied, pending, blocked.</summary>
    private async ValueTask<Outcome<Written<PromotionView>>> PutForwardAsync(RegistrySession session, Actor by, Wish wish, ModelVersion version, string stage, PromotionKind kind)
    {
        var (policy, model) = (wish.Policy, wish.Model);
        var acts = new List<AuditAct>();
        PromotionCase? live = null;
        if (await session.LivePromotionAsync(model.Id, stage) is { } stored)
        {
            live = await PromotionCase.OfAsync(session, _policies, stored);
            await live.BringUpToDateAsync();
            if (live.Promotion.IsLive && live.Promotion.Statement.VersionId == version.Id && live.Promotion.Statement.Kind == kind && live.Promotion.Statement.Deployment == wish.Deployment)
                return new Written<PromotionView>(await ViewAsync(session, live), live.Acts, live.Acts.Count == 0 ? [] : live.Changes);
            if (live.Promotion.IsLive && (kind != PromotionKind.Rollback || live.Promotion.State != PromotionState.Pending))
                return Refusals.AnotherPending(live.Promotion.Id, live.Promotion.Statement.VersionLabel, stage);
        }

        var requirement = Requirement.For(policy, new StageMove(version.Stage, stage, kind, wish.Deployment?.Stage)) is { } asked
            ? asked with { Waivers = [.. asked.Waivers.Where(w => w.Covers(w.Rule, model.Name, version.Label))] } : null;
        var report = requirement is null ? new GateReport([]) : await PromotionCase.JudgeAsync(session, policy, requirement, model, version, stage, wish.Reason);
        // Only a rollback that will itself be put forward makes way for itself.
        if (live is { Promotion.IsLive: true } && report.Holds)
            await live.StepAsync(live.Promotion.To(PromotionState.Superseded, session.Now, $"a rollback to {version.Label} was requested."), "promotion.supersede");
        acts.AddRange(live?.Acts ?? []);
        var serving = await StageMoves.ServingAsync(session, model.Id, stage);
        var compared = serving is null ? null : await session.FindVersionAsync(serving.VersionId);
        var promotion = Draft(session, by, wish, version, stage, kind, requirement, report, serving, compared);
        var facts = new JsonObject
        {
            ["kind"] = kind.ToString().ToLowerInvariant(),
            ["version_id"] = version.Id,
            ["version"] = version.Label,
            ["from_stage"] = version.Stage,
            ["to_stage"] = stage,
            ["gates"] = report.ToJson(),
            ["policy"] = policy.Name,
            ["policy_sha256"] = policy.Digest.Hex,
        };
        // What waits for the glass to be broken may fail any gate of the policy, and never content verification.
        if (!report.Holds && !(wish.Emergency && report.ContentHolds))
        {
            acts.Add(new AuditAct("promotion.block", "version", version.Id, model.Id, facts, AuditAct.Said(wish.Reason)));
            return new Written<PromotionView>(Blocked(promotion, version), acts, [new FeedChange("promotion", model.Id, null)]);
        }

        if (wish.Emergency)
            facts["emergency"] = true;
        facts["statement"] = promotion.Statement.ToJson();
        facts["statement_sha256"] = promotion.Statement.Digest.Hex;
        acts.Add(new AuditAct("promotion.request", "promotion", promotion.Id, model.Id, facts, AuditAct.Said(("reason", wish.Reason), ("deployed_by", wish.DeployedBy))));
        var changes = new List<FeedChange> { new("promotion", model.Id, promotion.Id) };
        if (promotion.Statement.Deployment is not null)
            await InsertDeploymentAsync(session, promotion, wish);
        if (requirement is null)
        {
            var moved = await StageMoves.MoveAsync(session, policy, version, promotion);
            promotion = promotion with { State = PromotionState.Applied, EndedAt = session.Now, Note = $"{promotion.Statement.Move.Held} is not governed by the policy '{policy.Name}': applied at once." };
            acts.Add(new AuditAct("promotion.apply", "promotion", promotion.Id, model.Id, moved));
            changes.Add(new FeedChange("serving", model.Id, stage));
        }
        await PromotionCase.KeepMetadataAsync(session, version, model, compared);
        if (!await session.InsertPromotionAsync(promotion, version.Number))
            return Refusals.ChangedMeanwhile("The promotion");
        return new Written<PromotionView>(await WithTargetsAsync(session, policy, promotion, version, View(promotion, version.Number, requirement)), acts, changes);
    }

    private static Promotion Draft(RegistrySession session, Actor by, Wish wish, ModelVersion version, string stage, PromotionKind kind, Requirement? requirement, GateReport report, ServingRef? serving, ModelVersion? compared) => new()
    {
        Statement = new Statement
        {
            PromotionId = Ids.New("prm", session.Now),
            Revision = 1,
            Kind = kind,
            ModelId = wish.Model.Id,
            ModelName = wish.Model.Name,
            VersionId = version.Id,
            VersionLabel = version.Label,
            FromStage = version.Stage,
            ToStage = stage,
            Deployment = wish.Deployment,
            ManifestDigest = version.ManifestDigest,
            MetadataDigest = PromotionCase.Metadata(version, wish.Model, compared),
            Serving = serving,
            PolicyDigest = wish.Policy.Digest,
            GateReportDigest = report.Digest,
            Proposer = new ActorRef(by.Id, by.Name),
            ProposerKind = by.Kind,
            Owner = wish.Owner,
            ReasonDigest = Digest.Of(wish.Reason),
            NotBefore = session.Now,
            Expires = Times.Truncate(session.Now.AddHours(requirement?.PendingHours ?? 0)),
        },
        State = PromotionState.Pending,
        Requirement = requirement ?? Ungoverned,
        Gates = report,
        Reason = wish.Reason,
        AnswerableAuthor = version.AnswerableAuthor,
        IdempotencyKey = wish.Key,
        Client = by.Client,
        RequestedAt = session.Now,
    };

    private static readonly Requirement Ungoverned = new([], Assurance.Attested, false, 0, 0, []);
}
