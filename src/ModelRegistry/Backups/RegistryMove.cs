using ModelRegistry.Artifacts;
using ModelRegistry.Audit;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Backups;

/// <summary>How far a move is.</summary>
public enum MoveStep
{
    /// <summary>Contents are copied; everybody writes.</summary>
    Contents,
    /// <summary>Who wants to write waits, and rows are copied.</summary>
    Rows,
    /// <summary>What arrived is read again and compared.</summary>
    Comparing,
    /// <summary>Everything has arrived; the registry still lives where it was.</summary>
    Arrived,
    /// <summary>It does not live there any more.</summary>
    Closed,
}

/// <summary>What a move came to.</summary>
/// <param name="Database">Where the registry lives now; <paramref name="From"/> where it lived before. Both without secrets.</param>
/// <param name="Artifacts">Where its contents are.</param>
/// <param name="Rows">How many were copied; 0 where an earlier run had done so, as when a move is undone.</param>
/// <param name="Contents">How many contents were to be in another store; <paramref name="Copied"/> of them were copied now.</param>
/// <param name="Options">The options with which programs find it there; a password is left out.</param>
public sealed record MoveView(string RegistryId, string Database, string From, string Artifacts, long AuditSize, string AuditRoot, long Rows, long Contents, long Bytes, long Copied, string Options);

/// <summary>
/// Where a registry is to live from now on: another database, and another store of contents where one is named. The registry is the
/// same afterwards: one identity, one audit log with one root; where it was, nobody can write any more.
/// </summary>
/// <remarks>No role is asked: only who opens both databases comes here, and they have all of it already. Who it was is in the log.</remarks>
public static class RegistryMove
{
    /// <summary>
    /// Contents first, while everybody works; then, while writes wait, what came meanwhile and every row, compared on the other side.
    /// Only then the source is closed. A move that was cut, wherever, is run again.
    /// </summary>
    /// <param name="to">The database to move into: <c>postgres://…</c> or <c>sqlite:PATH</c>; empty, or one that an earlier run was cut in.</param>
    /// <param name="artifacts">The store to copy contents into; null: they stay where they are.</param>
    /// <param name="osUser">The user of the operating system, for the log.</param>
    /// <returns>Or <c>move_target_taken</c>, <c>move_target_copied</c>, <c>move_unequal</c>, why a content is missing.</returns>
    /// <exception cref="StorageUnavailableException">A database or a store cannot be used, or the registry does not live here.</exception>
    public static Task<Outcome<MoveView>> MoveAsync(RegistryOptions here, string to, string? artifacts, string osUser, TimeProvider time, IProgress<MoveStep>? steps = null, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default) =>
        BetweenAsync(here, to, async (source, target, standing, id, mark) =>
        {
            var (there, thereId, thereMark) = await OnAsync(target, () => DatabaseMove.LookAsync(target, cancel));
            if (standing == Standing.Moved)
                return await IsCopyAsync(target, thereMark, mark!, cancel) ? Refusals.MoveTargetCopied(target.Location, mark!.Place) : await EndAsync(here, source, target, to, artifacts, mark!, time, cancel);
            if (there is Standing.Live or Standing.Moved || (there == Standing.Arriving && thereId != id))
                return Refusals.MoveTargetTaken(target.Location, thereId!);
            return await BeginAsync(here, source, target, to, artifacts, osUser, time, steps, progress, cancel);
        }, cancel);

