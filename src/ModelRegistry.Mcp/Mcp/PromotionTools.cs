using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using static ModelRegistry.Mcp.Tools.Args;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Tools that propose, follow and take back promotions, deployments among them. None of them decides one.</summary>
internal static class PromotionTools
{
    public static IReadOnlyList<RegistryTool> All { get; } =
    [
        new("promote_model", "Propose a promotion", "Ask to move a version to a stage. The answer's status: `applied` (done), `blocked` (a gate failed; the answer says which) or `pending` (a person must confirm: tell them promotion_id and approve_command, then look again with get_promotion).", Hints.Adds,
            [Model, Text("version", VersionForms) with { Required = true }, Stage with { Required = true }, Reason, Key],
            typeof(PromotionView),
            async (call, cancel) => Shown(await call.Registry.Promotions.RequestAsync(call.By,
                new PromotionRequest(call.Given.Need("model_name"), call.Given.Need("version"), call.Given.Need("stage"), call.Given["reason"], call.Given["idempotency_key"]), cancel))),

        new("rollback_model", "Propose a rollback", "Ask to go back in production to a version that served before (the one before, unless named). A person must confirm.", Hints.Adds,
            [Model, Text("to_version"), Reason, Key],
            typeof(PromotionView),
            async (call, cancel) => Shown(await call.Registry.Promotions.RollbackAsync(call.By,
                new RollbackRequest(call.Given.Need("model_name"), call.Given["to_version"], null, call.Given["reason"], call.Given["idempotency_key"]), cancel))),

        new("deploy_model", "Propose a deployment", "Ask to serve a version from a target of the policy. It answers as promote_model does; where the target requires a governed stage, a person must confirm version, target and configuration.", Hints.Adds,
            [
                Model, Text("version", VersionForms) with { Required = true }, ServingTarget with { Required = true },
                Text("deployment_config", "JSON object, at most 4 KiB: how to serve it. Shown to whoever decides and kept on record: no secrets", 16_384), Reason, Key,
            ],
            typeof(PromotionView),
            async (call, cancel) => Shown(await DeployAsync(call, cancel))),

        new("list_deployments", "List deployments", "Which version stands, stood or is to stand on which target, newest first, and what was last seen running.", Hints.Reads,
            [Text("model_name", most: 128), ServingTarget, Choice("status", DeploymentWords.All), Limit, Cursor],
            typeof(DeploymentsReply),
            (call, cancel) => Paging.ShowAsync(call, 10,
                limit => call.Registry.Deployments.ListAsync(call.By, new DeploymentQuery(call.Given["model_name"], call.Given["deployment_target"], call.Given["status"], limit, call.Given["cursor"]), cancel),
                page => new DeploymentsReply([.. page.Items.Select(Shortened.Item)], page.NextCursor), TextOf.Deployments)),

        new("list_promotions", "List promotions", "Promotions, newest first. `live`: pending or approved.", Hints.Reads,
            [Choice("status", ["live", .. Enum.GetNames<PromotionState>().Select(n => n.ToLowerInvariant())]), Text("model_name", most: 128), Limit, Cursor],
            typeof(PromotionsReply),
            (call, cancel) => Paging.ShowAsync(call, 10,
                limit => call.Registry.Promotions.ListAsync(call.By, new PromotionQuery(call.Given["status"], call.Given["model_name"], limit, call.Given["cursor"]), cancel),
                page => new PromotionsReply([.. page.Items.Select(Shortened.Item)], page.NextCursor), TextOf.Promotions)),

        new("get_promotion", "Show a promotion", "A promotion with its gates, decisions, and what has to happen next.", Hints.Reads,
            [PromotionId],
            typeof(PromotionView),
            async (call, cancel) => Shown(await call.Registry.Promotions.GetAsync(call.By, call.Given.Need("promotion_id"), cancel))),

        new("confirm_promotion", "Ask the person to decide", "Put a pending promotion to the person at this client and report what they decided. Your arguments decide nothing; where the policy asks for a stronger proof, the answer says how the person gives it.", Hints.Changes,
            [PromotionId, Choice("decision", ["approve", "reject"], "what you suggest") with { Required = true }, Text("comment", most: 1_000)],
            typeof(PromotionView),
            async (call, cancel) => Shown(await Confirmation.AskAsync(call, cancel))),

        new("withdraw_promotion", "Withdraw a promotion", "Take back a pending promotion you proposed.", Hints.Changes,
            [PromotionId, Reason],
            typeof(PromotionView),
            async (call, cancel) => Shown(await call.Registry.Promotions.WithdrawAsync(call.By, call.Given.Need("promotion_id"), call.Given["reason"], cancel))),
    ];

    private static async Task<Outcome<PromotionView>> DeployAsync(ToolCall call, CancellationToken cancel)
    {
        var configuration = TargetWish.Read(call.Given["deployment_config"]);
        return configuration.Refusal is { } unreadable ? unreadable : await call.Registry.Promotions.DeployAsync(call.By, new DeploymentRequest(
            call.Given.Need("model_name"), call.Given.Need("version"), call.Given.Need("deployment_target"), configuration.Value, null, call.Given["reason"], call.Given["idempotency_key"]), cancel);
    }

    private static ModelContextProtocol.Protocol.CallToolResult Shown(Outcome<PromotionView> promotion) =>
        Replies.Tool(promotion.Then<PromotionView>(p => Shortened.Whole(p)), TextOf.Promotion);
}
