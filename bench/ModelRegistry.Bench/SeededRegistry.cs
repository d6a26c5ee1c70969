using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Bench;

/// <summary>One model of a seeded registry.</summary>
/// <param name="Number">Names its rows.</param>
internal sealed record SeededModel(string Name, int Number, int Versions)
{
    /// <summary>One of its versions.</summary>
    public int Any(Random random) => random.Next(1, Versions + 1);

    /// <summary>The run that made a version.</summary>
    public string Run(int version) => $"{Number}-{version}";
}

/// <summary>
/// A registry on a temporary folder, filled by rows rather than by files: for measuring reads. The same seed makes the same one.
/// </summary>
internal sealed class SeededRegistry : IAsyncDisposable
{
    private const int AtOnce = 100, VersionsAtOnce = 10_000;

    private readonly string _folder;
    private readonly Dictionary<double, string?> _cursors = [];

    private SeededRegistry(string folder, RegistryServices services, IReadOnlyList<SeededModel> models) => (_folder, Services, Models) = (folder, services, models);

    public RegistryServices Services { get; }

    /// <summary>The most popular one first, which has the most versions, too.</summary>
    public IReadOnlyList<SeededModel> Models { get; }

    public int Versions => Models.Sum(m => m.Versions);

    public static Actor Reader { get; } = new("act_bench", "bench", ActorKind.Agent, Permissions.MachineRoles, [], new ActorRef("act_owner", "owner"));

    /// <param name="versions">In all; there are a tenth as many models.</param>
    /// <param name="mostOfOne">How many of them one model may have.</param>
    public static async Task<SeededRegistry> FillAsync(int versions, int mostOfOne, int seed)
    {
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        var services = (await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = folder }, TimeProvider.System)).Value;
        var popularity = new Zipf(versions / 10);
        // What is popular is anywhere in the alphabet.
        var numbers = Enumerable.Range(0, versions / 10).ToArray();
        new Random(seed).Shuffle(numbers);
        List<SeededModel> models = [.. popularity.Share(versions, mostOfOne).Select((count, rank) => new SeededModel($"model-{numbers[rank]:D6}", numbers[rank], count))];
        await using (var db = await RegistryDb.OpenAsync(new StorageOptions(folder), TimeProvider.System))
        {
            for (var from = 0; from < models.Count;)
            {
                var (to, filled) = (from, 0);
                while (to < models.Count && to < from + AtOnce && filled < VersionsAtOnce)
                    filled += models[to++].Versions;
                await FillAsync(db, models[from..to]);
                from = to;
            }
            // What searches look at, at once and in its order, as the step of the schema does that made it.
            var step = Migration.Known.Single(m => m.Name.Contains("model_search", StringComparison.Ordinal)).Sql;
            await ChangeAsync(db, models[0].Name, async session => await session.ExecuteAsync(step[step.IndexOf("insert into model_gram", StringComparison.Ordinal)..]));
        }
        return new SeededRegistry(folder, services, models);
    }

    /// <summary>Where the list of models goes on behind a part of them.</summary>
    public async Task<string?> CursorAsync(double part)
    {
        if (_cursors.TryGetValue(part, out var known))
            return known;
        string? cursor = null;
        for (var seen = 100; seen < Models.Count * part; seen += 100)
            cursor = (await Services.Catalog.ListModelsAsync(Reader, new ModelQuery(Limit: 100, Cursor: cursor))).Value.NextCursor ?? cursor;
        return _cursors[part] = cursor;
    }

    private static Task ChangeAsync(RegistryDb db, string model, Func<RegistrySession, Task> change) => db.WriteAsync<int>(Actor.Registry, new AuditAct("bench.fill", "model", model), async session =>
    {
        await change(session);
        return new Written<int>(0, [new AuditAct("bench.fill", "model", model)], []);
    }, CancellationToken.None);

    private static Task FillAsync(RegistryDb db, IReadOnlyList<SeededModel> models) => ChangeAsync(db, models[0].Name, async session =>
    {
        // Registered in rounds a second apart, one version of each model a round: many at the same moment are in no real registry.
        foreach (var (name, m, versions) in models)
        {
            var began = Times.Micros(session.Now) - (versions + 1) * 1_000_000L;
            var id = $"mdl_{m:D8}";
            await session.ExecuteAsync("""
                insert into model (id, name, name_key, description, description_key, task, owner, versioning, card, is_active, highest_number, version_count, latest_label, created_at, updated_at, deleted_at, row_version)
                values (@id, @name, @name, @text, lower(@text), @task, 'bench', 'auto', '', 1, @n, @n, @label, @now, @now, null, 1)
                """, ("id", id), ("name", name), ("text", $"The {m}th model of a seeded registry."), ("task", m % 3 == 0 ? "classification" : "segmentation"), ("n", (long)versions), ("label", $"v{versions}"), ("now", began + (long)versions * 1_000_000 + m));
            for (var v = 1; v <= versions; v++)
            {
                var now = began + v * 1_000_000L + m;
                await session.ExecuteAsync("""
                    insert into version (id, model_id, number, label, stage, stage_since, manifest_digest, size_bytes, file_count, content_verified, metadata, deprecated, author_id, author_name, answerable_id, answerable_name, created_at, updated_at, deleted_at, row_version, indexed, source, run_id)
                    values (@id, @model, @number, @label, @stage, @now, @digest, 1000, 1, 1, @metadata, 0, 'act_bench', 'bench', 'act_owner', 'owner', @now, @now, null, 1, 1, @source, @run)
                    """, ("id", $"ver_{m:D8}_{v}"), ("model", id), ("number", (long)v), ("label", $"v{v}"), ("stage", v == versions ? "production" : "development"), ("now", now),
                    ("digest", Digest.Of($"{m}/{v}").Hex), ("metadata", Metadata(m, v).ToJsonString()), ("source", $"runs:/{m}-{v}/model"), ("run", $"{m}-{v}"));
                // One that many have, and one that few have.
                await session.ExecuteAsync("insert into version_tag (version_id, model_id, key, value, changed) values (@id, @model, 'team', @team, @now)", ("now", now), ("id", $"ver_{m:D8}_{v}"), ("model", id), ("team", $"{v % 4}"));
                if (m < 10 && v == 1)
                    await session.ExecuteAsync("insert into version_tag (version_id, model_id, key, value, changed) values (@id, @model, 'rare', 'yes', @now)", ("now", now), ("id", $"ver_{m:D8}_{v}"), ("model", id));
            }
            await session.ExecuteAsync("insert into alias (model_id, alias_key, alias, version_id) values (@m, 'champion', 'champion', @v)", ("m", id), ("v", $"ver_{m:D8}_{versions}"));
            await session.ExecuteAsync("insert into serving (model_id, stage, version_id, since, promotion_id) values (@m, 'production', @v, @now, '')", ("m", id), ("v", $"ver_{m:D8}_{versions}"), ("now", began));
        }
    });

    private static JsonObject Metadata(int model, int version) => new VersionMetadata
    {
        Format = "onnx",
        Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5 + version / 20_000.0 },
        Tags = new Dictionary<string, string> { ["team"] = $"{version % 4}" },
        Source = $"runs:/{model}-{version}/model",
        RunId = $"{model}-{version}",
    }.ToJson();

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
