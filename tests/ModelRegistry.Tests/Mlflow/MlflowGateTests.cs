using System.Text;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mlflow;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Mlflow;

/// <summary>What an MLflow client can bring about, and what it cannot: the gate is the one of every door.</summary>
[OnBothDatabases]
public sealed class MlflowGateTests
{
    private const string Here = "http://localhost:8080";

    private static MlflowRegistration From(string source, string name = "digits") => new(name, source, Here, "", "", "", "", new Dictionary<string, string>());

    private static async Task<MlflowFileView[]> FilesAsync(TestRegistry it, Actor by, string path) => [.. Ok(await it.Services.MlflowArtifacts.ListAsync(by, path))];

    private static async Task UploadAsync(TestRegistry it, Actor by, string path, string content = "bytes") =>
        Ok(await it.Services.MlflowArtifacts.PutAsync(by, path, new MemoryStream(Encoding.UTF8.GetBytes(content))));

    [Fact]
    [Attack(1, "mlflow")]
    public async Task A_transition_into_a_governed_stage_waits_and_is_the_same_promotion_until_somebody_decides()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        var version = await it.RegisterAsync();
        Assert.Equal("Staging", Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "staging", false, null)).Version.CurrentStage);

        var waiting = Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "PRODUCTION", true, "better")).Waiting!;
        var again = Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Production", true, "better"));
        Assert.Equal(("pending", waiting.PromotionId, "Staging"), (waiting.Status, again.Waiting!.PromotionId, again.Version.CurrentStage));
        // The alias that follows that stage is the same wish.
        Assert.Equal(waiting.PromotionId, Ok(await it.Services.Mlflow.SetAliasAsync(agent, "digits", "champion", "1")).Waiting!.PromotionId);
        Assert.Equal("alias_not_found", No(await it.Services.Mlflow.ByAliasAsync(agent, "digits", "champion")));

        Ok(await it.DecideAsync("ben", waiting.PromotionId!));
        var after = Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Production", true, "better"));
        Assert.Equal((null, "Production"), (after.Waiting, after.Version.CurrentStage));
        Assert.Equal("champion", Assert.Single(after.Version.Aliases));
        Assert.Null(Ok(await it.Services.Mlflow.SetAliasAsync(agent, "digits", "Champion", "1")).Waiting);
        Assert.Equal(version.Digest, Ok(await it.Services.Catalog.ServingAsync(agent, "digits", null, null)).Digest);
    }

    [Fact]
    [Attack(1, "mlflow")]
    public async Task What_serves_keeps_its_name_its_alias_and_its_place()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        var promotion = await it.ParkAsync();
        Ok(await it.DecideAsync("ben", promotion.PromotionId!));
        var mlflow = it.Services.Mlflow;
        Assert.Equal("alias_governed", No(await mlflow.DeleteAliasAsync(agent, "digits", "CHAMPION")));
        Assert.Equal("serves_governed_stage", No(await mlflow.RenameModelAsync(agent, "digits", "other")));
        Assert.Equal("serves_governed_stage", No(await mlflow.DeleteModelAsync(agent, "digits")));
        Assert.Equal("version_serves", No(await mlflow.DeleteVersionAsync(agent, "digits", "1")));
        foreach (var stage in (string[])["None", "Archived", "Staging"])
            Assert.Equal("pending", Ok(await mlflow.TransitionAsync(agent, "digits", "1", stage, false, "away")).Waiting!.Status);
        Assert.Equal("Production", Ok(await mlflow.GetVersionAsync(agent, "digits", "1")).CurrentStage);
    }

    [Fact]
    [Attack(11, "mlflow")]
    public async Task Content_that_nobody_here_has_seen_enters_no_governed_stage()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        await it.CreateAsync("digits");
        var version = Ok(await it.Services.Mlflow.CreateVersionAsync(agent, From("runs:/abc/model")));
        Assert.Contains(new MlflowTag("modelregistry.content", "unverified"), version.Tags);
        Assert.Equal("runs:/abc/model", Ok(await it.Services.Mlflow.DownloadUriAsync(agent, "digits", "1", Here)));
        Assert.Null(Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Staging", false, null)).Waiting);
        var blocked = Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Production", false, "please")).Waiting!;
        Assert.Equal(("blocked", null), (blocked.Status, blocked.PromotionId));
        Assert.Contains(blocked.Gates, g => g is { Rule: "content_verified", Verdict: "fail" });
        // Nor does a copy of it.
        Ok(await it.Services.Mlflow.CreateVersionAsync(agent, From("models:/digits/1")));
        Assert.Contains(new MlflowTag("modelregistry.content", "unverified"), Ok(await it.Services.Mlflow.GetVersionAsync(agent, "digits", "2")).Tags);
    }

    [Fact]
    public async Task What_was_uploaded_or_is_another_versions_becomes_the_content()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        await it.CreateAsync("digits");
        await it.CreateAsync("copy");
        await UploadAsync(it, agent, "0/run/artifacts/model/MLmodel", "flavor");
        await UploadAsync(it, agent, "0/run/artifacts/model/data/weights.bin");
        await UploadAsync(it, agent, "0/run/artifacts/other.txt");
        var mlflow = it.Services.Mlflow;
        Ok(await mlflow.CreateVersionAsync(agent, From("mlflow-artifacts:/0/run/artifacts/model")));
        Assert.Equal([new MlflowFileView("MLmodel", false, 6), new MlflowFileView("data", true, null)], await FilesAsync(it, agent, "registered-models/digits/1"));
        Ok(await mlflow.SetAliasAsync(agent, "digits", "candidate", "1"));
        foreach (var source in (string[])["models:/digits/1", "models:/digits@candidate", "models:/digits/latest", "models:/DIGITS/1"])
        {
            var copy = Ok(await mlflow.CreateVersionAsync(agent, From(source, "copy")));
            Assert.Empty(copy.Tags);
            Assert.Equal((source, $"{Here}/api/2.0/mlflow-artifacts/artifacts/registered-models/copy/{copy.Version}"), (copy.Source, Ok(await mlflow.DownloadUriAsync(agent, "copy", copy.Version, Here))));
            Assert.Equal([new MlflowFileView("weights.bin", false, 5)], await FilesAsync(it, agent, $"registered-models/copy/{copy.Version}/data"));
        }
        // A version keeps its files whatever becomes of the upload.
        Assert.Equal(3, Ok(await it.Services.MlflowArtifacts.DeleteAsync(agent, "0")));
        Assert.Equal("flavor", new StreamReader(Ok(await it.Services.MlflowArtifacts.OpenAsync(Ok(await it.Services.MlflowArtifacts.FindAsync(agent, "registered-models/digits/1/MLmodel"))))).ReadToEnd());
        Assert.Equal("model_not_found", No(await mlflow.CreateVersionAsync(agent, From("models:/nothing/1"))));
        Assert.Equal("version_not_found", No(await mlflow.CreateVersionAsync(agent, From("models:/digits/Production"))));
    }

    [Fact]
    [Attack(11, "mlflow")]
    public async Task An_upload_is_its_senders_alone_and_what_is_registered_takes_none()
    {
        await using var it = await TestRegistry.OpenAsync();
        var (one, other) = (await it.TokenAsync("one", "ana"), await it.TokenAsync("other", "ben"));
        await it.CreateAsync("digits");
        await UploadAsync(it, other, "0/run/model/weights.bin", "planted");
        Assert.Empty(await FilesAsync(it, one, "0/run/model"));
        Assert.Equal("artifact_not_found", No(await it.Services.MlflowArtifacts.FindAsync(one, "0/run/model/weights.bin")));
        Assert.Equal(0, Ok(await it.Services.MlflowArtifacts.DeleteAsync(one, "0/run/model")));
        var version = Ok(await it.Services.Mlflow.CreateVersionAsync(one, From("mlflow-artifacts:/0/run/model")));
        Assert.Contains(new MlflowTag("modelregistry.content", "unverified"), version.Tags);
        foreach (var path in (string[])["registered-models/digits/1/weights.bin", "Registered-Models/x", "registered-models"])
        {
            Assert.Equal("registered_is_fixed", No(await it.Services.MlflowArtifacts.PutAsync(one, path, new MemoryStream([1]))));
            Assert.Equal("registered_is_fixed", No(await it.Services.MlflowArtifacts.DeleteAsync(one, path)));
        }
        foreach (var path in (string[])["../x", "/x", "a/../b", "a//b", ""])
            Assert.Equal("path_unsafe", No(await it.Services.MlflowArtifacts.PutAsync(one, path, new MemoryStream([1]))));
        var reader = await it.TokenAsync("reader", "ana", [Permissions.Viewer]);
        Assert.Equal("role_missing", No(await it.Services.MlflowArtifacts.PutAsync(reader, "a", new MemoryStream([1]))));
    }

    [Fact]
    public async Task The_registrys_own_tags_show_what_mlflow_has_no_word_for_and_nobody_sets_them()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        var version = await it.RegisterAsync(version: "1.2.0");
        await it.ProposeAsync("digits", version.Version, "validation");
        var seen = Ok(await it.Services.Mlflow.GetVersionAsync(agent, "digits", "1"));
        Assert.Equal("None", seen.CurrentStage);
        Assert.Equal([new MlflowTag("modelregistry.stage", "validation"), new MlflowTag("modelregistry.label", "1.2.0")], seen.Tags.Where(t => t.Key.StartsWith("modelregistry.", StringComparison.Ordinal)));
        Assert.Equal("tag_reserved", No(await it.Services.Mlflow.SetVersionTagAsync(agent, "digits", "1", "ModelRegistry.stage", "production")));
        Assert.Equal("tag_reserved", No(await it.Services.Mlflow.SetModelTagAsync(agent, "digits", "modelregistry.x", "")));
        Assert.Equal(2, (await it.VerbsAsync()).Count(v => v == "metadata.set refused tag_reserved"));
        // Nor at another door, where one registers, makes a model or edits.
        foreach (var key in (string[])["modelregistry.content", "Modelregistry.stage", "imported.from", "IMPORTED.stage"])
        {
            foreach (var of in (string?[])[null, "1"])
            {
                Assert.Equal("tag_reserved", No(await it.Services.Metadata.SetAsync(agent, new MetadataEdit("digits") { Version = of, Tags = new Dictionary<string, string> { [key] = "x", ["plain"] = "1" } })));
                Assert.Equal("tag_reserved", No(await it.Services.Metadata.SetAsync(agent, new MetadataEdit("digits") { Version = of, RemoveTags = [key] })));
            }
            Assert.Equal("tag_reserved", No(await it.Services.Metadata.CreateModelAsync(agent, new NewModel("other", Tags: new Dictionary<string, string> { [key] = "x" }))));
            Assert.Equal("tag_reserved", No(await it.Services.Intake.RegisterAsync(agent, new Registration("digits", "1.3.0", null, [it.File("x")], new VersionMetadata { Tags = new Dictionary<string, string> { [key] = "x" } }))));
        }
        // One that is kept from before is not told in the registry's name.
        await it.ChangeRowsAsync("insert into model_tag (model_id, key, value) select id, 'modelregistry.x', 'x' from model");
        Ok(await it.Services.Metadata.SetAsync(agent, new MetadataEdit("digits") { Tags = new Dictionary<string, string> { ["plain"] = "1" } }));
        Assert.Equal([new MlflowTag("plain", "1")], Ok(await it.Services.Mlflow.GetModelAsync(agent, "digits")).Tags);
        Assert.Equal("version_not_integer", No(await it.Services.Mlflow.GetVersionAsync(agent, "digits", "1.2.0")));
        Assert.Equal("version_not_integer", No(await it.Services.Mlflow.DeleteVersionAsync(agent, "digits", "latest")));
    }

    [Fact]
    public async Task In_a_stage_that_nobody_governs_others_are_archived_where_that_is_asked_for()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        for (var i = 1; i <= 3; i++)
            await it.RegisterAsync();
        await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Staging", false, null);
        await it.Services.Mlflow.TransitionAsync(agent, "digits", "2", "Staging", false, null);
        Assert.Equal("Staging Staging None", await StagesAsync(it, agent));
        await it.Services.Mlflow.TransitionAsync(agent, "digits", "3", "Staging", true, null);
        Assert.Equal("Archived Archived Staging", await StagesAsync(it, agent));
        Assert.Equal("archive_existing_invalid", No(await it.Services.Mlflow.TransitionAsync(agent, "digits", "3", "archived", true, null)));
        Assert.Equal("mlflow_stage_invalid", No(await it.Services.Mlflow.TransitionAsync(agent, "digits", "3", "validation", false, null)));
        Assert.Equal(["3", "2"], Ok(await it.Services.Mlflow.LatestVersionsAsync(agent, "digits", [])).Select(v => v.Version));
        Assert.Equal("2", Assert.Single(Ok(await it.Services.Mlflow.LatestVersionsAsync(agent, "digits", ["ARCHIVED"]))).Version);
    }

    /// <summary>Three versions, of which the second serves production and the first and third stand in staging.</summary>
    private static async Task<Actor> StagedAsync(TestRegistry it)
    {
        var agent = await it.AgentAsync();
        await it.RegisterAsync();
        await it.PutIntoProductionAsync();
        await it.RegisterAsync();
        await it.RegisterAsync();
        foreach (var version in (string[])["1", "3"])
            Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", version, "Staging", false, null));
        return agent;
    }

    private static async Task<string> StagesAsync(TestRegistry it, Actor agent) =>
        string.Join(' ', Ok(await it.Services.Mlflow.SearchVersionsAsync(agent, new MlflowSearch("name = 'digits'", ["version_number"], null, null))).ModelVersions.Select(v => v.CurrentStage));

    [Fact]
    public async Task Where_one_of_the_others_cannot_be_archived_at_once_nothing_moves_and_that_is_said()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await StagedAsync(it);
        // One promotion to a stage at a time: this one keeps the archive closed.
        var waiting = Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "2", "Archived", false, null)).Waiting!;
        var before = await it.VerbsAsync();
        var stuck = await it.Services.Mlflow.TransitionAsync(agent, "digits", "4", "Staging", true, null);
        Assert.Equal("archive_existing_stuck", No(stuck));
        Assert.Contains("version v1 stands in staging", stuck.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains(waiting.PromotionId!, stuck.Refusal.Message, StringComparison.Ordinal);
        Assert.Equal("Staging Production Staging None", await StagesAsync(it, agent));
        Assert.Equal([.. before, "promotion.request refused archive_existing_stuck"], await it.VerbsAsync());
        // Asked for the version alone, it moves; what is said of others then is no part of it.
        Assert.Null(Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "4", "Staging", false, null)).Waiting);
        Assert.Equal("archive_existing_stuck", No(await it.Services.Mlflow.TransitionAsync(agent, "digits", "4", "Staging", true, null)));

        Ok(await it.Services.Promotions.WithdrawAsync(agent, waiting.PromotionId!, "not now"));
        Assert.Null(Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "4", "Staging", true, null)).Waiting);
        Assert.Equal("Archived Production Archived Staging", await StagesAsync(it, agent));
        Assert.Null(Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "4", "Staging", true, null)).Waiting);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task An_archive_that_the_policy_governs_takes_no_others_along()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await StagedAsync(it);
        await it.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"on_replace\": \"archived\"", "\"on_replace\": \"validation\"", StringComparison.Ordinal)
            .Replace("\"promotions\": {", "\"promotions\": {\"archived\": {\"approvals\": 1, \"on_replace\": \"validation\"}, ", StringComparison.Ordinal));
        var stuck = await it.Services.Mlflow.TransitionAsync(agent, "digits", "4", "Staging", true, null);
        Assert.Equal("archive_existing_stuck", No(stuck));
        Assert.Contains("without a person", stuck.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("Staging Production Staging None", await StagesAsync(it, agent));
        Assert.Empty(Ok(await it.Services.Promotions.ListAsync(agent, new PromotionQuery("live"))).Items);
    }

    [Fact]
    [Attack(1, "mlflow")]
    public async Task What_has_to_wait_itself_moves_no_others_until_it_is_approved()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await StagedAsync(it);
        // Out of production and back to staging: the gate of what it leaves.
        var waiting = Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "2", "Staging", true, null)).Waiting!;
        Assert.Equal("pending", waiting.Status);
        Assert.Equal("Staging Production Staging None", await StagesAsync(it, agent));
        Assert.Equal(waiting.PromotionId, Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "2", "Staging", true, null)).Waiting!.PromotionId);
        Ok(await it.DecideAsync("ben", waiting.PromotionId!));
        Assert.Null(Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "2", "Staging", true, null)).Waiting);
        Assert.Equal("Archived Staging Archived None", await StagesAsync(it, agent));
    }

    [Fact]
    public async Task More_than_can_be_archived_in_one_turn_are_left_where_they_are()
    {
        await using var it = await TestRegistry.OpenAsync("open", inMemory: true);
        var agent = await it.AgentAsync();
        for (var i = 0; i <= PromotionDesk.MostGivingWay + 1; i++)
            await it.RegisterAsync();
        await it.ChangeRowsAsync("update version set stage = 'staging' where number > 1");
        var many = await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Staging", true, null);
        Assert.Equal("archive_existing_many", No(many));
        Assert.Equal("None", Ok(await it.Services.Mlflow.GetVersionAsync(agent, "digits", "1")).CurrentStage);
        await it.ChangeRowsAsync("update version set stage = 'archived' where number = 2");
        Assert.Null(Ok(await it.Services.Mlflow.TransitionAsync(agent, "digits", "1", "Staging", true, null)).Waiting);
        Assert.Equal("1", Assert.Single(Ok(await it.Services.Mlflow.LatestVersionsAsync(agent, "digits", ["Staging"]))).Version);
    }

    [Fact]
    public async Task A_model_has_so_many_aliases_and_no_more()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        await it.RegisterAsync();
        await it.RegisterAsync();
        await it.ChangeRowsAsync("insert into alias (model_id, alias_key, alias, version_id) with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000) select v.model_id, 'a' || n.i, 'a' || n.i, v.id from version v cross join n where v.number = 1");
        Assert.Equal("invalid_arguments", No(await it.Services.Mlflow.SetAliasAsync(agent, "digits", "one-more", "1")));
        Assert.Equal("invalid_arguments", No(await it.Services.Intake.RegisterAsync(agent, new Registration("digits", null, null, [it.File("more")], Metadata(), Alias: "one-more"))));
        Ok(await it.Services.Mlflow.SetAliasAsync(agent, "digits", "A7", "2"));
        Ok(await it.Services.Mlflow.DeleteAliasAsync(agent, "digits", "a7"));
        Ok(await it.Services.Mlflow.SetAliasAsync(agent, "digits", "one-more", "1"));
        Assert.Equal(1_000, Ok(await it.Services.Mlflow.GetModelAsync(agent, "digits")).Aliases.Count);
    }

    [Fact]
    public async Task Uploads_that_wait_are_kept_by_a_collection_and_forgotten_when_nobody_takes_them()
    {
        await using var it = await TestRegistry.OpenAsync();
        var agent = await it.AgentAsync();
        await UploadAsync(it, agent, "0/weights.bin");
        it.Clock.Advance(TimeSpan.FromDays(2));
        async Task<long> LooseAsync() => Ok(await it.Services.Collector.CollectAsync(Actor.Registry, null, false)) is var seen ? seen.Young + seen.Unreferred : 0;
        Assert.Equal(0, await LooseAsync());
        Assert.Equal("bytes", new StreamReader(Ok(await it.Services.MlflowArtifacts.OpenAsync(Ok(await it.Services.MlflowArtifacts.FindAsync(agent, "0/weights.bin"))))).ReadToEnd());
        it.Clock.Advance(TimeSpan.FromDays(6));
        // How old its file is, the system's clock tells, and this one does not.
        Assert.Equal(1, await LooseAsync());
        Assert.Empty(await FilesAsync(it, agent, ""));
    }
}
