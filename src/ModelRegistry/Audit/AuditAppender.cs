using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Storage;

namespace ModelRegistry.Audit;

/// <summary>Where the log ends: the tree over all entries, the time of the last one, the last number of the feed.</summary>
internal readonly record struct AuditHead(Frontier Tree, long At, long FeedSeq);

/// <summary>
/// Appends entries within a transaction that is alone in writing: entries, what is erasable beside them, and the feed as
/// they come; the tree's head once, before the commit, with a signed checkpoint of it where one is due.
/// </summary>
/// <remarks>
/// Signing does not make the log in the database safer, since the key is there too; it is for the copies outside. So it is
/// done as often as those are made (<see cref="CheckpointFile.Interval"/>), and not at every commit of a busy log.
/// </remarks>
internal sealed class AuditAppender
{
    /// <summary>Of the checkpoints within so many entries the first is kept for ever, beside the latest of all.</summary>
    private const long Band = 1024;

    /// <summary>The longest text in the columns that entries are found by; the leaf has its own limits.</summary>
    private const int MaxColumn = 512;

    private readonly AuditIdentity _identity;
    private readonly StoreConnection _connection;
    private readonly long _sizeBefore;

    private AuditAppender(AuditIdentity identity, StoreConnection connection, AuditHead head) =>
        (_identity, _connection, Head, _sizeBefore) = (identity, connection, head, head.Tree.Size);

    /// <summary>The end of the log as it is now. Set back by whoever rolls an entry back.</summary>
    public AuditHead Head { get; set; }

    public bool HasAppended => Head.Tree.Size > _sizeBefore;

    /// <summary>Begins at the log's end.</summary>
    /// <exception cref="StorageUnavailableException">The registry does not live in this database (any more, or yet).</exception>
    public static async ValueTask<AuditAppender> BeginAsync(AuditIdentity identity, Dialect dialect, StoreConnection connection)
    {
        var (frontier, at, seq) = await connection.OneAsync(
            "select frontier, at, feed_seq from audit_tree where id = 1",
            r => (r.GetFieldValue<byte[]>(0), r.GetInt64(1), r.GetInt64(2))).ConfigureAwait(false);
        if (frontier is null)
        {
            await MoveMark.DemandLiveAsync(dialect, connection).ConfigureAwait(false);
            throw new InvalidOperationException("The audit log has lost its head.");
        }
        return new AuditAppender(identity, connection, new AuditHead(Frontier.FromBytes(frontier), at, seq));
    }

    /// <summary>Writes the head of the empty log.</summary>
    public static async ValueTask PlantAsync(StoreConnection connection) => await connection.ExecuteAsync(
        "insert into audit_tree (id, size, frontier, root, at, feed_seq) values (1, 0, @frontier, @root, 0, 0)",
        ("frontier", Frontier.Empty.ToBytes()), ("root", Frontier.Empty.Root().ToBytes())).ConfigureAwait(false);

    /// <summary>The statements that append one request's acts and changes; the head moves on.</summary>
    public List<SqlStatement> Append(WriteRequest request, DateTimeOffset now, Settled decision)
    {
        var acts = decision.Refusal is { } refusal ? [Refused(request.Attempt, refusal)] : decision.Acts;
        var outcome = decision.Refusal is null ? AuditOutcome.Done : AuditOutcome.Refused;
        var actor = AuditActor.Of(request.By);
        List<SqlStatement> statements = [];
        foreach (var act in acts)
        {
            var entry = new AuditEntry
            {
                Id = "aud_" + Guid.CreateVersion7(now).ToString("N"),
                At = now,
                Verb = act.Verb,
                Outcome = outcome,
                Actor = actor,
                Subject = new AuditSubject(act.SubjectType, act.SubjectId),
                Model = act.ModelId,
                RequestId = request.RequestId,
                Facts = act.Facts ?? [],
                Erasable = act.Erasable ?? new Dictionary<string, string>(),
            };
            var sealedEntry = entry.Seal(static () => RandomNumberGenerator.GetBytes(ErasableText.SaltBytes));
            Head = Head with { Tree = Head.Tree.Append(sealedEntry.LeafHash), At = Times.Micros(now) };
            statements.Add(Entry(Head.Tree.Size, entry, sealedEntry));
            statements.AddRange(sealedEntry.Erasable.Select(text => Erasable(Head.Tree.Size, text)));
        }
        foreach (var change in decision.Changes)
        {
            Head = Head with { FeedSeq = Head.FeedSeq + 1 };
            statements.Add(Change(Head, change));
        }
        return statements;
    }

