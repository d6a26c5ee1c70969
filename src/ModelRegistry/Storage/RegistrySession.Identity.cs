using System.Data.Common;
using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A person, agent or service as stored.</summary>
internal sealed record StoredActor(string Id, ActorKind Kind, string Name, string? OwnerId, string? OwnerName, IReadOnlyList<string> Roles, IReadOnlyList<string> Models, DateTimeOffset Since, DateTimeOffset? DisabledAt)
{
    public ActorRef Ref => new(Id, Name);

    public Approver ToApprover() => new(Ref, Kind == ActorKind.Person ? Roles : [], Since, DisabledAt is not null);
}

/// <summary>A passphrase or token as stored: the hash, never the secret.</summary>
internal sealed record StoredCredential(string Id, string ActorId, string Kind, string SecretHash, IReadOnlyList<string> Roles, IReadOnlyList<string> Models, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>Actors and their credentials.</summary>
public sealed partial class RegistrySession
{
    private const string ActorColumns = "a.id, a.kind, a.name, a.owner_id, o.name, a.roles, a.models, a.created_at, a.disabled_at";
    private const string CredentialColumns = "c.id, c.actor_id, c.kind, c.secret_hash, c.roles, c.models, c.created_at, c.expires_at, c.revoked_at";

    internal ValueTask<StoredActor?> FindActorAsync(string id) => OneAsync($"select {ActorColumns} from actor a left join actor o on o.id = a.owner_id where a.id = @id", ReadActor, ("id", id));

    internal ValueTask<StoredActor?> FindActorByNameAsync(string name) => OneAsync($"select {ActorColumns} from actor a left join actor o on o.id = a.owner_id where a.name_key = @key", ReadActor, ("key", Names.Fold(name)));

    internal ValueTask<List<StoredActor>> PersonsAsync() => ManyAsync($"select {ActorColumns} from actor a left join actor o on o.id = a.owner_id where a.kind = 'person' order by a.created_at, a.id", ReadActor);

    internal ValueTask<int> InsertActorAsync(string id, ActorKind kind, string name, string? ownerId, IReadOnlyList<string> roles, IReadOnlyList<string> models) => ExecuteAsync(
        "insert into actor (id, kind, name, name_key, owner_id, roles, models, created_at, disabled_at) values (@id, @kind, @name, @key, @owner, @roles, @models, @now, null)",
        ("id", id), ("kind", kind.ToString().ToLowerInvariant()), ("name", name), ("key", Names.Fold(name)), ("owner", ownerId), ("roles", List(roles)), ("models", List(models)), ("now", Times.Micros(Now)));

    internal ValueTask<int> DisableActorAsync(string id) => ExecuteAsync("update actor set disabled_at = @now where id = @id and disabled_at is null", ("now", Times.Micros(Now)), ("id", id));

    internal ValueTask<int> InsertCredentialAsync(StoredCredential c, string createdBy) => ExecuteAsync("""
        insert into credential (id, actor_id, kind, secret_hash, roles, models, created_by, created_at, expires_at, revoked_at)
        values (@id, @actor, @kind, @hash, @roles, @models, @by, @created, @expires, null)
        """, ("id", c.Id), ("actor", c.ActorId), ("kind", c.Kind), ("hash", c.SecretHash), ("roles", List(c.Roles)), ("models", List(c.Models)), ("by", createdBy), ("created", Times.Micros(c.CreatedAt)), ("expires", Micros(c.ExpiresAt)));

    internal ValueTask<StoredCredential?> PassphraseOfAsync(string personId) => OneAsync(
        $"select {CredentialColumns} from credential c where c.actor_id = @id and c.kind = 'passphrase' and c.revoked_at is null order by c.created_at desc limit 1", ReadCredential, ("id", personId));

    internal ValueTask<StoredCredential?> TokenByHashAsync(string hash) => OneAsync($"select {CredentialColumns} from credential c where c.secret_hash = @hash and c.kind = 'token'", ReadCredential, ("hash", hash));

    internal ValueTask<StoredCredential?> FindCredentialAsync(string id) => OneAsync($"select {CredentialColumns} from credential c where c.id = @id", ReadCredential, ("id", id));

    internal ValueTask<List<StoredCredential>> TokensAsync() => ManyAsync($"select {CredentialColumns} from credential c where c.kind = 'token' order by c.created_at, c.id", ReadCredential);

    internal ValueTask<int> RevokeCredentialAsync(string id) => ExecuteAsync("update credential set revoked_at = @now where id = @id and revoked_at is null", ("now", Times.Micros(Now)), ("id", id));

    internal async ValueTask<long> FailedProofsSinceAsync(string name, DateTimeOffset since) => (long)(await ScalarAsync(
        "select count(*) from failed_proof where name_key = @key and at > @since", ("key", Names.Fold(name)), ("since", Times.Micros(since))))!;

    internal async ValueTask NoteFailedProofAsync(string name, string id)
    {
        await ExecuteAsync("delete from failed_proof where at < @old", ("old", Times.Micros(Now.AddDays(-1))));
        await ExecuteAsync("insert into failed_proof (name_key, at, id) values (@key, @now, @id)", ("key", Names.Fold(name)), ("now", Times.Micros(Now)), ("id", id));
    }

    private static StoredActor ReadActor(DbDataReader r) => new(r.GetString(0), Enum.Parse<ActorKind>(r.GetString(1), ignoreCase: true), r.GetString(2), Text(r, 3), Text(r, 4),
        List(r.GetString(5)), List(r.GetString(6)), Times.FromMicros(r.GetInt64(7)), Time(r, 8));

    private static StoredCredential ReadCredential(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), List(r.GetString(4)), List(r.GetString(5)), Times.FromMicros(r.GetInt64(6)), Time(r, 7), Time(r, 8));

    private static string List(IReadOnlyList<string> items) => JsonSerializer.Serialize(items);

    private static IReadOnlyList<string> List(string json) => JsonSerializer.Deserialize<string[]>(json)!;
}
