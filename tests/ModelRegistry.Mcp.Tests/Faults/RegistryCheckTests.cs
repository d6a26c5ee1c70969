using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Faults;
using ModelRegistry.Faults.Check;
using ModelRegistry.Faults.Load;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Faults.Load.TrialRegistry;

namespace ModelRegistry.Mcp.Tests.Faults;

/// <summary>The common check of the campaigns: it takes a registry that is whole, and finds what is broken on purpose.</summary>
public sealed class RegistryCheckTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly Ledger _ledger = new();
    private string _promotion = "";

    private TrialPlace Place => new(_folder.File("data"));

    public async ValueTask InitializeAsync()
    {
        await MakeAsync(Place, 0);
        await using var services = await Place.OpenAsync();
        var agent = await services.Actors.StdioAsync("ana", "test");
        for (var v = 1; v <= 3; v++)
        {
            var file = _folder.File("model.bin");
            await File.WriteAllTextAsync(file, $"weights {v}", TestContext.Current.CancellationToken);
            var made = Ok(await services.Intake.RegisterAsync(agent, new Registration("churn", null, null, [file], SeededRegistry.Metadata())));
            _ledger.Version(new KeptVersion("churn", made.Number, made.Digest, made.Files.ToDictionary(f => f.Path, f => f.Sha256)));
        }
        Ok(await services.Metadata.SetAsync(agent, new MetadataEdit("churn") { Tags = new Dictionary<string, string> { ["build"] = "7" } }));
        _ledger.Tag("churn", "build", "7");
        Ok(await services.Promotions.RequestAsync(agent, new PromotionRequest("churn", "v1", "staging", "tests")));
        _promotion = Ok(await services.Promotions.RequestAsync(agent, new PromotionRequest("churn", "v1", "production", "tests"))).PromotionId!;
        var review = Ok(await services.Promotions.ReviewAsync(agent, _promotion));
        var ben = Ok(await services.People.ProveAsync("ben", Passphrase, "terminal"));
        Ok(await services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(_promotion, 1, review.StatementDigest, DecisionVerdict.Approve, "", ben.Proof)));
        _ledger.Promotion(_promotion, "applied");
        _ledger.Decision(new KeptDecision(_promotion, "ben", "approve"));
        _ledger.Exact("churn");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_registry_that_is_whole_passes_and_what_was_uploaded_for_nothing_is_collected()
    {
        await PlantAsync("never registered"u8.ToArray(), named: null);
        var campaign = new Campaign();
        await RegistryCheck.RunAsync(Place, _ledger, campaign);

        Assert.Empty(campaign.Violations);
        Assert.Equal((3, 2, 4, 1), (campaign.Counted("versions checked"), campaign.Counted("promotions checked"), campaign.Counted("contents checked"), campaign.Counted("contents nobody refers to, left by what was not acknowledged")));
    }

    [Fact]
    public async Task A_version_that_was_acknowledged_and_is_not_there_is_found()
    {
        _ledger.Version(new KeptVersion("churn", 4, new string('0', 64), new Dictionary<string, string>()));
        await FindsAsync("version 4 of churn was acknowledged and is not there");
    }

    [Fact]
    public async Task A_registration_that_was_done_twice_is_found()
    {
        await using (var services = await Place.OpenAsync())
            Ok(await services.Intake.RegisterAsync(await services.Actors.StdioAsync("ana", "test"), new Registration("churn", null, null, [_folder.File("model.bin")], SeededRegistry.Metadata())));
        await FindsAsync("churn has 4 versions and 3 registrations");
    }

    [Theory]
    [InlineData("delete from version where number = 2", "the version numbers of churn have a gap", "version 2 of churn was acknowledged and is not there", "without their version")]
    [InlineData("update version set manifest_digest = '00' where number = 2", "is not made of its files", "was acknowledged with the manifest")]
    [InlineData("delete from version_file where version_id = (select id from version where number = 3)", "has other files than were acknowledged")]
    [InlineData("update model_tag set value = '6'", "the tag build of churn was acknowledged as 7 and is 6")]
    [InlineData("update promotion set state = 'withdrawn' where to_stage = 'production'", "was acknowledged as applied and is withdrawn", "promotions not applied that had an effect")]
    [InlineData("delete from decision", "the decision 'approve' of ben", "governed promotions applied without one approval")]
    [InlineData("insert into serving_period select 'srv_zzz', model_id, stage, version_id, from_at, until_at, promotion_id from serving_period where stage = 'production'", "promotions applied that do not have one time of serving", "times of serving that overlap")]
    [InlineData("delete from serving", "open times of serving that nothing serves")]
    [InlineData("update audit_entry set verb = 'other' where verb = 'promotion.apply'", "promotions applied that do not have one entry in the log")]
    [InlineData("delete from audit_entry where position = (select max(position) from audit_entry)", "the audit log does not verify")]
    [InlineData("update model set version_count = 7", "the counts of churn are wrong")]
    [InlineData("delete from model_gram where gram = 'hur'", "searches look for churn by other words than it has")]
    [InlineData("insert into model_gram (gram, model_id) values ('abc', 'mdl_gone')", "searches find mdl_gone, which is no model any more")]
    public async Task What_is_broken_in_the_rows_is_found(string sql, params string[] found)
    {
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(Place.DataFolder, "registry.db")};Pooling=False;Foreign Keys=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            Assert.NotEqual(0, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        await FindsAsync(found);
    }

    [Fact]
    public async Task A_content_that_is_missing_or_half_written_is_found()
    {
        var files = Directory.GetFiles(Path.Combine(Place.DataFolder, "artifacts", "blobs"), "*", SearchOption.AllDirectories).Order().ToList();
        File.Delete(files[0]);
        File.SetAttributes(files[1], FileAttributes.Normal);
        await File.WriteAllTextAsync(files[1], "wei", TestContext.Current.CancellationToken);
        await FindsAsync($"refers to the content {Path.GetFileName(files[0])}, which is not there", $"the content {Path.GetFileName(files[1])} has the bytes of");
    }

    private async Task FindsAsync(params string[] found)
    {
        var campaign = new Campaign();
        await RegistryCheck.RunAsync(Place, _ledger, campaign, collect: false);
        foreach (var one in found)
            Assert.Contains(campaign.Violations, violation => violation.Contains(one, StringComparison.Ordinal));
    }

    private async Task PlantAsync(byte[] content, string? named)
    {
        var hex = named ?? Convert.ToHexStringLower(SHA256.HashData(content));
        var folder = Directory.CreateDirectory(Path.Combine(Place.DataFolder, "artifacts", "blobs", "sha256", hex[..2], hex[2..4])).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, hex), content);
    }
}
