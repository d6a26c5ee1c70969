namespace ModelRegistry.Mcp.Tools;

/// <summary>Everything that answers a client, the same for every transport. One per process, as is <see cref="Updates"/>.</summary>
internal sealed record McpDesks(ToolDesk Tools, ResourceDesk Resources, SubscriptionDesk Subscriptions, PromptDesk Prompts, CompletionDesk Completions, ResourceUpdates Updates)
{
    public static McpDesks Of(WhatIsOffered offered, WhoCalls whoCalls, ILogger log)
    {
        var (door, updates) = (new RequestDoor(whoCalls, log), new ResourceUpdates(log));
        var (resources, prompts) = (new ResourceDesk(door, updates), new PromptDesk(door, new PromptShelf(PromptShelf.Folder, log), offered));
        return new McpDesks(new ToolDesk(offered, whoCalls, log), resources, new SubscriptionDesk(door, resources, updates), prompts, new CompletionDesk(door, prompts), updates);
    }
}
