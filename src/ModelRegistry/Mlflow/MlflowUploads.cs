using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>An upload that was begun.</summary>
/// <param name="Seals">For each part, from the first on, what shows that its address was given out here.</param>
public sealed record MlflowUploadView(string UploadId, IReadOnlyList<string> Seals);

/// <summary>A part as whoever completes an upload names it.</summary>
/// <param name="Number">From 1.</param>
/// <param name="ETag">What its address answered, with or without quotation marks.</param>
public sealed record MlflowPart(int Number, string ETag);

/// <summary>
/// Files of MLflow's clients that come in parts: in any order, at once, again, and to any replica. A client sends a part without its
/// credential; that it may is in the part's address, which is good for this part of this upload and for a day, and no longer than the
/// upload, and the credential it was begun with. What the last step leaves is what <see cref="MlflowArtifacts.PutAsync"/> leaves.
/// </summary>
public sealed class MlflowUploads
{
    /// <summary>Parts of one upload.</summary>
    public const int MostParts = 10_000;

    /// <summary>The longest part, in bytes: 5 GiB.</summary>
    public const long MostOfPart = 5L << 30;

    /// <summary>Uploads that one caller may have under way at once.</summary>
    public const int MostUnderWay = 1_000;

    /// <summary>How long an upload may take: as long as one that was cut waits to go on.</summary>
    public static TimeSpan Lasts { get; } = StagingSweep.UploadAbandonedAfter;

    private const string Purpose = "mlflow-part", Tokenless = "local";
    private const int ForgottenAtOnce = 10;

    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;
    private readonly OneTimeStates _states;
    private readonly LocalActors _locals;

    // Each reads and writes as much as its file has, whoever waits for it still.
    private static readonly SemaphoreSlim Turns = new(4);

    // Making one file of long parts outlasts a client's patience: it asks again, and waits for the same.
    private readonly ConcurrentDictionary<string, Lazy<Task<Outcome<string>>>> _assembling = new(StringComparer.Ordinal);

    internal MlflowUploads(RegistryDb db, ArtifactVault vault, OneTimeStates states, LocalActors locals) => (_db, _vault, _states, _locals) = (db, vault, states, locals);

