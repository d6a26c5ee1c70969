namespace ModelRegistry.Mcp.Tools;

/// <summary>Arguments that several tools share.</summary>
internal static class Args
{
    public const string VersionForms = "number, label, latest, default or @alias";

    public static Argument Model { get; } = new("model_name", ArgumentKind.Text) { Required = true, Most = 128 };

    public static Argument PromotionId { get; } = new("promotion_id", ArgumentKind.Text) { Required = true, Most = 64 };

    public static Argument Limit { get; } = new("limit", ArgumentKind.Whole, "default 10, fewer when items are long") { Most = 100 };

    public static Argument Cursor { get; } = new("cursor", ArgumentKind.Text, "next_cursor of the page before") { Most = 1_024 };

    public static Argument Stage { get; } = Text("stage", "development, validation, staging, production, archived or a stage of the policy");

    public static Argument ServingTarget { get; } = Text("deployment_target", "a target of the policy (registry://policy), e.g. production", 128);

    public static Argument Tag { get; } = new("tag", ArgumentKind.Texts, "key or key:value, all must hold; framework:pytorch too") { Most = 8 };

    public static Argument Bounds { get; } = new("metrics", ArgumentKind.Texts, "e.g. accuracy>=0.9") { Most = 8 };

    public static Argument Detail { get; } = Choice("detail", ["concise", "full"], "default concise");

    public static Argument Reason { get; } = new("reason", ArgumentKind.Text, "why; the person who decides reads it") { Most = 4_000 };

    public static Argument Key { get; } = new("idempotency_key", ArgumentKind.Text, "same key, same promotion") { Most = 200 };

    public static Argument Text(string name, string description = "", int most = 256) => new(name, ArgumentKind.Text, description) { Most = most };

    public static Argument Time(string name) => new(name, ArgumentKind.Time, "RFC 3339, e.g. 2026-01-31T12:00:00Z");

    public static Argument Choice(string name, IReadOnlyList<string> choices, string description = "") => new(name, ArgumentKind.Choice, description) { Choices = choices };
}
