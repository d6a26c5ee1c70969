using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelRegistry.Changes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Artifacts.Readable;

/// <summary>
/// Keeps <c>models/NAME/LABEL/…</c> as the registry is, by following its feed of changes: after each commit, at least once, in order. It is
/// never the truth: thrown away, it is made again from the first change on.
/// </summary>
// models/.position            number of the change up to which all is as it should be; gone: everything is made again
// models/.index/MODEL_ID      the folder that a model was shown in, so that it is found when its name is another
// models/NAME/model.json      which model the folder is of, so that one that got its name from another is not taken for it
// models/NAME/LABEL/…         its files, and metadata.json, which comes last
public sealed class ReadableFiles
{
    private const string Position = ".position";
    private const int Batch = 500, AgainAtStart = 500;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2), AfterOutage = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly RegistryDb _db;
    private readonly IReadableTree? _tree;
    private readonly ChangeFeed _changes;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    /// <param name="tree">Null: nothing is shown.</param>
    internal ReadableFiles(RegistryDb db, IReadableTree? tree, ChangeFeed changes, TimeProvider time, ILogger log) => (_db, _tree, _changes, _time, _log) = (db, tree, changes, time, log);

    /// <summary>Follows the changes until cancelled, while no other process does.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // The last ones again: what was written last before a power cut may not be there.
        long again = AgainAtStart;
        while (_tree is not null && !cancel.IsCancellationRequested)
        {
            var wait = Pace;
            try
            {
                await using var duty = await _db.TryTakeDutyAsync(cancel, DutyOf.Readable);
                while (duty is not null && await duty.IsHeldAsync())
                {
                    var at = await FollowAsync(cancel, again);
                    again = 0;
                    await _changes.WaitAsync(at, cancel);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                _log.LogWarning(e, "The readable files could not be kept up; it is taken up again");
                wait = AfterOutage;
            }
            await Task.Delay(wait, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Catches up, for a process that does not stay, unless another is at it. A failure is for whoever catches up next.</summary>
    internal async Task TryCatchUpAsync(CancellationToken cancel)
    {
        if (_tree is null)
            return;
        try
        {
            await using var duty = await _db.TryTakeDutyAsync(cancel, DutyOf.Readable);
            if (duty is not null)
                await FollowAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            _log.LogInformation(e, "The readable files are not kept up now");
        }
    }

    /// <summary>Shows everything up to the last change.</summary>
    /// <param name="again">How many of the changes that were followed are followed once more.</param>
    /// <returns>Its number.</returns>
    internal async Task<long> FollowAsync(CancellationToken cancel, long again = 0)
    {
        var at = long.TryParse(await _tree!.ReadAsync(Position, cancel), NumberStyles.None, CultureInfo.InvariantCulture, out var said) ? said : 0;
        // After a restore from a backup the feed may end before the place.
        if (at > await _changes.LastAsync(cancel))
            at = 0;
        at = Math.Max(0, at - again);
        while (await _changes.AfterAsync(at, Batch, cancel) is { Count: > 0 } changes)
        {
            foreach (var modelId in changes.Where(c => c.Kind is "model" or "model_list" or "version" && c.ModelId is not null).Select(c => c.ModelId!).Distinct())
                await PlaceAsync(modelId, cancel);
            foreach (var versionId in changes.Where(c => c.Kind == "version" && c.Reference is not null).Select(c => c.Reference!).Distinct())
                await ShowVersionAsync(versionId, cancel);
            at = changes[^1].Number;
            await _tree.WriteAsync(Position, at.ToString(CultureInfo.InvariantCulture), cancel);
        }
        return at;
    }

    /// <summary>Sees to it that a model has the folder of its name, and none of a former one; that of a deleted one goes.</summary>
    private async Task PlaceAsync(string modelId, CancellationToken cancel)
    {
        var index = $".index/{modelId}";
        var name = await _db.ReadAsync(session => session.LiveModelNameAsync(modelId), cancel);
        var (before, now) = (await _tree!.ReadAsync(index, cancel), name is null ? null : ReadableNames.Folder(name));
        if (before is { Length: > 0 } && before != now && await OwnerAsync(before, cancel) == modelId)
            await _tree.DeleteAsync(before, cancel);
        if (now is null)
        {
            await _tree.DeleteAsync(index, cancel);
            return;
        }
        if (before == now && await OwnerAsync(now, cancel) == modelId)
            return;
        // What another model left under this name, or a crash.
        await _tree.DeleteAsync(now, cancel);
        await _tree.WriteAsync($"{now}/model.json", Text(new JsonObject { ["model_id"] = modelId, ["name"] = name }), cancel);
        foreach (var versionId in await _db.ReadAsync(session => session.LiveVersionIdsAsync(modelId), cancel))
            await ShowVersionAsync(versionId, cancel);
        await _tree.WriteAsync(index, now, cancel);
    }

    private async Task<string?> OwnerAsync(string folder, CancellationToken cancel)
    {
        try
        {
            return await _tree!.ReadAsync($"{folder}/model.json", cancel) is { } text ? (string?)(JsonNode.Parse(text) as JsonObject)?["model_id"] : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private async Task ShowVersionAsync(string versionId, CancellationToken cancel)
    {
        var found = await _db.ReadAsync(async session => await session.FindVersionAsync(versionId) is { } version && await session.LiveModelNameAsync(version.ModelId) is { } name
            ? (Name: name, Version: version, Files: await session.FilesAsync(version.Id)) : default, cancel);
        if (found.Version is not { } shown)
        {
            // Its label is never given again: nobody else's folder goes.
            if (await _db.ReadAsync(session => session.DeletedVersionAsync(versionId), cancel) is var (model, label))
                await _tree!.DeleteAsync($"{ReadableNames.Folder(model)}/{ReadableNames.Folder(label)}", cancel);
            return;
        }
        var folder = $"{ReadableNames.Folder(found.Name)}/{ReadableNames.Folder(shown.Label)}";
        foreach (var file in found.Files)
            await _tree!.ShowAsync($"{folder}/{file.Path}", file.Sha256, file.Size, cancel);
        await _tree!.WriteAsync($"{folder}/{ReadableNames.Metadata(found.Files)}", Text(Known(found.Name, shown, found.Files)), cancel);
    }

    // No stage: what serves is a question to the registry, and not to a file that may be behind.
    private JsonObject Known(string name, ModelVersion version, List<FileEntry> files) => new()
    {
        ["model"] = name,
        ["version"] = version.Label,
        ["number"] = version.Number,
        ["registered_at"] = version.CreatedAt.ToString("O", CultureInfo.InvariantCulture),
        ["registered_by"] = version.Author.Name,
        ["deprecated"] = version.Deprecated,
        ["manifest_sha256"] = version.ManifestDigest.Hex,
        ["files"] = new JsonArray([.. files.Select(f => (JsonNode)new JsonObject { ["path"] = f.Path, ["size_bytes"] = f.Size, ["sha256"] = f.Sha256.Hex, ["location"] = _tree!.LocationOf(f.Sha256) })]),
        ["metadata"] = version.Metadata.ToJson(),
    };

    private static string Text(JsonObject of) => of.ToJsonString(Layout) + "\n";
}
