using System.Globalization;
using ModelRegistry.Domain;
using ModelRegistry.Storage;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Crashes;

/// <summary>Processes killed while they register and promote: what they were told is done stays done, once, and all of it.</summary>
public sealed class KillTests
{
    private const int Kills = 16;

    [Fact]
    public async Task Whatever_was_acknowledged_before_sixteen_kills_is_there_once_whole_and_in_a_log_that_verifies()
    {
        using var folder = new TempFolder();
        await MakeAsync(folder.Path);
        var chance = new Random(20260131);
        var said = new List<string>();

        // Two at work at any time; one is killed and another takes its place. Some die while they open.
        var (one, two) = (RegistryChild.Start(folder.Path, "p0"), RegistryChild.Start(folder.Path, "p1"));
        try
        {
            foreach (var kill in Enumerable.Range(2, Kills))
            {
                said.AddRange(await one.KillAfterAsync(chance.Next(8) == 0 ? 1 : chance.Next(2, 20)));
                one.Dispose();
                (one, two) = (two, RegistryChild.Start(folder.Path, $"p{kill}"));
            }
        }
        finally
        {
            one.Dispose();
            two.Dispose();
        }

        var done = said.Where(line => line.EndsWith(" .", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();
        Assert.Contains(done, d => d[..2] is ["applied", "team"]);
        Assert.Contains(done, d => d[..2] is ["applied", "open"]);
        foreach (var registry in new[] { "team", "open" })
            await CheckAsync(folder.File(registry), [.. done.Where(d => d[1] == registry)]);
    }

    private static async Task MakeAsync(string folder)
    {
        await using var open = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = Path.Combine(folder, "open"), Policy = "open" }, TimeProvider.System));
        await using var team = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = Path.Combine(folder, "team"), Policy = "team" }, TimeProvider.System));
        Ok(await team.People.InitAsync("ben", Passphrase));
    }

    private static async Task CheckAsync(string folder, IReadOnlyList<string[]> done)
    {
        var options = new RegistryOptions { DataFolder = folder };
        await using var services = Ok(await RegistryServices.OpenAsync(options, TimeProvider.System));
        await services.Promotions.FinishApprovedAsync();
        await using var db = await RegistryDb.OpenAsync(new StorageOptions(folder), TimeProvider.System);

        // Every version that was acknowledged is there under its number, with the content that was acknowledged.
        var versions = (await RowsAsync(db, "select m.name, v.number, v.manifest_digest, v.id from version v join model m on m.id = v.model_id", 4)).ToDictionary(r => $"{r[0]} {r[1]}");
        foreach (var d in done.Where(d => d[0] == "version"))
            Assert.Equal(d[4], versions[$"{d[2]} {d[3]}"][2]);

        // No version, acknowledged or not, lacks a file or a number before it.
        var files = (await RowsAsync(db, "select version_id, path, size_bytes, sha256 from version_file", 4)).ToLookup(r => r[0]);
        foreach (var version in versions.Values)
            Assert.Equal(version[2], Ok(Manifest.Of(files[version[3]].Select(f => new FileEntry(f[1], Number(f[2]), Digest.Parse(f[3]))))).Digest.Hex);
        foreach (var blob in files.SelectMany(f => f).DistinctBy(f => f[3]))
            Ok(await services.Vault.VerifyAsync(Digest.Parse(blob[3]), Number(blob[2])));
        foreach (var model in versions.Values.GroupBy(v => v[0]))
            Assert.Equal(Enumerable.Range(1, model.Count()).Select(n => (long)n), model.Select(v => Number(v[1])).Order());
        Assert.Empty(await RowsAsync(db, "select name from model where highest_number <> version_count or version_count <> (select count(*) from version v where v.model_id = model.id)", 1));

        // Every promotion that was acknowledged is applied, and every one that is applied had its effect once.
        var states = (await RowsAsync(db, "select id, state from promotion", 2)).ToDictionary(r => r[0], r => r[1]);
        Assert.All(done.Where(d => d[0] == "applied"), d => Assert.Equal("applied", states[d[2]]));
        Assert.DoesNotContain("approved", states.Values);
        var applied = states.Where(s => s.Value == "applied").Select(s => s.Key).Order().ToList();
        Assert.Equal(applied, (await RowsAsync(db, "select promotion_id from serving_period where promotion_id <> ''", 1)).Select(r => r[0]).Order());
        Assert.Equal(applied, (await RowsAsync(db, "select subject_id from audit_entry where verb = 'promotion.apply' and outcome = 'done'", 1)).Select(r => r[0]).Order());
        // At any time one version served a stage, and what serves is the last that began.
        Assert.Empty(await RowsAsync(db, "select p.id from serving_period p join serving_period q on q.model_id = p.model_id and q.stage = p.stage and q.id > p.id where p.until_at is null or p.until_at > q.from_at", 1));
        Assert.Empty(await RowsAsync(db, "select s.model_id from serving s where not exists (select 1 from serving_period p where p.model_id = s.model_id and p.stage = s.stage and p.version_id = s.version_id and p.until_at is null)", 1));

        // One entry for each, and nothing of the log lost.
        Assert.Equal(versions.Count, (await RowsAsync(db, "select distinct subject_id from audit_entry where verb = 'version.register' and outcome = 'done'", 1)).Count);
        var report = Ok(await services.Audit.VerifyAsync(Robot, null));
        Assert.True(report.Verified, string.Join("\n", report.Findings));
        Assert.Equal("v" + Number((await RowsAsync(db, "select max(number) from version v join model m on m.id = v.model_id where m.name = 'shared'", 1))[0][0]), Ok(await services.Catalog.GetAsync(Robot, "shared", "latest")).Version!.Version);
    }

    private static Task<List<string[]>> RowsAsync(RegistryDb db, string sql, int columns) => db.ReadAsync(session => session.ManyAsync(sql,
        r => Enumerable.Range(0, columns).Select(i => Convert.ToString(r.GetValue(i), CultureInfo.InvariantCulture)!).ToArray()), default);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
