using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Tools;

/// <summary>The policy in force, as a resource.</summary>
internal sealed record PolicyReply(string Name, string Digest, string AcceptedBy, DateTimeOffset AcceptedAt, [property: UntrustedText(Label = true)] JsonObject Policy);

/// <summary>Lists and reads resources: the same facts as the tools give, for clients that attach them to a conversation.</summary>
internal sealed class ResourceDesk(RequestDoor door, ResourceUpdates updates)
{
    private const int ModelsOnAPage = 50, PendingMost = 100;

    private static readonly Resource[] Always =
    [
        new() { Uri = ResourceUri.PendingPromotions, Name = "promotions_pending", Title = "Pending promotions", MimeType = "application/json", Description = "Promotions that wait for a person to decide, newest first." },
        new() { Uri = ResourceUri.PolicyInForce, Name = "policy", Title = "Policy in force", MimeType = "application/json", Description = "What a promotion takes, stage by stage: gates, approvals, assurance." },
    ];

    public static IReadOnlyList<ResourceTemplate> Templates { get; } =
    [
        new() { UriTemplate = ResourceUri.ModelTemplate, Name = "model", Title = "Model", MimeType = "application/json", Description = "A model with its default version in full: metrics, stage, files, lineage." },
        new() { UriTemplate = ResourceUri.CardTemplate, Name = "model_card", Title = "Model card", MimeType = "text/markdown", Description = "The card of a version (number, label, latest, default or @alias), or the model's where it has none of its own. Written by others." },
    ];

    public ValueTask<ListResourceTemplatesResult> ListTemplatesAsync(RequestContext<ListResourceTemplatesRequestParams> context, CancellationToken cancel) =>
        context.Params?.Cursor is null ? new(new ListResourceTemplatesResult { ResourceTemplates = [.. Templates] }) : throw Replies.ProtocolError(Refusals.CursorInvalid, McpErrorCode.InvalidParams);

    /// <summary>What is always there, then the models by name.</summary>
    public ValueTask<ListResourcesResult> ListAsync(RequestContext<ListResourcesRequestParams> context, CancellationToken cancel) =>
        door.AnswerAsync(context, "resources/list", async caller =>
        {
            var cursor = context.Params?.Cursor;
            var page = await caller.Registry.Catalog.ListModelsAsync(caller.By, new ModelQuery(Limit: ModelsOnAPage, Cursor: cursor), cancel);
            if (page.Refusal is { } no)
                throw Replies.ProtocolError(no, McpErrorCode.InvalidParams);
            if (!RequestDoor.IsStateless(context) && updates.SessionOf(context) is { } session)
            {
                // Who holds a list hears when it is out of date.
                session.Listener.HearsList = true;
                await session.ListenAsync(caller.Registry.Changes, cancel);
            }
            return new ListResourcesResult { Resources = [.. cursor is null ? Always : [], .. page.Value.Items.Select(Describe)], NextCursor = page.Value.NextCursor };
        }, cancel);

    public ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> context, CancellationToken cancel) =>
        door.AnswerAsync(context, "resources/read", async caller =>
        {
            var uri = context.Params?.Uri ?? "";
            var contents = await FindAsync(caller, uri, cancel);
            return contents.Refusal is { } no ? throw NotFound(context, uri, no) : new ReadResourceResult { Contents = [contents.Value] };
        }, cancel);

    /// <summary>The contents at an address, for this caller.</summary>
    public static async Task<Outcome<TextResourceContents>> FindAsync(ToolCaller caller, string uri, CancellationToken cancel)
    {
        var (registry, by) = (caller.Registry, caller.By);
        return ResourceUri.Parse(uri) switch
        {
            ResourceUri.Pending => (await registry.Promotions.ListAsync(by, new PromotionQuery("pending", null, PendingMost, null), cancel)).Then<TextResourceContents>(page => Json(uri, new PromotionsReply([.. page.Items.Select(Shortened.Item)], page.NextCursor))),
            ResourceUri.Policy => (await registry.Policies.ShowAsync(by, cancel)).Then<TextResourceContents>(p => Json(uri, new PolicyReply(p.Name, p.Digest, p.AcceptedBy, p.AcceptedAt, JsonNode.Parse(p.Json)!.AsObject()))),
            ResourceUri.Model model => (await CatalogTools.InfoAsync(registry, by, model.Name, null, full: true, cancel)).Then<TextResourceContents>(m => Json(uri, Shortened.Info(m, full: true))),
            ResourceUri.Card card => (await registry.Catalog.GetAsync(by, card.Name, card.Version, cancel)).Then<TextResourceContents>(m => Markdown(uri, m)),
            _ => Refusals.ResourceNotFound(uri),
        };
    }

    /// <summary>What a resource hangs on that this caller may read.</summary>
    public async Task<Outcome<ResourceTopic>> FindTopicAsync(ToolCaller caller, string uri, CancellationToken cancel)
    {
        var (catalog, by) = (caller.Registry.Catalog, caller.By);
        return ResourceUri.Parse(uri) switch
        {
            ResourceUri.Model model => (await catalog.GetAsync(by, model.Name, null, cancel)).Then<ResourceTopic>(m => ResourceTopic.Model(m.ModelId)),
            // Of a version that is not there yet, too: it may come.
            ResourceUri.Card card => (await catalog.GetAsync(by, card.Name, null, cancel)).Then<ResourceTopic>(m => ResourceTopic.Cards(m.ModelId)),
            ResourceUri.Pending => (await FindAsync(caller, uri, cancel)).Then<ResourceTopic>(_ => ResourceTopic.Pending),
            ResourceUri.Policy => (await FindAsync(caller, uri, cancel)).Then<ResourceTopic>(_ => ResourceTopic.Policy),
            _ => Refusals.ResourceNotFound(uri),
        };
    }

    private static Resource Describe(ModelView model) => new()
    {
        Uri = ResourceUri.OfModel(model.Name),
        Name = model.Name,
        MimeType = "application/json",
        Description = $"serves {model.ServingVersion ?? "nothing"}, latest {model.LatestVersion ?? "none"} of {model.Versions} {Untrusted.Line(model.Description, 160)}".TrimEnd(),
        Annotations = new Annotations { LastModified = model.UpdatedAt },
    };

    private static TextResourceContents Json<T>(string uri, T view) => new() { Uri = uri, MimeType = "application/json", Text = ToolJson.Of(view).GetRawText() };

    private static TextResourceContents Markdown(string uri, ModelInfoView model) => new()
    {
        Uri = uri,
        MimeType = "text/markdown",
        Text = Untrusted.Quote(model.Version?.Card) is { Length: > 0 } card ? card : $"{model.Name} {model.Version?.Version} has no card.",
    };

    /// <summary>-32602 in 2026-07-28, -32002 before; the address stands beside the message.</summary>
    private static McpProtocolException NotFound(MessageContext context, string uri, Refusal refusal)
    {
        var code = refusal.Kind == RefusalKind.Forbidden ? McpErrorCode.InvalidRequest : RequestDoor.IsStateless(context) ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound;
        var error = Replies.ProtocolError(refusal, code);
        error.Data["uri"] = Untrusted.Cut(Untrusted.Clean(uri), 1_024);
        return error;
    }
}
