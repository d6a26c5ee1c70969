using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>A model to be made before its first version.</summary>
/// <param name="Versioning">Null: auto-increment.</param>
public sealed record NewModel(
    string Name,
    string? Description = null,
    string? Task = null,
    string? Owner = null,
    string? Card = null,
    Versioning? Versioning = null,
    IReadOnlyDictionary<string, string>? Tags = null)
{
    /// <summary>Tags that the registry gives it by itself; beside the others, which are anybody's to say.</summary>
    internal IReadOnlyDictionary<string, string> OwnTags { get; init; } = new Dictionary<string, string>();
}

/// <summary>Making and deleting models as such; registering a version makes its model too.</summary>
public sealed partial class MetadataDesk
{
    public Task<Outcome<MetadataView>> CreateModelAsync(Actor by, NewModel asked, CancellationToken cancel = default) =>
        _db.WriteAsync<MetadataView>(by, new AuditAct("model.create", "model", asked.Name), async session =>
        {
            if (Names.Model(asked.Name).Refusal is { } unfit)
                return unfit;
            if (Permissions.Check(by, Permission.Register, asked.Name) is { } no)
                return no;
            if (by.Answerable is null)
                return Refusals.NoOwner;
            if (OwnTags.Check(asked.Tags?.Keys ?? []) is { } reserved)
                return reserved;
            var tags = (asked.Tags ?? new Dictionary<string, string>()).Concat(asked.OwnTags).ToDictionary();
            if (MetadataLimits.Check(new VersionMetadata { Tags = tags }, asked.Description, asked.Task, asked.Owner, asked.Card) is { } tooMuch)
                return tooMuch;
            if (CardReader.Refuse(asked.Card ?? "") is { } unreadable)
                return unreadable;
            if (await session.FindModelAsync(asked.Name) is { } there)
                return Refusals.ModelExists(there.Name);
            var model = new RegisteredModel
            {
                Id = Ids.New("mdl", session.Now),
                Name = asked.Name,
                Description = asked.Description ?? "",
                Task = asked.Task ?? "",
                Owner = asked.Owner ?? "",
                Card = asked.Card ?? "",
                Versioning = asked.Versioning ?? Versioning.Auto,
                CreatedAt = session.Now,
                UpdatedAt = session.Now,
            };
            await session.InsertModelAsync(model);
            if (model.Card.Length > 0)
                await KeepCardAsync(session, model.Id, null, model.Card, by);
            foreach (var (key, value) in tags)
                await session.SetModelTagAsync(model.Id, key, value);
            var facts = new JsonObject { ["name"] = model.Name, ["versioning"] = model.Versioning.ToString().ToLowerInvariant() };
            return new Written<MetadataView>(new MetadataView(model.Name, null, []), [new AuditAct("model.create", "model", model.Id, model.Id, facts)], [new FeedChange("model", model.Id, model.Id), new FeedChange("model_list", model.Id, null)]);
        }, cancel);

    /// <summary>
    /// Deletes a model: its name becomes free, its id, versions, history and audit entries stay. Refused while a version
    /// serves a governed stage or stands on a target, a promotion is live, or the policy asks for one to be kept.
    /// </summary>
    /// <param name="ifRevision">Revisions of the model, one of which it must still have; null: whatever it has.</param>
    public Task<Outcome<MetadataView>> DeleteModelAsync(Actor by, string modelName, string? reason = null, IReadOnlyList<string>? ifRevision = null, CancellationToken cancel = default) =>
        _db.WriteAsync<MetadataView>(by, new AuditAct("model.delete", "model", modelName, null, null, AuditAct.Said(reason)), async session =>
        {
            if (reason is { Length: > 4000 })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (await session.FindModelAsync(modelName) is not { } model)
                return Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName));
            if (Permissions.Check(by, Permission.Register, model.Name) is { } no)
                return no;
            if (await OutdatedAsync(session, model, null, ifRevision) is { } outdated)
                return outdated;
            var policy = await _policies.GetAsync(session);
            var serving = await session.ServingOfModelAsync(model.Id);
            if (serving.Select(s => s.Stage).FirstOrDefault(policy.Governs) is { } governed)
                return Refusals.ServesGoverned(model.Name, governed);
            if ((await session.ActiveOfAsync(model.Id)).FirstOrDefault() is { } deployed)
                return Refusals.VersionDeployed(deployed.Label, deployed.Deployment.Wish.Target);
            foreach (var versionId in await session.OnceServingAsync(model.Id))
                if (await RetainedAsync(session, policy, versionId) is var (kept, until))
                    return Refusals.VersionRetained((await session.FindVersionAsync(versionId))?.Label ?? versionId, kept, until);
            var acts = new List<AuditAct>();
            var changes = new List<FeedChange> { new("model", model.Id, model.Id), new("model_list", model.Id, null) };
            foreach (var stored in await session.LivePromotionsAsync(model.Id))
            {
                // One that time has ended already does not stand in the way.
                var promotion = await PromotionCase.OfAsync(session, _policies, stored);
                await promotion.BringUpToDateAsync();
                if (promotion.Promotion.IsLive)
                    return Refusals.ModelHasLivePromotion(model.Name, promotion.Promotion.Id);
                acts.AddRange(promotion.Acts);
                changes.AddRange(promotion.Changes);
            }
            foreach (var (stage, _) in serving)
                await session.EndServingAsync(model.Id, stage);
            if (!await session.DeleteModelAsync(model))
                return Refusals.ChangedMeanwhile("The model");
            var facts = new JsonObject { ["name"] = model.Name, ["highest_number"] = model.HighestNumber, ["served"] = new JsonArray([.. serving.Select(s => (JsonNode)s.Stage)]) };
            acts.Add(new AuditAct("model.delete", "model", model.Id, model.Id, facts, AuditAct.Said(reason)));
            return new Written<MetadataView>(new MetadataView(model.Name, null, ["deleted"]), acts,
                [.. changes, .. serving.Select(s => new FeedChange("serving", model.Id, s.Stage))]);
        }, cancel);
}
