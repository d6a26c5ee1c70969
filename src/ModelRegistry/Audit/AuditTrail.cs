using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Storage;

namespace ModelRegistry.Audit;

/// <param name="ModelName">A model's name, or its id, which a deleted one keeps.</param>
/// <param name="Subject">An id or name that entries are about.</param>
/// <param name="ActorId">An actor's id, or the name of one that is on record.</param>
/// <param name="Verb">What happened, such as <c>promotion.apply</c>.</param>
/// <param name="Outcome"><c>done</c> or <c>refused</c>; null: both.</param>
public sealed record AuditQuery(string? ModelName = null, string? Subject = null, string? ActorId = null, int Limit = 50, string? Cursor = null, string? Verb = null, string? Outcome = null);

/// <summary>Lists the audit log, and proves that nothing in it was changed, lost or cut off.</summary>
public sealed class AuditTrail
{
    // Addresses that earlier releases wrote beside the entries. They are nobody's but their person's.
    private const string Unshown = "email";

    private const int Batch = 1000;

    // Read for one page where several filters meet.
    private const int MostLookedAt = 20_000;

    // Clocks of two machines that are both right.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(1);

    private readonly RegistryDb _db;
    private readonly RegistryOptions _options;
    private int _verifying;

    internal AuditTrail(RegistryDb db, RegistryOptions options) => (_db, _options) = (db, options);

    /// <summary>
    /// Entries, newest first. Where several filters meet, a page may hold few entries, or none, and still lead on: the part
    /// of the log that it looked at is bounded.
    /// </summary>
    public async Task<Outcome<Page<AuditEntryView>>> ListAsync(Actor by, AuditQuery query, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (ModelRegistry.Cursor.Limit(query.Limit).Refusal is { } limit)
            return limit;
        if (query.Outcome is not (null or "done" or "refused"))
            return Refusals.InvalidArgument("outcome", "done or refused");
        var below = long.MaxValue;
        if (query.Cursor is not null && (ModelRegistry.Cursor.Read(query.Cursor, 1) is not [var key] || !long.TryParse(key, out below)))
            return Refusals.CursorInvalid;
        return await _db.ReadAsync<Outcome<Page<AuditEntryView>>>(async session =>
        {
            string? modelId = null;
            if (query.ModelName is not null)
            {
                // A deleted model has no name any more, but its id and its entries stay.
                modelId = (await session.FindModelAsync(query.ModelName))?.Id ?? (await session.HasModelIdAsync(query.ModelName) ? query.ModelName : null);
                if (modelId is null)
                    return Refusals.ModelNotFound(query.ModelName, await session.NearestModelNameAsync(query.ModelName));
            }
            var actorId = query.ActorId is null ? null : (await session.FindActorByNameAsync(query.ActorId))?.Id ?? query.ActorId;
            var filter = new AuditFilter(modelId, query.Subject, actorId, query.Verb, query.Outcome is null ? null : query.Outcome == "refused");
            var (rows, lookedDownTo) = await session.AuditRowsAsync(filter, below, query.Limit + 1, MostLookedAt);
            var texts = await session.ErasablesAsync([.. rows.Select(r => r.Position)]);
            var next = rows.Count > query.Limit ? rows[query.Limit - 1].Position : lookedDownTo;
            return new Page<AuditEntryView>([.. rows.Take(query.Limit).Select(r => View(r, [.. texts[r.Position].Where(t => t.Field != Unshown)]))], next is null ? null : ModelRegistry.Cursor.Write(next.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }, cancel);
    }

    /// <summary>
    /// Recomputes everything: each leaf's hash, the tree, every signed checkpoint in the database and the one in the file
    /// beside it, and <paramref name="checkpoint"/> when one is given that was kept elsewhere.
    /// </summary>
    /// <remarks>It reads the whole log, so one process does it once at a time.</remarks>
    /// <param name="checkpoint">The text of a signed checkpoint; null: none but the registry's own.</param>
    public async Task<Outcome<AuditReportView>> VerifyAsync(Actor by, string? checkpoint, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (Interlocked.Exchange(ref _verifying, 1) == 1)
            return Refusals.VerificationRunning;
        try
        {
            return await VerifyAloneAsync(checkpoint, cancel);
        }
        finally
        {
            Volatile.Write(ref _verifying, 0);
        }
    }

    private async Task<Outcome<AuditReportView>> VerifyAloneAsync(string? checkpoint, CancellationToken cancel)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_db.AuditPublicKey(), out _);
        var findings = new List<AuditFindingView>();
        var witnesses = new List<SignedHead>();
        if (checkpoint is not null)
        {
            var opened = Checkpoint.Open(checkpoint, _db.AuditOrigin, key);
            if (opened.Refusal is { } bad)
                return bad;
            witnesses.Add(new SignedHead("the checkpoint given", opened.Value.Size, opened.Value.Root));
        }
        // The file beside the database is read before the database, so that it can only be behind.
        if (ReadFile() is { } file)
            Witness("checkpoints/latest", file);

        // The end of the log is settled in one transaction, with the checkpoints of that moment; the entries up to it are read a few
        // at a time, so that none is open for long. What is appended meanwhile is not looked at.
        var (verification, to, now) = await _db.ReadAsync(async session =>
        {
            foreach (var note in await session.CheckpointNotesAsync())
                Witness("the database", note);
            var head = await session.AuditHeadAsync();
            return (new AuditVerification(witnesses, head), Math.Max(head?.Size ?? 0, await session.LastPositionAsync()), session.Now);
        }, cancel);
        string? ahead = null;
        for (var after = long.MinValue; ;)
        {
            var (rows, texts) = await _db.ReadAsync(async session =>
            {
                var rows = await session.AuditBatchAsync(after, to, Batch);
                return (rows, (rows.Count == 0 ? [] : await session.ErasablesAsync(rows[0].Position, rows[^1].Position)).ToLookup(e => e.Position, e => e.Text));
            }, cancel);
            if (rows.Count == 0)
                break;
            foreach (var row in rows)
                verification.Add(new StoredEntry(row.Position, row.Leaf, row.LeafHash, [.. texts[row.Position]]));
            ahead ??= Ahead(rows, now);
            after = rows[^1].Position;
        }
        var report = verification.Report();
        findings.AddRange(report.Findings.Select(f => new AuditFindingView(f.Kind, f.Position ?? 0, f.Sentence)));
        return new AuditReportView(findings.Count == 0 && report.Sound, report.Entries, report.Root?.Hex ?? "", witnesses.MaxBy(w => w.Size)?.Label, findings, ahead);

        void Witness(string label, string note)
        {
            var opened = Checkpoint.Open(note, _db.AuditOrigin, key);
            if (opened.Refusal is { } bad)
                findings.Add(new AuditFindingView("bad_checkpoint", 0, $"The checkpoint in {label} is not good: {bad.Message}"));
            else
                witnesses.Add(new SignedHead(label, opened.Value.Size, opened.Value.Root));
        }
    }