    /// <summary>Goes back, as long as nothing was written where the registry was moved to.</summary>
    /// <param name="to">Where it was moved to.</param>
    /// <param name="gone">Whether the person says that what was moved there is gone. That nothing is seen there does not prove it: it may be another machine's place of the same name.</param>
    /// <returns>Or <c>move_nothing_to_undo</c>, <c>move_elsewhere</c>, <c>move_target_unseen</c>, <c>move_target_copied</c>, <c>move_in_use</c>.</returns>
    /// <exception cref="StorageUnavailableException">A database cannot be used: whether the other one is in use has to be seen.</exception>
    public static Task<Outcome<MoveView>> UndoAsync(RegistryOptions here, string to, string osUser, TimeProvider time, bool gone = false, CancellationToken cancel = default) =>
        BetweenAsync(here, to, async (source, target, standing, id, mark) =>
        {
            if (standing != Standing.Moved)
                return Refusals.MoveNothingToUndo(source.Location);
            var (there, _, thereMark) = await OnAsync(target, () => DatabaseMove.LookAsync(target, cancel));
            if (there == Standing.Empty && target.Location != mark!.Place)
                return Refusals.MoveElsewhere(mark.Place, target.Location);
            if (there == Standing.Empty && !gone)
                return Refusals.MoveTargetUnseen(target.Location);
            if (!gone && await IsCopyAsync(target, thereMark, mark!, cancel))
                return Refusals.MoveTargetCopied(target.Location, mark!.Place);
            var by = await DatabaseMove.ReadAsync(source, time, session => LocalActors.CliAsync(session, osUser), cancel);
            await using var move = new DatabaseMove(source, target, time);
            var undone = await move.UndoAsync(mark!, there != Standing.Empty, by, Act("registry.move_undo", id!, target, source), cancel);
            if (undone.Refusal is { } no)
                return no;
            Keep(here, undone.Value);
            return View(here, undone.Value, new CopiedContents(0, 0, 0), source, here.Database, target, here.Artifacts);
        }, cancel);

    /// <summary>Names both databases, and looks at what the one that the registry is in is to it now.</summary>
    private static async Task<Outcome<MoveView>> BetweenAsync(RegistryOptions here, string to, Func<Dialect, Dialect, Standing, string?, MoveMark?, Task<Outcome<MoveView>>> work, CancellationToken cancel)
    {
        var named = Named(here, to);
        if (named.Refusal is { } nowhere)
            return nowhere;
        await using var target = named.Value;
        await using var source = Dialect.For(Options(here, here.Database));
        return await GuardedAsync(source, target, async () =>
        {
            var (standing, id, mark) = await DatabaseMove.LookAsync(source, cancel);
            return standing == Standing.Empty ? Refusals.RegistryMissing(source.Location) : await work(source, target, standing, id, mark);
        });
    }

    private static async Task<Outcome<MoveView>> BeginAsync(RegistryOptions here, Dialect source, Dialect target, string to, string? artifacts, string osUser, TimeProvider time, IProgress<MoveStep>? steps, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        // An older schema is brought up to date there, and that is on record.
        var opened = await RegistryServices.OpenAsync(here with { Policy = null }, time, cancel: cancel);
        if (opened.Refusal is { } no)
            return no;
        string id;
        await using (var registry = opened.Value)
            id = registry.Storage.RegistryId;
        // Nothing is deleted from the store while it is copied.
        await using var duty = await source.TryTakeDutyAsync(DutyOf.Collection, cancel);
        if (duty is null)
            return Refusals.CollectionBusy;
        var by = await DatabaseMove.ReadAsync(source, time, session => LocalActors.CliAsync(session, osUser), cancel);
        using var vault = artifacts is null ? null : new ArtifactVault(RegistryServices.OpenStore(here, time));
        using var into = artifacts is null ? null : new ArtifactVault(RegistryServices.OpenStore(here with { Artifacts = artifacts }, time));
        await using var move = new DatabaseMove(source, target, time);
        steps?.Report(MoveStep.Contents);
        var since = await move.LastEntryAtAsync(cancel);
        var contents = await CopyAsync(0);
        if (contents.Refusal is { } missing)
            return missing;

        await move.HoldAsync(by, Act("registry.move", id, source, target), cancel);
        steps?.Report(MoveStep.Rows);
        var late = await CopyAsync(since);
        if (late.Refusal is { } gone)
            return gone;
        var mark = new MoveMark(Ids.New("mov", time.GetUtcNow()), source.Location, Times.Truncate(time.GetUtcNow()));
        var arrived = await move.ArriveAsync(mark, () => steps?.Report(MoveStep.Comparing), cancel);
        if (arrived.Refusal is { } refused)
            return refused;
        steps?.Report(MoveStep.Arrived);
        // From here to the end it is not given up in between: the registry would be at home nowhere.
        var closed = mark with { Place = target.Location };
        await move.CloseAsync(closed);
        steps?.Report(MoveStep.Closed);
        if (await OnAsync(target, () => move.OpenAsync(closed, CancellationToken.None)) is null)
            throw StorageUnavailableException.Moved(source.Location, closed.Place, closed.At);
        Keep(here, arrived.Value);
        return View(here, arrived.Value, Sum(contents.Value, late.Value), target, to, source, artifacts ?? here.Artifacts);

        async Task<Outcome<CopiedContents>> CopyAsync(long after) => vault is null || into is null ? new CopiedContents(0, 0, 0)
            : await ContentsCopy.CopyAsync((last, most) => move.ContentsAsync(last, after, most, cancel), vault, into, progress, cancel);
    }

