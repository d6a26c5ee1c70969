using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>What requests with a key of their own came to.</summary>
public sealed partial class RegistrySession
{
    // Views are records, and some use cases answer with a pair.
    private static readonly JsonSerializerOptions Replies = new() { IncludeFields = true };

    /// <summary>What the same actor's request with this key was, by its verb; empty when it is new, or was a day ago.</summary>
    internal ValueTask<List<(string Verb, string Request, string Reply)>> RepliesAsync(string actorId, RequestKey key) => ManyAsync(
        "select verb, request, reply from kept_reply where actor_id = @actor and request_key = @key and at > @since order by verb", r => (r.GetString(0), r.GetString(1), r.GetString(2)),
        ("actor", actorId), ("key", key.Key), ("since", Times.Micros(Now - RequestKey.Kept)));

    internal async ValueTask KeepReplyAsync<T>(string actorId, RequestKey key, string verb, T reply)
    {
        await ExecuteAsync("delete from kept_reply where at <= @old", ("old", Times.Micros(Now - RequestKey.Kept)));
        await ExecuteAsync("insert into kept_reply (actor_id, request_key, verb, request, reply, at) values (@actor, @key, @verb, @request, @reply, @now)",
            ("actor", actorId), ("key", key.Key), ("verb", verb), ("request", key.Request.Hex), ("reply", JsonSerializer.Serialize(reply, Replies)), ("now", Times.Micros(Now)));
    }

    /// <summary>Reads what <see cref="KeepReplyAsync"/> wrote; it is the registry's own record, so a fault in it is a bug.</summary>
    internal static T ReadReply<T>(string reply) => JsonSerializer.Deserialize<T>(reply, Replies)!;
}
