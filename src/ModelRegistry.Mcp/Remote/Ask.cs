using ModelRegistry.Audit;
using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Notices;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Remote;

/// <summary>Everything that is asked of a registry opened here or behind a server: each use case beside its address.</summary>
internal static class Ask
{
    public static Question<Page<ModelView>> Models(ModelQuery q) => new((r, me, cancel) => r.Catalog.ListModelsAsync(me, q, cancel),
        RestRequest.Get("models").With("search", q.Search).With("model_type", q.Task).With("stage", q.Stage).WithEach("tag", q.Tags).WithBounds(q.Metrics).With("is_active", q.IncludeInactive ? "any" : null).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<Page<VersionView>> Versions(VersionQuery q) => new((r, me, cancel) => r.Catalog.ListVersionsAsync(me, q, cancel),
        RestRequest.Get("models", q.ModelName, "versions").With("stage", q.Stage).With("status", q.Status).With("is_default", q.IsDefault switch { null => null, true => "true", false => "false" }).WithEach("tag", q.Tags).WithBounds(q.Metrics).With("limit", q.Limit).With("cursor", q.Cursor));

    /// <param name="version">Null: the default one.</param>
    public static Question<ModelInfoView> Model(string model, string? version) => new((r, me, cancel) => r.Catalog.GetAsync(me, model, version, cancel),
        RestRequest.Get("models", model).With("version", version));

    public static Question<ComparisonView> Comparison(string model, IReadOnlyList<string> versions) => new((r, me, cancel) => r.Catalog.CompareAsync(me, model, versions, cancel),
        RestRequest.Get("models", model, "compare").With("versions", versions));

    public static Question<ServingView> Serving(string model, string? stage, DateTimeOffset? at) => new((r, me, cancel) => r.Catalog.ServingAsync(me, model, stage, at, cancel),
        RestRequest.Get("models", model, "serving").With("stage", stage).With("at", at));

    public static Question<MetadataView> DeleteModel(string model, string? reason) => new((r, me, cancel) => r.Metadata.DeleteModelAsync(me, model, reason, cancel: cancel), RestRequest.Delete("models", model).With("reason", reason));

    public static Question<MetadataView> DeleteVersion(string model, string version, string? reason) => new((r, me, cancel) => r.Metadata.DeleteVersionAsync(me, model, version, reason, cancel: cancel),
        RestRequest.Delete("models", model, "versions", version).With("reason", reason));

    public static Question<Page<ServingPeriodView>> History(HistoryQuery q) => new((r, me, cancel) => r.Catalog.HistoryAsync(me, q, cancel),
        RestRequest.Get("models", q.ModelName, "history").With("at", q.At).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<PromotionView> Promote(PromotionRequest wish) => new((r, me, cancel) => r.Promotions.RequestAsync(me, wish, cancel),
        RestRequest.Post("models", wish.ModelName, "versions", wish.Version, "promotions").With("stage", wish.Stage).With("reason", wish.Reason).With("idempotency_key", wish.IdempotencyKey));

    public static Question<PromotionView> Rollback(RollbackRequest wish) => new((r, me, cancel) => r.Promotions.RollbackAsync(me, wish, cancel),
        RestRequest.Post("models", wish.ModelName, "rollback").With("to_version", wish.ToVersion).With("stage", wish.Stage).With("reason", wish.Reason).With("idempotency_key", wish.IdempotencyKey));

    public static Question<PromotionView> Deploy(DeploymentRequest wish) => new((r, me, cancel) => r.Promotions.DeployAsync(me, wish, cancel),
        RestRequest.Post("deploy").With("model_name", wish.ModelName).With("version", wish.Version).With("deployment_target", wish.Target).With("deployment_config", wish.Configuration).With("deployed_by", wish.DeployedBy).With("reason", wish.Reason).With("idempotency_key", wish.IdempotencyKey));

    public static Question<Page<DeploymentView>> Deployments(DeploymentQuery q) => new((r, me, cancel) => r.Deployments.ListAsync(me, q, cancel),
        RestRequest.Get("deployments").With("model", q.ModelName).With("target", q.Target).With("status", q.Status).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<DeploymentView> StopDeployment(string id, string? reason) => new((r, me, cancel) => r.Deployments.StopAsync(me, id, reason, cancel), RestRequest.Post("deployments", id, "stop").With("reason", reason));

    public static Question<Page<TargetView>> Targets() => new(async (r, me, cancel) => Paged(await r.Deployments.TargetsAsync(me, cancel)), RestRequest.Get("targets"));

    public static Question<Page<PromotionView>> Promotions(PromotionQuery q) => new((r, me, cancel) => r.Promotions.ListAsync(me, q, cancel),
        RestRequest.Get("promotions").With("status", q.Status).With("model", q.ModelName).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<PromotionView> Promotion(string id) => new((r, me, cancel) => r.Promotions.GetAsync(me, id, cancel), RestRequest.Get("promotions", id));

    /// <summary>What a person decides on, as the registry itself words it.</summary>
    public static Question<ReviewView> Statement(string id) => new((r, me, cancel) => r.Promotions.ReviewAsync(me, id, cancel), RestRequest.Get("promotions", id, "statement"));

    /// <summary>Puts on record that a machine wanted to decide.</summary>
    public static Question<PromotionView> RefuseMachine(string id, DecisionVerdict verdict) => new((r, me, cancel) => r.Promotions.RefuseMachineAsync(me, id, verdict, cancel),
        RestRequest.Post("promotions", id, "decisions").With("decision", verdict.ToString().ToLowerInvariant()));

    public static Question<PromotionView> Withdraw(string id, string? reason) => new((r, me, cancel) => r.Promotions.WithdrawAsync(me, id, reason, cancel),
        RestRequest.Post("promotions", id, "withdraw").With("reason", reason));

    public static Question<Page<GlassReviewView>> OwedReviews() => new((r, me, cancel) => r.Promotions.GlassReviewsAsync(me, owed: true, limit: 100, cancel: cancel),
        RestRequest.Get("reviews").With("limit", 100));

    public static Question<GlassReviewView> Review(string id) => new((r, me, cancel) => r.Promotions.GetGlassAsync(me, id, cancel), RestRequest.Get("reviews", id));

    /// <summary>Puts on record that the glass was to be broken where nobody can sign.</summary>
    public static Question<PromotionView> RefuseGlass(string id, string? reason) => new((r, me, cancel) => r.Promotions.RefuseGlassAsync(me, id, reason, cancel),
        RestRequest.Post("promotions", id, "break-glass").With("reason", string.IsNullOrWhiteSpace(reason) ? "none was given" : reason));

    public static Question<Page<PasskeyView>> Passkeys(string person) => new(async (r, me, cancel) => Paged(await r.Passkeys.ListAsync(me, person, cancel)), RestRequest.Get("people", person, "passkeys"));

    public static Question<Page<PersonView>> Persons() => new(async (r, me, cancel) => Paged(await r.People.ListAsync(me, cancel)), RestRequest.Get("people"));

    public static Question<Page<TokenView>> Tokens() => new(async (r, me, cancel) => Paged(await r.Tokens.ListAsync(me, cancel)), RestRequest.Get("tokens"));

    public static Question<Page<WebhookView>> Webhooks() => new(async (r, me, cancel) => Paged(await r.Notices.WebhooksAsync(me, cancel)), RestRequest.Get("webhooks"));

    public static Question<PolicyView> Policy(PolicyQuery q) => new((r, me, cancel) => r.Policies.FindAsync(me, q, cancel), RestRequest.Get("policy").With("digest", q.Digest).With("at", q.At));

    public static Question<Page<PolicyView>> Policies(int limit, string? cursor) => new((r, me, cancel) => r.Policies.HistoryAsync(me, limit, cursor, cancel),
        RestRequest.Get("policy", "history").With("limit", limit).With("cursor", cursor));

    /// <param name="json">Known to be a policy.</param>
    public static Question<PolicyComparisonView> Compared(string json) => new((r, me, cancel) => r.Policies.CompareAsync(me, json, cancel), RestRequest.Post("policy", "compare").With("policy", Deeds.Document(json)));

    /// <summary>The same for whoever wants to accept it: what stands in the way is refused.</summary>
    /// <param name="offered">What they will prove.</param>
    public static Question<PolicyComparisonView> Preview(string json, Assurance offered) => new((r, me, cancel) => r.Policies.PreviewAsync(me, json, offered, cancel),
        RestRequest.Post("policy", "compare").With("policy", Deeds.Document(json)).With("offered", offered.ToString().ToLowerInvariant()));

    public static Question<Page<AuditEntryView>> Audit(AuditQuery q) => new((r, me, cancel) => r.Audit.ListAsync(me, q, cancel),
        RestRequest.Get("audit").With("model", q.ModelName).With("subject", q.Subject).With("actor", q.ActorId).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<string> Checkpoint() => new((r, me, cancel) => r.Audit.CheckpointAsync(me, cancel), RestRequest.Get("audit", "checkpoint"));

    /// <summary>All that proves one promotion, as it was signed.</summary>
    public static Question<string> Export(string id) => new(async (r, me, cancel) => (await r.Exports.ExportAsync(me, id, cancel)).Then<string>(bytes => System.Text.Encoding.ASCII.GetString(bytes)), RestRequest.Get("promotions", id, "export"));

    public static Question<string> Key() => new((r, me, _) => Task.FromResult(r.Exports.Key(me)), RestRequest.Get("audit", "key"));

    // A whole list in the shape that every list has.
    private static Outcome<Page<T>> Paged<T>(Outcome<IReadOnlyList<T>> list) => list.Refusal is { } no ? no : new Page<T>(list.Value, null);
}
