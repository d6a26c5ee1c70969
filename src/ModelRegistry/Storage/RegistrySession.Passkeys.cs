using System.Data.Common;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A passkey as stored: the credential, what it is called, and what checks its signatures.</summary>
internal sealed record StoredPasskey(StoredCredential Credential, string WebAuthnId, string Name, UserPasskeyInfo Info);

/// <summary>A browser that is signed in.</summary>
internal sealed record StoredSignIn(string Id, string PersonId, string CredentialId, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt);

/// <summary>An invite to enrol a further passkey.</summary>
internal sealed record StoredInvite(string Id, string PersonId, string CreatedBy, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt);

/// <summary>Passkeys, invites to enrol them, and browsers that are signed in.</summary>
public sealed partial class RegistrySession
{
    private const string PasskeyColumns = CredentialColumns + ", k.webauthn_id, k.name, k.public_key, k.sign_count, k.transports, k.backup_eligible, k.backed_up, k.attestation, k.client_data";

    /// <summary>All that a person ever had, revoked ones too.</summary>
    internal ValueTask<List<StoredPasskey>> PasskeysOfAsync(string personId) => ManyAsync(
        $"select {PasskeyColumns} from passkey k join credential c on c.id = k.credential_id where c.actor_id = @id order by c.created_at, c.id", ReadPasskey, ("id", personId));

    internal ValueTask<StoredPasskey?> PasskeyByWebAuthnIdAsync(string id) => OneAsync(
        $"select {PasskeyColumns} from passkey k join credential c on c.id = k.credential_id where k.webauthn_id = @id", ReadPasskey, ("id", id));

    internal async ValueTask InsertPasskeyAsync(StoredPasskey key)
    {
        await InsertCredentialAsync(key.Credential, key.Credential.ActorId);
        await ExecuteAsync("""
            insert into passkey (credential_id, webauthn_id, name, public_key, sign_count, transports, backup_eligible, backed_up, attestation, client_data)
            values (@id, @webauthn, @name, @key, @count, @transports, @eligible, @backed, @attestation, @client)
            """, ("id", key.Credential.Id), ("webauthn", key.WebAuthnId), ("name", key.Name), ("key", key.Info.PublicKey), ("count", (long)key.Info.SignCount), ("transports", List(key.Info.Transports ?? [])),
            ("eligible", key.Info.IsBackupEligible), ("backed", key.Info.IsBackedUp), ("attestation", key.Info.AttestationObject), ("client", key.Info.ClientDataJson));
    }

    /// <summary>Keeps what a signature told of its key. The counter only rises: of two signatures checked at once one may come later.</summary>
    internal ValueTask<int> UsePasskeyAsync(string credentialId, UserPasskeyInfo now) => ExecuteAsync(
        "update passkey set sign_count = @count, backed_up = @backed where credential_id = @id and (sign_count < @count or @count = 0)", ("count", (long)now.SignCount), ("backed", now.IsBackedUp), ("id", credentialId));

    internal ValueTask<int> InsertInviteAsync(string id, string secretHash, string personId, string createdBy, DateTimeOffset expires) => ExecuteAsync(
        "insert into invite (id, secret_hash, person_id, created_by, created_at, expires_at, used_at) values (@id, @hash, @person, @by, @now, @expires, null)",
        ("id", id), ("hash", secretHash), ("person", personId), ("by", createdBy), ("now", Times.Micros(Now)), ("expires", Times.Micros(expires)));

    internal ValueTask<StoredInvite?> InviteByHashAsync(string secretHash) => OneAsync("select id, person_id, created_by, expires_at, used_at from invite where secret_hash = @hash",
        r => new StoredInvite(r.GetString(0), r.GetString(1), r.GetString(2), Times.FromMicros(r.GetInt64(3)), Time(r, 4)), ("hash", secretHash));

    /// <summary>Uses it up; false when somebody else did.</summary>
    internal async ValueTask<bool> UseInviteAsync(string id) => await ExecuteAsync("update invite set used_at = @now where id = @id and used_at is null", ("now", Times.Micros(Now)), ("id", id)) == 1;

    internal async ValueTask InsertSignInAsync(StoredSignIn signIn, string secretHash)
    {
        // Those that ended long ago are in the audit log.
        await ExecuteAsync("delete from sign_in where expires_at < @old", ("old", Times.Micros(Now.AddDays(-1))));
        await ExecuteAsync("insert into sign_in (id, secret_hash, person_id, credential_id, created_at, expires_at, ended_at) values (@id, @hash, @person, @credential, @now, @expires, null)",
            ("id", signIn.Id), ("hash", secretHash), ("person", signIn.PersonId), ("credential", signIn.CredentialId), ("now", Times.Micros(signIn.CreatedAt)), ("expires", Times.Micros(signIn.ExpiresAt)));
    }

    internal ValueTask<StoredSignIn?> SignInByHashAsync(string secretHash) => OneAsync("select id, person_id, credential_id, created_at, expires_at, ended_at from sign_in where secret_hash = @hash",
        r => new StoredSignIn(r.GetString(0), r.GetString(1), r.GetString(2), Times.FromMicros(r.GetInt64(3)), Times.FromMicros(r.GetInt64(4)), Time(r, 5)), ("hash", secretHash));

    internal ValueTask<int> EndSignInAsync(string id) => ExecuteAsync("update sign_in set ended_at = @now where id = @id and ended_at is null", ("now", Times.Micros(Now)), ("id", id));

    private static StoredPasskey ReadPasskey(DbDataReader r)
    {
        var credential = ReadCredential(r);
        return new StoredPasskey(credential, r.GetString(9), r.GetString(10), new UserPasskeyInfo(
            System.Buffers.Text.Base64Url.DecodeFromChars(r.GetString(9)), (byte[])r.GetValue(11), credential.CreatedAt, (uint)r.GetInt64(12),
            JsonSerializer.Deserialize<string[]>(r.GetString(13)), isUserVerified: true, r.GetInt64(14) != 0, r.GetInt64(15) != 0, (byte[])r.GetValue(16), (byte[])r.GetValue(17)));
    }
}
