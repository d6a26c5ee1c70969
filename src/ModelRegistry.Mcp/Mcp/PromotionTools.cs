using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using static ModelRegistry.Mcp.Tools.Args;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Tools that propose, follow and take back promotions. None of them decides one.</summary>
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

    private static ModelContextProtocol.Protocol.CallToolResult Shown(Outcome<PromotionView> promotion) =>
        Replies.Tool(promotion.Then<PromotionView>(p => Shortened.Whole(p)), TextOf.Promotion);
}
