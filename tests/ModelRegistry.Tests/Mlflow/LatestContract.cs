using ModelRegistry.Domain;
using ModelRegistry.Mlflow;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Mlflow;

public sealed class SqliteLatestTests : LatestContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();

    private protected override async Task<string> PlanAsync(TestRegistry it, string sql) => await RowsAsync(it, "explain query plan " + sql);

    private protected override string Step => "USING INDEX version_stage (model_id=? AND stage=?)";
}

public sealed class PostgresLatestTests(PostgresCluster cluster) : LatestContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());

    private protected override async Task<string> PlanAsync(TestRegistry it, string sql)
    {
        await it.ChangeRowsAsync("analyze version");
        return await RowsAsync(it, "explain " + sql);
    }

    private protected override string Step => "Index Scan Backward using version_stage";
}

/// <summary>What models show of their versions and aliases, held against the versions themselves.</summary>
public abstract class LatestContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    private protected abstract Task<string> PlanAsync(TestRegistry it, string sql);

    /// <summary>How a plan says that the highest version is one step in the index.</summary>
    private protected abstract string Step { get; }

    // Not a reading statement by its first word.
    private protected static async Task<string> RowsAsync(TestRegistry it, string sql)
    {
        await using var db = await it.DatabaseAsync();
        return string.Join("\n", Ok(await db.WriteAsync<List<string>>(Actor.Registry, new AuditAct("test.explain", "row", "by hand"), async s =>
            new Written<List<string>>(await s.ManyAsync(sql, r => $"{r.GetValue(r.FieldCount - 1)}"), [new AuditAct("test.explain", "row", "by hand")], []), default)));
    }

    private static async Task<List<MlflowVersionView>> VersionsAsync(TestRegistry it, string model) =>
        [.. Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch($"name = '{model}'", ["version_number DESC"], null, null))).ModelVersions];

    private static MlflowRegistration Version(string model, Dictionary<string, string>? tags = null) => new(model, "s3://b/k", "http://localhost", "", "", "", "", tags ?? []);

    [Fact]
    public async Task Models_show_the_highest_version_of_each_stage_and_all_aliases_however_many_they_are()
    {
        await using var it = await OpenAsync();
        var random = new Random(7);
        var names = Enumerable.Range(0, 130).Select(i => $"m{i:D3}").ToList();
        foreach (var name in names)
            await it.CreateAsync(name, tags: random.Next(2) == 0 ? [] : new() { ["of"] = name });
        foreach (var name in names.Where((_, i) => i % 5 == 0))
        {
            for (var i = random.Next(1, 8); i > 0; i--)
            {
                var number = Ok(await it.Services.Mlflow.CreateVersionAsync(Robot, Version(name))).Version;
                if (random.Next(3) > 0)
                    Ok(await it.Services.Promotions.RequestAsync(Robot, new PromotionRequest(name, number, random.GetItems((string[])["validation", "staging", "production", "archived"], 1)[0])));
                if (random.Next(2) > 0)
                    Ok(await it.Services.Mlflow.SetAliasAsync(Robot, name, random.GetItems((string[])["a", "B", "c"], 1)[0], number));
                // Of an "open" policy nothing is governed, and what serves keeps its place all the same.
                if (random.Next(4) == 0)
                    await it.Services.Mlflow.DeleteVersionAsync(Robot, name, number);
            }
        }

        var found = Ok(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(null, ["name DESC"], "1000", null))).RegisteredModels;
        Assert.Equal(names.AsEnumerable().Reverse(), found.Select(m => m.Name));
        foreach (var model in found)
        {
            var versions = await VersionsAsync(it, model.Name);
            Assert.Equivalent(versions.GroupBy(v => v.CurrentStage).Select(g => g.First()).OrderByDescending(v => int.Parse(v.Version, System.Globalization.CultureInfo.InvariantCulture)), model.LatestVersions, strict: true);
            Assert.Equal(versions.SelectMany(v => v.Aliases.Select(a => new MlflowAlias(a, v.Version))).OrderBy(a => a.Alias, StringComparer.Ordinal), model.Aliases.OrderBy(a => a.Alias, StringComparer.Ordinal));
            Assert.Equivalent(Ok(await it.Services.Mlflow.GetModelAsync(Robot, model.Name)), model, strict: true);
        }
        Assert.Contains(found, m => m.LatestVersions.Count > 2 && m.Aliases.Count > 1 && m.Tags.Count > 0);
    }

    [Fact]
    public async Task Models_that_say_much_come_on_more_pages_and_none_is_left_out()
    {
        await using var it = await OpenAsync();
        var tags = Enumerable.Range(0, 5).ToDictionary(i => $"t{i}", _ => new string('x', 100_000));
        for (var i = 0; i < 20; i++)
        {
            await it.CreateAsync($"m{i:D2}", tags: tags);
            Ok(await it.Services.Mlflow.CreateVersionAsync(Robot, Version($"m{i:D2}", tags)));
        }
        var (found, pages) = (new List<string>(), 0);
        for (string? token = null; token != ""; pages++)
        {
            var page = Ok(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(null, [], null, token)));
            found.AddRange(page.RegisteredModels.Where(m => m.Tags.Count == 5 && m.LatestVersions.Single().Tags.Count >= 5).Select(m => m.Name));
            token = page.NextPageToken;
        }
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"m{i:D2}"), found);
        Assert.Equal(2, pages);
    }

    [Fact]
    public async Task The_highest_of_ten_thousand_in_one_stage_is_one_step()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("deep");
        Ok(await it.Services.Mlflow.CreateVersionAsync(Robot, Version("deep")));
        await it.ChangeRowsAsync("""
            insert into version (id, model_id, number, label, stage, stage_since, manifest_digest, size_bytes, file_count, content_verified, metadata, deprecated,
              author_id, author_name, answerable_id, answerable_name, created_at, updated_at, deleted_at, row_version, indexed, source, run_id)
            with recursive n (i) as (select 2 union all select i + 1 from n where i < 10000)
            select v.id || n.i, v.model_id, n.i, 'v' || n.i, case when n.i % 1000 = 1 then 'staging' else v.stage end, v.stage_since, v.manifest_digest, v.size_bytes, v.file_count, v.content_verified, v.metadata, v.deprecated,
              v.author_id, v.author_name, v.answerable_id, v.answerable_name, v.created_at, v.updated_at, v.deleted_at, v.row_version, v.indexed, v.source, v.run_id
            from version v cross join n
            """);
        Assert.Equal([("10000", "None"), ("9001", "Staging")], Ok(await it.Services.Mlflow.GetModelAsync(Robot, "deep")).LatestVersions.Select(v => (v.Version, v.CurrentStage)));

        var id = (await it.RowsAsync("select id from model")).Single();
        var sql = RegistrySession.HighestSql(["development", "staging"], "@key").Replace("@stage0", "'development'", StringComparison.Ordinal).Replace("@stage1", "'staging'", StringComparison.Ordinal).Replace("@key", $"'{id}'", StringComparison.Ordinal);
        var plan = await PlanAsync(it, sql);
        Assert.True(plan.Split(Step).Length == 3 && !plan.Contains("Sort", StringComparison.Ordinal) && !plan.Contains("ORDER BY", StringComparison.Ordinal) && !plan.Contains("SCAN h", StringComparison.Ordinal), plan);
    }
}
