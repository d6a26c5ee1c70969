using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// Subscribing to resources, in both eras: <c>resources/subscribe</c> lasts as long as its session, <c>subscriptions/listen</c>
/// as long as its request. Who may read a resource may hear that it changed, and hears no more than that.
/// </summary>
internal sealed class SubscriptionDesk(RequestDoor door, ResourceDesk resources, ResourceUpdates updates)
{
    /// <summary>The most sessions and streams of this process that listen at once.</summary>
    private const int MostListeners = 10_000;

    /// <summary>
    /// The most addresses that all sessions and streams of one caller listen to, together: each is kept, compared with every
    /// change, and, where nothing is there yet, looked up when something new comes.
    /// </summary>
    private const int MostOfOneCaller = 5_000;

    /// <summary>Characters of an address. Names, references and their percent-encoding fit twice over.</summary>
    private const int LongestUri = 2_048;

    public ValueTask<EmptyResult> SubscribeAsync(RequestContext<SubscribeRequestParams> context, CancellationToken cancel) =>
        door.AnswerAsync(context, "resources/subscribe", async caller =>
        {
            var uri = context.Params?.Uri ?? "";
            // It is kept as long as the session: an address as long as a message would be a way to fill the memory.
            if (uri.Length > LongestUri)
                throw Replies.ProtocolError(Refusals.ResourceNotFound(Untrusted.Cut(uri, 80)), McpErrorCode.InvalidParams);
            CheckRoom(caller, 1);
            var topic = await resources.FindTopicAsync(caller, uri, cancel);
            if (topic.Refusal is { } no && no.Kind != RefusalKind.NotFound)
                throw Replies.ProtocolError(no, McpErrorCode.InvalidParams);
            var session = updates.SessionOf(context) ?? throw new InvalidOperationException("The session was not attached, or has ended.");
            session.Listener.Owner = caller.By.Id;
            var taken = topic.Refusal is null ? session.Listener.Add(uri, topic.Value)
                : session.Await(uri, async stop => await resources.FindTopicAsync(caller, uri, stop) is { Refusal: null } come ? come.Value : null);
            if (!taken)
                throw Replies.ProtocolError(Refusals.TooManySubscriptions(ResourceListener.Most), McpErrorCode.InvalidParams);
            await session.ListenAsync(caller.Registry.Changes, cancel);
            return new EmptyResult();
        }, cancel);

    /// <summary>What was not subscribed to is not any more, either.</summary>
    public ValueTask<EmptyResult> UnsubscribeAsync(RequestContext<UnsubscribeRequestParams> context, CancellationToken cancel)
    {
        updates.SessionOf(context)?.Unsubscribe(context.Params?.Uri ?? "");
        return new(new EmptyResult());
    }

    /// <summary>
    /// Acknowledges, saying what of the wish is granted, then tells until the client cancels or the server stops; then the
    /// request is answered. Addresses of nothing are not granted; tools and prompts never change while a server runs.
    /// </summary>
    public ValueTask<EmptyResult> ListenAsync(RequestContext<SubscriptionsListenRequestParams> context, CancellationToken cancel) =>
        door.AnswerAsync(context, "subscriptions/listen", async caller =>
        {
            var wanted = context.Params?.Notifications;
            var listener = new ResourceListener { HearsList = wanted?.ResourcesListChanged == true, Owner = caller.By.Id };
            // Counted before any is looked up: a list as long as a message would keep the database busy for minutes.
            if (wanted?.ResourceSubscriptions is { Count: > ResourceListener.Most } many && many.Distinct().Skip(ResourceListener.Most).Any())
                throw Replies.ProtocolError(Refusals.TooManySubscriptions(ResourceListener.Most), McpErrorCode.InvalidParams);
            CheckRoom(caller, Math.Max(1, wanted?.ResourceSubscriptions?.Count ?? 0));
            foreach (var uri in wanted?.ResourceSubscriptions?.Distinct() ?? [])
                if (await resources.FindTopicAsync(caller, uri, cancel) is { Refusal: null } topic && !listener.Add(uri, topic.Value))
                    throw Replies.ProtocolError(Refusals.TooManySubscriptions(ResourceListener.Most), McpErrorCode.InvalidParams);
            try
            {
                // Before the acknowledgement, so that it covers whatever happens after it.
                await updates.AddAsync(listener, caller.Registry.Changes, cancel);
                var granted = new SubscriptionsListenNotifications { ResourcesListChanged = listener.HearsList ? true : null, ResourceSubscriptions = listener.Uris is { Count: > 0 } uris ? [.. uris] : null };
                await TellAsync(context, NotificationMethods.SubscriptionsAcknowledgedNotification, new JsonObject { ["notifications"] = JsonSerializer.SerializeToNode(granted, McpJsonUtilities.DefaultOptions) }, cancel);
                while (await listener.NextAsync(cancel) is { } news)
                {
                    foreach (var uri in news.Uris)
                        await TellAsync(context, NotificationMethods.ResourceUpdatedNotification, new JsonObject { ["uri"] = uri }, cancel);
                    if (news.List)
                        await TellAsync(context, NotificationMethods.ResourceListChangedNotification, [], cancel);
                }
            }
            finally
            {
                updates.Remove(listener);
            }
            return new EmptyResult { Meta = Mark(context) };
        }, cancel);

    private void CheckRoom(ToolCaller caller, int more)
    {
        if (updates.HeldBy(caller.By.Id) + more > MostOfOneCaller)
            throw Replies.ProtocolError(Refusals.TooManySubscriptions(MostOfOneCaller), McpErrorCode.InvalidParams);
        if (updates.Listeners >= MostListeners)
            throw Replies.ProtocolError(Refusals.TooManySubscriptions(MostListeners), McpErrorCode.InvalidParams);
    }

    private static Task TellAsync(MessageContext context, string method, JsonObject parameters, CancellationToken cancel)
    {
        parameters["_meta"] = Mark(context);
        return context.Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancel);
    }

    /// <summary>Every message says which request it belongs to: on stdio all of them share one stream.</summary>
    private static JsonObject Mark(MessageContext context) => new()
    {
        [MetaKeys.SubscriptionId] = ((JsonRpcRequest)context.JsonRpcMessage).Id.Id switch { long number => JsonValue.Create(number), var text => JsonValue.Create(text?.ToString()) },
    };
}