    /// <summary>
    /// Where the log's times run ahead of this machine's clock. They never step back, so whoever pushed a clock forward once made all
    /// that follows late; deadlines are judged by them.
    /// </summary>
    private static string? Ahead(IReadOnlyList<AuditRow> rows, DateTimeOffset now)
    {
        bool IsAhead(AuditRow row) => AuditLeaf.ReadTime(row.Leaf) is { } at && at - now > ClockSlack;
        return IsAhead(rows[^1]) && rows.First(IsAhead) is { } first
            ? $"From entry {first.Position} on the log is dated {Times.Text(AuditLeaf.ReadTime(first.Leaf)!.Value)} and later; this machine's clock says {Times.Text(now)}. One of the two was wrong." : null;
    }

    /// <summary>The latest signed checkpoint, to be kept where nobody who can write here can write: the text that <see cref="VerifyAsync"/> takes.</summary>
    public async Task<Outcome<string>> CheckpointAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        var notes = await _db.ReadAsync(session => session.CheckpointNotesAsync(), cancel);
        return ReadFile() ?? notes.LastOrDefault() ?? (Outcome<string>)Refusals.CheckpointMissing;
    }

    private string? ReadFile()
    {
        var path = Path.Combine(_options.DataFolder, "checkpoints", "latest");
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Reading the checkpoint file", e);
        }
    }

    private static AuditEntryView View(AuditRow row, IEnumerable<ErasableText> erasables)
    {
        var entry = JsonNode.Parse(row.Leaf)!.AsObject();
        var texts = new JsonObject();
        foreach (var text in erasables)
            texts[text.Field] = text.Text;
        entry["texts"] = texts;
        var name = (string?)texts["actor.name"] ?? Text(entry["actor"]?["id"]);
        return new AuditEntryView(row.Position, Times.Parse((string)entry["at"]!), Text(entry["verb"]), Text(entry["outcome"]), name, Text(entry["subject"]?["type"]), Text(entry["subject"]?["id"]), entry);
    }

    /// <summary>A text of a leaf. One that was too long for it is there as its length and digest: whoever sent it made it so, and its entry is read like any other.</summary>
    private static string Text(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonObject marker => $"(a text of {marker["bytes"]} bytes, SHA-256 {marker["sha256"]})",
        _ => "",
    };
}