    /// <summary>Begins an upload.</summary>
    /// <param name="folder">Where the file is to be; empty: at the top.</param>
    /// <param name="name">Its name, or its path on the client's machine, whose last step is the name.</param>
    /// <param name="parts">In how many parts it will come.</param>
    public async Task<Outcome<MlflowUploadView>> BeginAsync(Actor by, string folder, string name, string? parts, CancellationToken cancel = default)
    {
        var path = PathOf(folder, name);
        var act = new AuditAct("artifact.upload_parts", "artifact", path);
        var begun = await _db.WriteAsync<StoredMultipart>(by, act, async session =>
        {
            if ((MlflowArtifacts.Unfit(by, path) ?? (by.Answerable is null ? Refusals.NoOwner : null)) is { } no)
                return no;
            if (!int.TryParse(parts ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MostParts)
                return Refusals.InvalidArgument("num_parts", $"a whole number from 1 to {MostParts}");
            await session.ForgetExpiredMultipartsAsync(ForgottenAtOnce);
            if ((await MlflowArtifacts.CrowdedAsync(session, by) ?? (await session.MultipartCountAsync(by.Id) >= MostUnderWay ? Refusals.UploadsUnderWay(MostUnderWay) : null)) is { } crowded)
                return crowded;
            var upload = new StoredMultipart(Ids.New("upl", session.Now), by.Id, by.CredentialId ?? "", path, count, session.Now + Lasts, false);
            await session.BeginMultipartAsync(upload);
            return new Written<StoredMultipart>(upload, [act with { Facts = new JsonObject { ["parts"] = count } }], []);
        }, cancel);
        if (begun.Refusal is { } refused)
            return refused;
        return await _db.ReadAsync(async session =>
        {
            var seals = new string[begun.Value.PartCount];
            for (var i = 0; i < seals.Length; i++)
                seals[i] = await _states.SealAsync(session, Purpose, Sealed(begun.Value.Id, i + 1));
            return new MlflowUploadView(begun.Value.Id, seals);
        }, cancel);
    }

    /// <summary>Whose a part's address is, as they stand now: who has begun the upload, while it is under way and while they may upload.</summary>
    /// <param name="osUser">The user of the operating system, for who came without a token.</param>
    /// <returns>Or <c>part_address_invalid</c>.</returns>
    public async Task<Outcome<Actor>> BearerAsync(string uploadId, string number, string? seal, string osUser, string door, CancellationToken cancel = default)
    {
        if (seal is not { Length: < 100 } || uploadId.Length > 100 || PartNumber(number) is not { } part)
            return Refusals.PartAddressInvalid;
        var (upload, bearer) = await _db.ReadAsync<(StoredMultipart?, Outcome<Actor>)>(async session =>
        {
            if (!await _states.IsSealAsync(session, Purpose, Sealed(uploadId, part), seal) || await session.MultipartAsync(uploadId) is not { IsDone: false } found || part > found.PartCount)
                return (null, Refusals.PartAddressInvalid);
            return (found, found.CredentialId == Tokenless ? Refusals.TokenRequired : await Tokens.BearerAsync(session, found.CredentialId, door));
        }, cancel);
        if (upload is { CredentialId: Tokenless })
            bearer = await _locals.TokenlessAsync(osUser, door, cancel);
        return bearer.Refusal is null && bearer.Value.Id == upload?.ActorId && Permissions.Check(bearer.Value, Permission.Register) is null ? bearer : Refusals.PartAddressInvalid;
    }

    /// <summary>Takes a part, in place of what came for it before.</summary>
    /// <returns>What it hashes to, which is its ETag; or <c>part_address_invalid</c>, <c>file_too_large</c>.</returns>
    public async Task<Outcome<string>> PutPartAsync(Actor by, string uploadId, string number, Stream content, CancellationToken cancel = default)
    {
        if (PartNumber(number) is not { } part || Permissions.Check(by, Permission.Register) is not null)
            return Refusals.PartAddressInvalid;
        // A part that came in place of another while the file is made would undo that work, again and again.
        if (_assembling.ContainsKey(uploadId) || await _db.ReadAsync(session => session.MultipartAsync(uploadId), cancel) is not { IsDone: false })
            return Refusals.PartAddressInvalid;
        var parked = await _vault.ParkAsync(content, MostOfPart, cancel);
        if (parked.Refusal is { } untaken)
            return untaken;
        ParkedContent? before = null;
        var act = new AuditAct("artifact.upload_part", "artifact", uploadId, null, new JsonObject { ["part"] = part, ["sha256"] = parked.Value.Digest.Hex, ["size"] = parked.Value.Size });
        var kept = await _db.WriteAsync<string>(by, act, async session =>
        {
            if (await session.MultipartAsync(uploadId) is not { IsDone: false } upload || upload.ActorId != by.Id || part > upload.PartCount)
                return Refusals.PartAddressInvalid;
            if (await session.PartBytesAsync(uploadId, part) > _vault.MostOfParts - parked.Value.Size)
                return Refusals.FileTooLarge(_vault.MostOfParts);
            before = await session.PartAsync(uploadId, part);
            await session.KeepPartAsync(uploadId, part, parked.Value);
            return new Written<string>(parked.Value.Digest.Hex, [act], []);
        }, cancel);
        await _vault.ForgetPartsAsync(kept.Refusal is not null ? [parked.Value] : before is { } old ? [old] : []);
        return kept;
    }

    /// <summary>Makes the file of its parts. Asked again, also meanwhile, it is the same file.</summary>
    /// <returns>The path; or <c>multipart_gone</c>, <c>upload_parts_invalid</c>, <c>upload_part_missing</c>, or why a file cannot be put there.</returns>
    public async Task<Outcome<string>> CompleteAsync(Actor by, string folder, string name, string uploadId, IReadOnlyList<MlflowPart> named, CancellationToken cancel = default)
    {
        var path = PathOf(folder, name);
        if (MlflowArtifacts.Unfit(by, path) is { } no)
            return await _db.WriteAsync<string>(by, new AuditAct("artifact.upload", "artifact", path), _ => new(no), cancel);
        var (found, parts, collected) = await _db.ReadAsync(async session =>
            (await OwnAsync(session, by, path, uploadId), await session.PartsAsync(uploadId), await session.CollectedUpToAsync()), cancel);
        if (found is not { } upload)
            return Refusals.MultipartGone(uploadId);
        if (upload.IsDone)
            return path;
        if (Misnamed(upload, parts, named) is { } wrong)
            return wrong;
        var work = _assembling.GetOrAdd(upload.Id, _ => new(() => AssembleAsync(by, upload, [.. parts.Select(p => p.Content)], collected)));
        return await work.Value.WaitAsync(cancel);
    }

    /// <summary>Gives an upload up: its addresses take nothing more, and what came is deleted.</summary>
    /// <returns>The path it was for, or <c>multipart_gone</c>.</returns>
    public async Task<Outcome<string>> AbortAsync(Actor by, string folder, string name, string uploadId, CancellationToken cancel = default)
    {
        var path = PathOf(folder, name);
        List<(int, ParkedContent Content)> parts = [];
        var act = new AuditAct("artifact.upload_abort", "artifact", path);
        var gone = await _db.WriteAsync<string>(by, act, async session =>
        {
            if (Permissions.Check(by, Permission.Register) is { } no)
                return no;
            if (await OwnAsync(session, by, path, uploadId) is not { IsDone: false })
                return Refusals.MultipartGone(uploadId);
            parts = await session.PartsAsync(uploadId);
            await session.ForgetMultipartAsync(uploadId);
            return new Written<string>(path, [act], []);
        }, cancel);
        await _vault.ForgetPartsAsync(parts.Select(p => p.Content));
        return gone;
    }

    // Goes on whoever leaves: who asks again finds the file.
    private Task<Outcome<string>> AssembleAsync(Actor by, StoredMultipart upload, IReadOnlyList<ParkedContent> parts, long collected) => Task.Run<Outcome<string>>(async () =>
    {
        await Turns.WaitAsync();
        try
        {
            var stored = await _vault.AssembleAsync(parts, CancellationToken.None);
            if (stored.Refusal is { } no)
                // Another replica was faster, and took the parts away.
                return await _db.ReadAsync(session => session.MultipartAsync(upload.Id), CancellationToken.None) is { IsDone: true } ? upload.Path : no;
            var file = new FileEntry(upload.Path, stored.Value.Size, stored.Value.Digest);
            var act = MlflowArtifacts.Act("artifact.upload", file);
            var kept = await _db.WriteAsync<string>(by, act, async session =>
            {
                if (await session.MultipartAsync(upload.Id) is not { } now)
                    return Refusals.MultipartGone(upload.Id);
                if (now.IsDone)
                    return new Written<string>(file.Path, [], []);
                if (await session.CollectedSinceAsync([file], collected))
                    return Refusals.ContentCollected;
                await session.FinishMultipartAsync(upload.Id);
                await session.KeepUploadedAsync(upload.ActorId, file);
                return new Written<string>(file.Path, [act], []);
            }, CancellationToken.None);
            if (kept.Refusal is null)
                await _vault.ForgetPartsAsync(parts);
            return kept;
        }
        finally
        {
            Turns.Release();
            _assembling.TryRemove(upload.Id, out _);
        }
    });

    private static async ValueTask<StoredMultipart?> OwnAsync(RegistrySession session, Actor by, string path, string uploadId) =>
        await session.MultipartAsync(uploadId) is { } upload && upload.ActorId == by.Id && upload.Path == path ? upload : null;

    /// <summary>Whether the parts that are named are all there are, and each is the one that was sent last.</summary>
    private static Refusal? Misnamed(StoredMultipart upload, IReadOnlyList<(int Number, ParkedContent Content)> here, IReadOnlyList<MlflowPart> named)
    {
        var tags = new Dictionary<int, string>();
        foreach (var part in named)
            if (part.Number < 1 || part.Number > upload.PartCount || !tags.TryAdd(part.Number, part.ETag.Trim('"')))
                return Refusals.UploadPartsInvalid($"part {part.Number} is named twice, or there is none of that number");
        var there = here.ToDictionary(p => p.Number, p => p.Content.Digest.Hex);
        for (var number = 1; number <= upload.PartCount; number++)
            if (!there.TryGetValue(number, out var hex))
                return Refusals.UploadPartMissing(number);
            else if (!tags.TryGetValue(number, out var tag) || !tag.Equals(hex, StringComparison.OrdinalIgnoreCase))
                return Refusals.UploadPartsInvalid($"part {number} has another ETag, or was not named");
        return null;
    }

    // A client may send the path that the file has on its machine, whatever that is.
    private static string PathOf(string folder, string name)
    {
        var last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        return folder.Trim('/') is { Length: > 0 } within ? $"{within}/{last}" : last;
    }

    private static string Sealed(string uploadId, int part) => string.Create(CultureInfo.InvariantCulture, $"{uploadId}/{part}");

    private static int? PartNumber(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MostParts ? number : null;
}
