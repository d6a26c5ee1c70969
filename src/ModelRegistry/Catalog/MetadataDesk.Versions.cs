using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Deleting versions, and what has to be kept.</summary>
public sealed partial class MetadataDesk
{
    /// <summary>
    /// Deletes a version: its number and label are never given again, its history and audit entries stay, and its contents may be
    /// collected. Refused while it serves, stands on a target or is proposed, and while the policy asks for it to be kept.
    /// </summary>
    /// <param name="versionRef">A number or a label; what <c>latest</c>, <c>default</c> or an alias names may be another by then.</param>
    /// <param name="ifRevision">Revisions of the version, one of which it must still have; null: whatever it has.</param>
    public Task<Outcome<MetadataView>> DeleteVersionAsync(Actor by, string modelName, string versionRef, string? reason = null, IReadOnlyList<string>? ifRevision = null, CancellationToken cancel = default) =>
        _db.WriteAsync<MetadataView>(by, new AuditAct("version.delete", "model", modelName, null, new JsonObject { ["version"] = versionRef }, AuditAct.Said(reason)), async session =>
        {
            if (reason is { Length: > 4000 })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (VersionReference.Parse(versionRef) is { Refusal: null, Value: not (VersionReference.ByNumber or VersionReference.ByLabel) })
                return Refusals.InvalidArgument("version", "a number or a label: another word may name another version by the time it is deleted");
            if (await session.FindModelAsync(modelName) is not { } model)
                return Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName));
            if (Permissions.Check(by, Permission.Register, model.Name) is { } no)
                return no;
            if (!model.IsActive)
                return Refusals.ModelInactive(model.Name);
            var found = await session.ResolveVersionAsync(model, versionRef);
            if (found.Refusal is { } unknown)
                return unknown;
            if (await OutdatedAsync(session, model, versionRef, ifRevision) is { } outdated)
                return outdated;
            var version = found.Value;
            if ((await session.StagesServedByAsync(version.Id)).FirstOrDefault() is { } stage)
                return Refusals.VersionServes(version.Label, stage);
            if ((await session.ActiveOfAsync(model.Id)).Find(d => d.Deployment.VersionId == version.Id) is { } deployed)
                return Refusals.VersionDeployed(version.Label, deployed.Deployment.Wish.Target);
            var (acts, changes) = (new List<AuditAct>(), new List<FeedChange>());
            foreach (var stored in (await session.LivePromotionsAsync(model.Id)).Where(p => p.Promotion.Statement.VersionId == version.Id))
            {
                // One that time has ended already does not stand in the way.
                var promotion = await PromotionCase.OfAsync(session, _policies, stored);
                await promotion.BringUpToDateAsync();
                if (promotion.Promotion.IsLive)
                    return Refusals.VersionHasLivePromotion(version.Label, promotion.Promotion.Id);
                acts.AddRange(promotion.Acts);
                changes.AddRange(promotion.Changes);
            }
            if (await RetainedAsync(session, await _policies.GetAsync(session), version.Id) is var (kept, until))
                return Refusals.VersionRetained(version.Label, kept, until);
            if (!await session.DeleteVersionAsync(version))
                return Refusals.ChangedMeanwhile("The version");
            var facts = new JsonObject { ["version"] = version.Label, ["number"] = version.Number, ["manifest_sha256"] = version.ManifestDigest.Hex };
            acts.Add(new AuditAct("version.delete", "version", version.Id, model.Id, facts, AuditAct.Said(reason)));
            return new Written<MetadataView>(new MetadataView(model.Name, version.Label, ["deleted"]), acts, [.. changes, new FeedChange("version", model.Id, version.Id)]);
        }, cancel);

    /// <summary>The governed stage for whose sake a version has to be kept, and until when; null when it need not be.</summary>
    private static async ValueTask<(string Stage, DateTimeOffset Until)?> RetainedAsync(RegistrySession session, PromotionPolicy policy, string versionId)
    {
        (string Stage, DateTimeOffset Until)? longest = null;
        foreach (var (stage, ended) in await session.ServedUntilAsync(versionId))
            if (policy.Promotions.TryGetValue(stage, out var rule) && (ended ?? session.Now).AddDays(rule.RetentionDays) is var until && until > session.Now && (longest is null || until > longest.Value.Until))
                longest = (stage, until);
        return longest;
    }
}
