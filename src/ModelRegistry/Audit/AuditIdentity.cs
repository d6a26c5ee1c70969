using System.Security.Cryptography;
using ModelRegistry.Storage;

namespace ModelRegistry.Audit;

/// <summary>Who signs the audit log of one registry: made with the database, shared by all replicas.</summary>
/// <param name="RegistryId">Immutable id (<c>reg_…</c>).</param>
/// <param name="Key">ECDSA on P-256, with its private part.</param>
internal sealed record AuditIdentity(string RegistryId, ECDsa Key)
{
    private const string IdName = "registry_id", KeyName = "audit_key";

    /// <summary>The log's name in its checkpoints, and the name of its key.</summary>
    public string Origin => "model-registry/" + RegistryId;

    /// <summary>Reads the identity; null in a database that has none yet.</summary>
    public static async ValueTask<AuditIdentity?> ReadAsync(StoreConnection connection)
    {
        var id = await connection.ScalarAsync("select value from meta where name = @name", ("name", IdName)).ConfigureAwait(false);
        var key = await connection.ScalarAsync("select value from secret where name = @name", ("name", KeyName)).ConfigureAwait(false);
        if (id is not string registryId || key is not string encoded)
            return null;
        var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(Convert.FromBase64String(encoded), out _);
        return new AuditIdentity(registryId, ecdsa);
    }

    /// <summary>Makes the identity where there is none, with the empty tree. The caller has the turn to write.</summary>
    public static async ValueTask<AuditIdentity> ReadOrMakeAsync(Dialect dialect, StoreConnection writer, DateTimeOffset now)
    {
        await dialect.BeginWriteAsync(writer).ConfigureAwait(false);
        try
        {
            if (await ReadAsync(writer).ConfigureAwait(false) is not { } identity)
            {
                identity = new AuditIdentity("reg_" + RandomNumberGenerator.GetHexString(20, lowercase: true), ECDsa.Create(ECCurve.NamedCurves.nistP256));
                await writer.ExecuteAsync("insert into meta (name, value) values (@name, @value)", ("name", IdName), ("value", identity.RegistryId)).ConfigureAwait(false);
                await writer.ExecuteAsync(
                    "insert into secret (name, value, created_at) values (@name, @value, @at)",
                    ("name", KeyName), ("value", Convert.ToBase64String(identity.Key.ExportPkcs8PrivateKey())), ("at", now)).ConfigureAwait(false);
                await AuditAppender.PlantAsync(writer).ConfigureAwait(false);
            }
            await dialect.CommitAsync(writer).ConfigureAwait(false);
            return identity;
        }
        catch
        {
            await dialect.RollbackAsync(writer).ConfigureAwait(false);
            throw;
        }
    }
}
