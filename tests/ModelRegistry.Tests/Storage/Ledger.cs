using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Storage;

namespace ModelRegistry.Tests.Storage;

/// <summary>The smallest domain there is: a table that the storage engine's tests write to.</summary>
internal static class Ledger
{
    public static readonly Actor Ada = new("act_ada", "Ada", ActorKind.Person, [Permissions.Admin], [], null, Door: "test");

    public static readonly Refusal No = new(RefusalKind.Conflict, "ledger_closed", "The ledger is closed.", "Open it.");

    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        .. Migration.Known,
        new Migration(Migration.Known.Count + 1, "9999_ledger", "create table ledger (id {text} not null primary key, amount bigint not null, share {real}, bytes {bytes})"),
    ];

    public static Task<RegistryDb> OpenAsync(StorageOptions options, TimeProvider? time = null) =>
        RegistryDb.OpenAsync(options, time ?? TimeProvider.System, NullLogger.Instance, Migrations);

    public static AuditAct Adding(string id) => new("ledger.add", "line", id, "mod_1", new JsonObject { ["line"] = id });

    public static async ValueTask<int> InsertAsync(RegistrySession session, string id) =>
        await session.ExecuteAsync("insert into ledger (id, amount) values (@id, @amount)", ("id", id), ("amount", 1));

    /// <summary>Adds a line: one change, one entry, one row of the feed.</summary>
    public static Task<Outcome<string>> AddAsync(this RegistryDb db, string id, CancellationToken ct = default) =>
        db.WriteAsync<string>(Ada, Adding(id), async session =>
        {
            await InsertAsync(session, id);
            return new Written<string>(id, [Adding(id)], [new FeedChange("ledger", "mod_1", id)]);
        }, ct);

    public static Task<List<string>> LinesAsync(this RegistryDb db) =>
        db.ReadAsync(s => s.ManyAsync("select id from ledger order by id", r => r.GetString(0)), default);

    public static Task<List<(long Position, string Verb, string Outcome, string Subject)>> EntriesAsync(this RegistryDb db) =>
        db.ReadAsync(s => s.ManyAsync(
            "select position, verb, outcome, subject_id from audit_entry order by position",
            r => (r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3))), default);

    /// <summary>Recomputes the whole log and holds it against the stored head and every stored checkpoint.</summary>
    public static Task<AuditReport> VerifyAsync(this RegistryDb db) => db.ReadAsync(async session =>
    {
        using var key = db.OpenAuditKey();
        var checkpoints = await session.ManyAsync("select note from audit_checkpoint", r => Checkpoint.Open(r.GetString(0), db.AuditOrigin, key).Value);
        var head = await session.OneAsync(
            "select size, root, frontier from audit_tree",
            r => new StoredHead(r.GetInt64(0), Digest.FromHash(r.GetFieldValue<byte[]>(1)), r.GetFieldValue<byte[]>(2)));
        var texts = (await session.ManyAsync(
                "select position, field, salt, value from audit_erasable",
                r => (Position: r.GetInt64(0), Text: new ErasableText(r.GetString(1), r.GetFieldValue<byte[]>(2), r.GetString(3)))))
            .ToLookup(t => t.Position, t => t.Text);
        var verification = new AuditVerification(checkpoints.Select(c => new SignedHead("database", c.Size, c.Root)), head);
        foreach (var (position, leaf, hash) in await session.ManyAsync(
            "select position, leaf, leaf_hash from audit_entry order by position",
            r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1), r.GetFieldValue<byte[]>(2))))
            verification.Add(new StoredEntry(position, leaf, Digest.FromHash(hash), [.. texts[position]]));
        return verification.Report();
    }, default);

    public static System.Security.Cryptography.ECDsa OpenAuditKey(this RegistryDb db)
    {
        var key = System.Security.Cryptography.ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(db.AuditPublicKey(), out _);
        return key;
    }
}

/// <summary>A clock that stands where it is put.</summary>
internal sealed class SetClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Time { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Time;
}
