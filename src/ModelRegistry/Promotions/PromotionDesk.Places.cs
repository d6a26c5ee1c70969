using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Taking the place of whatever else stands in a stage that nobody governs.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>The most versions that give way to one: each is a move with an entry of its own, and other writes wait for all of them.</summary>
    public const int MostGivingWay = 200;

    /// <summary>
    /// Moves a version to a stage, and whatever else stands there to the archive: all of it, or nothing. One that is there already
    /// stays. In a stage that the policy governs, the policy says where the version goes that is replaced, and no other moves.
    /// </summary>
    /// <returns>What became of the version's own move; where it waits or is stopped, nothing else has moved.</returns>
    public async Task<Outcome<PlaceView>> TakePlaceAsync(Actor by, PromotionRequest request, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("promotion.request", "model", request.ModelName, null,
            new JsonObject { ["version"] = request.Version, ["stage"] = request.Stage, ["archive_existing"] = true }, AuditAct.Said(request.Reason));
        await LookInsideAsync(by, request.ModelName, (session, model) => session.ResolveVersionAsync(model, request.Version), cancel);
        var taken = await _db.WriteAsync<PlaceView>(by, attempt, async session =>
        {
            var wish = await ReadWishAsync(session, by, request.ModelName, request.Reason, null);
            if (wish.Refusal is { } no)
                return no;
            var (policy, model) = (wish.Value.Policy, wish.Value.Model);
            if (Stages.Find(policy.StageNames, request.Stage) is not { } stage)
                return Refusals.StageUnknown(request.Stage, policy.StageNames);
            var version = await session.ResolveVersionAsync(model, request.Version);
            if (version.Refusal is { } unknown)
                return unknown;
            var done = new List<Written<PromotionView>>();
            if (version.Value.Stage != stage)
            {
                var own = await PutForwardAsync(session, by, wish.Value, version.Value, stage, PromotionKind.Promotion);
                if (own.Refusal is { } stopped)
                    return stopped;
                done.Add(own.Value);
                if (own.Value.Reply.Refusal is { } refused)
                    return new Written<PlaceView>(refused, own.Value.Acts, own.Value.Changes);
            }
            if ((done.Count == 0 || done[0].Reply.Value.Status == "applied") && !policy.Governs(stage) && await ArchiveAsync(session, by, wish.Value with { Reason = $"Version {version.Value.Number} took its place." }, version.Value, stage, done) is { } stuck)
                return stuck;
            return new Written<PlaceView>(new PlaceView(done.Count == 0 ? null : done[0].Reply.Value), [.. done.SelectMany(d => d.Acts)], [.. done.SelectMany(d => d.Changes).Distinct()]);
        }, cancel);
        if (taken.Refusal is not null || taken.Value.Own is not { } moved)
            return taken;
        return (await WithPagesAsync(Task.FromResult<Outcome<PromotionView>>(moved), cancel)).Then<PlaceView>(own => new PlaceView(own));
    }

    /// <summary>Moves the others; gives what keeps one of them there, for which everything is undone.</summary>
    private async ValueTask<Refusal?> ArchiveAsync(RegistrySession session, Actor by, Wish wish, ModelVersion version, string stage, List<Written<PromotionView>> done)
    {
        var others = (await session.NumbersInStageAsync(version.ModelId, stage)).Where(n => n != version.Number).ToList();
        if (others.Count > MostGivingWay)
            return Refusals.ArchiveExistingMany(others.Count, stage, MostGivingWay);
        foreach (var number in others)
        {
            var other = (await session.VersionByNumberAsync(version.ModelId, number))!;
            var moved = await PutForwardAsync(session, by, wish, other, Stages.Archived, PromotionKind.Promotion);
            if (moved.Refusal is { } no)
                return Refusals.ArchiveExistingStuck(other.Label, stage, no.Message);
            if (moved.Value.Reply.Refusal is not null || moved.Value.Reply.Value.Status != "applied")
                return Refusals.ArchiveExistingStuck(other.Label, stage, $"The policy '{wish.Policy.Name}' lets nothing into {Stages.Archived} without a person.");
            done.Add(moved.Value);
        }
        return null;
    }
}

/// <summary>What became of the wish to take a place.</summary>
/// <param name="Own">The version's own move: applied, waiting or stopped; null where it was there already.</param>
public sealed record PlaceView(PromotionView? Own);