    /// <summary>Ends what was cut between closing and opening.</summary>
    private static async Task<Outcome<MoveView>> EndAsync(RegistryOptions here, Dialect source, Dialect target, string to, string? artifacts, MoveMark mark, TimeProvider time, CancellationToken cancel)
    {
        await using var move = new DatabaseMove(source, target, time);
        if (await OnAsync(target, () => move.OpenAsync(mark, cancel)) is not { } there)
            throw StorageUnavailableException.Moved(source.Location, mark.Place, mark.At);
        Keep(here, there);
        return View(here, there, new CopiedContents(0, 0, 0), target, to, source, artifacts ?? here.Artifacts);
    }

    /// <summary>Whether a copy of what was moved stands in for it: what happened since then in the other one cannot be seen there.</summary>
    private static async Task<bool> IsCopyAsync(Dialect target, MoveMark? there, MoveMark moved, CancellationToken cancel) =>
        there?.Move == moved.Move && await OnAsync(target, () => DatabaseMove.IsAnotherAsync(target, moved, cancel));

    private static Outcome<Dialect> Named(RegistryOptions here, string to)
    {
        try
        {
            return Dialect.For(Options(here, to));
        }
        catch (ArgumentException e) when (e.ParamName == "database")
        {
            return Refusals.InvalidArgument("to", "sqlite:PATH, postgres://user@host:port/name or an Npgsql connection string");
        }
    }

    private static StorageOptions Options(RegistryOptions options, string? database) => new(options.DataFolder, database);

    // Where it is and was may name a person's folder: such texts are kept so that they can be forgotten.
    private static AuditAct Act(string verb, string id, Dialect from, Dialect to) => new(verb, "registry", id, null,
        new() { ["from"] = from.SystemName, ["to"] = to.SystemName }, new Dictionary<string, string> { ["from"] = from.Location, ["to"] = to.Location });

    /// <summary>The checkpoint outside the database is the one of the log as it is now.</summary>
    private static void Keep(RegistryOptions options, MovedRows moved)
    {
        if (moved.Checkpoint is { } note)
            new CheckpointFile(options.DataFolder).Replace(note);
    }

    private static CopiedContents Sum(CopiedContents early, CopiedContents late) => new(early.Contents + late.Contents, early.Bytes + late.Bytes, early.Copied + late.Copied);

    private static MoveView View(RegistryOptions options, MovedRows moved, CopiedContents contents, Dialect home, string? named, Dialect before, string? artifacts)
    {
        var place = artifacts ?? "file:" + Path.Combine(options.DataFolder, "artifacts");
        List<(string Option, string? Value)> said = [("--data", options.DataFolderNamed ? options.DataFolder : null), ("--database", named is null ? null : home.Setting), ("--artifacts", artifacts)];
        return new MoveView(moved.RegistryId, home.Location, before.Location, place, moved.AuditSize, moved.AuditRoot, moved.Rows, contents.Contents, contents.Bytes, contents.Copied,
            string.Join(' ', said.Where(s => s.Value is not null).Select(s => $"{s.Option} {Word(s.Value!)}")));
    }

    // As a shell takes it for one word.
    private static string Word(string value) => value.All(c => char.IsAsciiLetterOrDigit(c) || "/:._-@%+,=".Contains(c, StringComparison.Ordinal)) ? value : $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Says of an outage that it is this database's.</summary>
    private static async Task<T> OnAsync<T>(Dialect dialect, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (dialect.Outage(e) is { } outage)
        {
            throw outage;
        }
    }

    private static async Task<Outcome<MoveView>> GuardedAsync(Dialect source, Dialect target, Func<Task<Outcome<MoveView>>> work)
    {
        try
        {
            return await OnAsync(source, () => OnAsync(target, work));
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Moving the registry", e);
        }
    }
}
