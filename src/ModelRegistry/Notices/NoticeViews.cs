namespace ModelRegistry.Notices;

/// <summary>A webhook, never with its secret, and of its address no more than its host; whole only where an admin looks at one that waits.</summary>
/// <param name="Events">Kinds of event; empty: all.</param>
/// <param name="State"><c>active</c>; <c>waiting</c> for an admin to confirm it; <c>paused</c> by who made it; <c>removed</c>; or <c>gone</c>: its receiver said so (status 410).</param>
public sealed record WebhookView(string Id, string Address, IReadOnlyList<string> Events, string State, long Delivered, long GivenUp, DateTimeOffset? LastDeliveredAt, DateTimeOffset CreatedAt)
{
    /// <summary><c>standard</c> (Standard Webhooks), or <c>mlflow</c>: asked for by an MLflow client and told in MLflow's words.</summary>
    public string Style { get; init; } = "standard";

    /// <summary>What an MLflow client called it; empty for others.</summary>
    public string Name { get; init; } = "";
}

/// <summary>A webhook just made. <see cref="Secret"/> is shown this once; the receiver verifies messages with it.</summary>
public sealed record NewWebhookView(string Id, string Address, string Secret);

/// <summary>What a test came to.</summary>
public sealed record WebhookTestView(string Id, string Answer);

/// <summary>Where a person is told by mail.</summary>
/// <param name="Email">Null when nowhere.</param>
/// <param name="Events">Kinds of event; empty: all that concern them.</param>
public sealed record MailboxView(string Person, string? Email, IReadOnlyList<string> Events);
