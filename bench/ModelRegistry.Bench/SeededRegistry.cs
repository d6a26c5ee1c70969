using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Bench;

/// <summary>A registry on a temporary folder, filled by rows rather than by files: for measuring reads.</summary>
internal sealed class SeededRegistry : IAsyncDisposable
{
    private readonly string _folder;

    private SeededRegistry(string folder, RegistryServices services) => (_folder, Services) = (folder, services);

    public RegistryServices Services { get; }

    public static Actor Reader { get; } = new("act_bench", "bench", ActorKind.Agent, Permissions.MachineRoles, [], new ActorRef("act_owner", "owner"));

    public static async Task<SeededRegistry> FillAsync(int models, int versions)
    {
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        var options = new RegistryOptions { DataFolder = folder };
        var services = (await RegistryServices.OpenAsync(options, TimeProvider.System)).Value;
        await using (var db = RegistryDb.Open(new StorageOptions(folder), TimeProvider.System))
            for (var from = 0; from < models; from += 100)
                await FillAsync(db, from, Math.Min(from + 100, models), versions);
        return new SeededRegistry(folder, services);
    }

    private static Task FillAsync(RegistryDb db, int from, int to, int versions) => db.WriteAsync<int>(Actor.Registry, new AuditAct("bench.fill", "model", $"{from}"), async session =>
    {
        // Registered in rounds a second apart, one version of each model a round: many at the same moment are in no real registry.
        var began = Times.Micros(session.Now) - (versions + 1) * 1_000_000L;
        for (var m = from; m < to; m++)
        {
            var (id, name) = ($"mdl_{m:D8}", $"model-{m:D6}");
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
        return new Written<int>(to - from, [new AuditAct("bench.fill", "model", $"{from}..{to}")], []);
    }, CancellationToken.None);

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
