namespace ModelRegistry.Mcp.Tools;

/// <summary>Everything that answers a client, the same for every transport. One per process, as is <see cref="Updates"/>.</summary>
internal sealed record McpDesks(ToolDesk Tools, ResourceDesk Resources, SubscriptionDesk Subscriptions, PromptDesk Prompts, CompletionDesk Completions, ResourceUpdates Updates)
{
    /// <param name="offers">Whether a tool is offered to whoever sent a request.</param>
    public static McpDesks Of(ToolDesk tools, WhoCalls whoCalls, OffersTool offers, ILogger log)
    {
        var (door, updates) = (new RequestDoor(whoCalls, log), new ResourceUpdates(log));
        var (resources, prompts) = (new ResourceDesk(door, updates), new PromptDesk(door, new PromptShelf(PromptShelf.Folder, log), offers));
        return new McpDesks(tools, resources, new SubscriptionDesk(door, resources, updates), prompts, new CompletionDesk(door, prompts), updates);
    }
}