    /// <summary>The statements that write the head and, where a checkpoint is due, that too; with the signed note.</summary>
    /// <param name="due">Whether one is due by the time that has passed; a new band is signed at once.</param>
    public (List<SqlStatement> Statements, string? Note) Close(bool due)
    {
        var (tree, at, seq) = Head;
        var statements = new List<SqlStatement>
        {
            new("update audit_tree set size = @size, frontier = @frontier, root = @root, at = @at, feed_seq = @seq where id = 1",
                [("size", tree.Size), ("frontier", tree.ToBytes()), ("root", tree.Root().ToBytes()), ("at", at), ("seq", seq)]),
        };
        return (statements, due || _sizeBefore / Band != tree.Size / Band ? Sign(statements) : null);
    }

    /// <summary>The checkpoint of the head, signed and kept if it is not yet; null for an empty log.</summary>
    public async ValueTask<string?> CheckpointAsync(Dialect dialect)
    {
        if (Head.Tree.Size == 0)
            return null;
        if (await _connection.ScalarAsync("select note from audit_checkpoint where size = @size", ("size", Head.Tree.Size)).ConfigureAwait(false) is string signed)
            return signed;
        List<SqlStatement> statements = [];
        var note = Sign(statements);
        await dialect.ExecuteAllAsync(_connection, statements).ConfigureAwait(false);
        return note;
    }

    private string Sign(List<SqlStatement> statements)
    {
        var size = Head.Tree.Size;
        var note = new Checkpoint(_identity.Origin, size, Head.Tree.Root()).Sign(_identity.Key);
        statements.Add(new(
            "delete from audit_checkpoint where size > (select min(size) from audit_checkpoint where size >= @band)",
            [("band", size - size % Band)]));
        statements.Add(new(
            "insert into audit_checkpoint (size, note, at) values (@size, @note, @at)",
            [("size", size), ("note", note), ("at", Head.At)]));
        return note;
    }

    private static AuditAct Refused(AuditAct attempt, Refusal refusal)
    {
        // What a caller asked for in vain may be no text at all; the refusal is recorded all the same.
        var facts = new JsonObject((attempt.Facts ?? []).Select(f => KeyValuePair.Create(f.Key, f.Value?.GetValueKind() == JsonValueKind.String ? (JsonNode?)Column((string)f.Value!) : f.Value?.DeepClone())));
        facts["code"] = refusal.Code;
        return attempt with { Facts = facts };
    }

    private static SqlStatement Entry(long position, AuditEntry entry, SealedEntry sealedEntry) => new(
        """
        insert into audit_entry (position, id, at, verb, outcome, actor_id, model_id, subject_type, subject_id, leaf, leaf_hash)
        values (@position, @id, @at, @verb, @outcome, @actor, @model, @type, @subject, @leaf, @hash)
        """,
        [
            ("position", position), ("id", entry.Id), ("at", entry.At), ("verb", entry.Verb),
            ("outcome", entry.Outcome == AuditOutcome.Done ? "done" : "refused"), ("actor", entry.Actor.Id),
            ("model", Column(entry.Model)), ("type", entry.Subject.Type), ("subject", Column(entry.Subject.Id)),
            ("leaf", sealedEntry.Leaf), ("hash", sealedEntry.LeafHash.ToBytes()),
        ]);

    private static SqlStatement Erasable(long position, ErasableText text) => new(
        "insert into audit_erasable (position, field, salt, value) values (@position, @field, @salt, @value)",
        [("position", position), ("field", text.Field), ("salt", text.Salt), ("value", text.Text)]);

    private static SqlStatement Change(AuditHead head, FeedChange change) => new(
        """
        insert into change_feed (seq, at, kind, model_id, reference, audit_position)
        values (@seq, @at, @kind, @model, @reference, @position)
        """,
        [
            ("seq", head.FeedSeq), ("at", head.At), ("kind", change.Kind), ("model", change.ModelId),
            ("reference", change.Reference), ("position", head.Tree.Size),
        ]);

    /// <summary>What a caller named may be any text; not every database can keep every text, nor index a long one.</summary>
    private static string? Column(string? text)
    {
        if (text is null)
            return null;
        var wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Length <= MaxColumn ? text : text[..MaxColumn]));
        return wellFormed.Replace('\0', '\uFFFD');
    }
}
