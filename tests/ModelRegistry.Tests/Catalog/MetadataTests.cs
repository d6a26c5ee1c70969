using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Editing what is known about models and versions.</summary>
[OnBothDatabases]
public sealed class MetadataTests
{
    private static Task<Outcome<MetadataView>> SetAsync(TestRegistry it, MetadataEdit edit) => it.Services.Metadata.SetAsync(Robot, edit);

    private static async Task<long> EntriesAsync(TestRegistry it) => long.Parse(Assert.Single(await it.RowsAsync("select size from audit_tree")), System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Every_field_of_a_model_is_edited_audited_and_told_by_name()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("m", tags: new() { ["old"] = "1", ["keep"] = "k" });

        var view = Ok(await SetAsync(it, new MetadataEdit("M")
        {
            Description = "d",
            Task = "vision",
            Owner = "team",
            Card = new string('c', 300),
            Tags = new Dictionary<string, string> { ["new"] = "n", ["keep"] = "k" },
            RemoveTags = ["old", "never"],
        }));

        Assert.Equal(["card", "description", "owner", "tags.new", "tags.old", "task"], view.Changed.Order(StringComparer.Ordinal));
        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        Assert.Equal(("d", "vision", "team"), (info.Description, info.Task, info.Owner));
        Assert.Equal(["keep=k", "new=n"], info.Tags.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal));
        var entry = Ok(await it.Services.Audit.ListAsync(Robot, new ModelRegistry.Audit.AuditQuery("m"))).Items[0];
        Assert.Equal(("metadata.set", "robot", info.ModelId), (entry.Verb, entry.Actor, entry.SubjectId));
        var changed = entry.Entry["facts"]!["changed"]!;
        Assert.Equal(("d", "n", $"sha256:{Digest.Of(new string('c', 300)).Hex}"), ((string?)changed["description"], (string?)changed["tags.new"], (string?)changed["card"]));
        Assert.True(changed.AsObject().ContainsKey("tags.old"));
    }

    [Fact]
    public async Task Every_field_of_a_version_is_edited_and_its_content_stays()
    {
        await using var it = await EmptyAsync();
        var before = await it.RegisterAsync("m", by: Robot);

        var view = Ok(await SetAsync(it, new MetadataEdit("m")
        {
            Version = "latest",
            Card = "# New",
            ReleaseNotes = "notes",
            Dataset = "d@2",
            CodeCommit = "fff",
            Deprecated = true,
            Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5, ["f1"] = 0.25 },
            Tags = new Dictionary<string, string> { ["a"] = "b" },
            Alias = "canary",
        }));

        Assert.Equal(("v1", 9), (view.Version, view.Changed.Count));
        var v = Ok(await it.Services.Catalog.GetAsync(Robot, "m", "@canary")).Version!;
        Assert.Equal(("# New", "notes", "d@2", "fff", true, 0.5, 0.25, "b", before.Digest), (v.Card, v.ReleaseNotes, v.Dataset, v.CodeCommit, v.Deprecated, v.Metrics["accuracy"], v.Metrics["f1"], v.Tags["a"], v.Digest));
        Assert.Equal(before.Files, v.Files);
        Ok(await SetAsync(it, new MetadataEdit("m") { Version = "v1", RemoveTags = ["a"], Deprecated = false }));
        Assert.Empty(Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery { Tags = ["a"] })).Items);
    }

    [Fact]
    public async Task An_edit_that_changes_nothing_writes_nothing()
    {
        await using var it = await EmptyAsync("local");
        await it.CreateAsync("m", "d", tags: new() { ["a"] = "b" });
        await it.RegisterAsync("m", by: Robot);
        Ok(await SetAsync(it, new MetadataEdit("m") { Version = "v1", Alias = "canary", ReleaseNotes = "n" }));
        var (entries, rows) = (await EntriesAsync(it), await it.RowsAsync("select row_version from model union all select row_version from version"));

        foreach (var nothing in new MetadataEdit[]
        {
            new("m"),
            new("m") { Description = "d", Tags = new Dictionary<string, string> { ["a"] = "b" }, RemoveTags = ["never"], NewName = "m", IsActive = true },
            new("m") { Version = "" },
            new("m") { Version = "v1", Alias = "@canary", ReleaseNotes = "n", Deprecated = false, Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 } },
        })
            Assert.Empty(Ok(await SetAsync(it, nothing)).Changed);

        Assert.Equal(entries, await EntriesAsync(it));
        Assert.Equal(rows, await it.RowsAsync("select row_version from model union all select row_version from version"));
    }

    [Fact]
    public async Task Fields_of_the_other_kind_are_refused_by_name()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("m", by: Robot);

        foreach (var edit in new MetadataEdit[] { new("m") { Alias = "x" }, new("m") { Metrics = new Dictionary<string, double> { ["a"] = 1 } }, new("m") { ReleaseNotes = "x" }, new("m") { Dataset = "x" }, new("m") { CodeCommit = "x" }, new("m") { Deprecated = true } })
            Assert.Contains("version", (await SetAsync(it, edit)).Refusal!.Fields!.Keys);
        foreach (var edit in new MetadataEdit[] { new("m") { Description = "x" }, new("m") { Task = "x" }, new("m") { Owner = "x" }, new("m") { IsActive = true }, new("m") { NewName = "x" } })
            Assert.Contains("version", (await SetAsync(it, edit with { Version = "v1" })).Refusal!.Fields!.Keys);
        Assert.Equal("invalid_arguments", No(await SetAsync(it, new MetadataEdit("m") { Tags = new Dictionary<string, string> { ["a"] = "b" }, RemoveTags = ["a"] })));
        Assert.Equal("version_not_found", No(await SetAsync(it, new MetadataEdit("m") { Version = "v2", Card = "x" })));
        Assert.Equal("invalid_arguments", No(await SetAsync(it, new MetadataEdit("m") { Version = "v1", Metrics = new Dictionary<string, double> { ["a"] = double.NaN } })));
        Assert.Equal("invalid_arguments", No(await SetAsync(it, new MetadataEdit("m") { Description = new string('x', 4001) })));
    }

    [Fact]
    public async Task The_bound_on_tags_counts_those_that_are_there()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("m", tags: Enumerable.Range(0, 100).ToDictionary(i => $"t{i}", _ => ""));

        Assert.Equal("invalid_arguments", No(await SetAsync(it, new MetadataEdit("m") { Tags = new Dictionary<string, string> { ["one more"] = "" } })));
        Ok(await SetAsync(it, new MetadataEdit("m") { Tags = new Dictionary<string, string> { ["one more"] = "" }, RemoveTags = ["t7"] }));
        Assert.Equal(100, Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).Tags.Count);
    }

    [Fact]
    public async Task A_new_name_keeps_id_history_and_versions_and_frees_the_old_one()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("old", by: Robot);
        await it.ProposeAsync("old", "v1", by: Robot);
        await it.CreateAsync("taken");
        var id = Ok(await it.Services.Catalog.GetAsync(Robot, "old", null)).ModelId;

        Assert.Equal("model_exists", No(await SetAsync(it, new MetadataEdit("old") { NewName = "TAKEN" })));
        Assert.Equal("name_invalid", No(await SetAsync(it, new MetadataEdit("old") { NewName = "оld" })));
        Assert.Equal("model_out_of_scope", No(await it.Services.Metadata.SetAsync(Robot with { Models = ["old"] }, new MetadataEdit("old") { NewName = "young" })));
        Assert.Equal("New", Ok(await SetAsync(it, new MetadataEdit("old") { NewName = "New" })).ModelName);
        Assert.Equal("NEW", Ok(await SetAsync(it, new MetadataEdit("new") { NewName = "NEW" })).ModelName);

        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "new", null));
        Assert.Equal((id, "NEW", "v1"), (info.ModelId, info.Name, info.ServingVersion));
        Assert.Single(Ok(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("NEW"))).Items);
        Assert.Equal("model_not_found", No(await it.Services.Catalog.GetAsync(Robot, "old", null)));
        Assert.Equal("v1", (await it.RegisterAsync("old", by: Robot)).Version);
    }

    [Fact]
    public async Task What_serves_a_governed_stage_is_not_renamed_deactivated_deleted_or_pointed_at_past_the_gate()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync();

        Assert.Equal("serves_governed_stage", No(await SetAsync(it, new MetadataEdit("digits") { NewName = "other" })));
        Assert.Equal("serves_governed_stage", No(await SetAsync(it, new MetadataEdit("digits") { NewName = "Digits" })));
        Assert.Equal("serves_governed_stage", No(await SetAsync(it, new MetadataEdit("digits") { IsActive = false })));
        Assert.Equal("serves_governed_stage", No(await it.Services.Metadata.DeleteModelAsync(Robot, "digits")));
        Assert.Equal("alias_governed", No(await SetAsync(it, new MetadataEdit("digits") { Version = "v2", Alias = "@Champion" })));
        Assert.Empty(Ok(await SetAsync(it, new MetadataEdit("digits") { NewName = "digits" })).Changed);
        Assert.Equal("v1", await it.ServingAsync());
    }

    [Fact]
    public async Task An_inactive_model_is_read_only_until_it_is_active_again()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        var pending = await it.ProposeAsync("digits", "v1");
        Ok(await SetAsync(it, new MetadataEdit("digits") { IsActive = false }));

        Assert.Equal("model_inactive", No(await SetAsync(it, new MetadataEdit("digits") { Description = "x" })));
        Assert.Equal("model_inactive", No(await SetAsync(it, new MetadataEdit("digits") { Version = "v1", Card = "x" })));
        Assert.Equal("model_inactive", No(await SetAsync(it, new MetadataEdit("digits") { IsActive = false })));
        Assert.Equal("model_inactive", No(await it.Services.Promotions.RequestAsync(Robot, new ModelRegistry.Promotions.PromotionRequest("digits", "v1", "staging"))));
        // What was waiting does not get past it either.
        Assert.Equal("superseded", Ok(await it.Services.Promotions.ReviewAsync(await it.AgentAsync(), pending.PromotionId!)).Promotion.Status);
        Assert.Equal("v1", Ok(await it.Services.Catalog.GetAsync(Robot, "digits", null)).LatestVersion);

        Assert.Equal(["description", "is_active"], Ok(await SetAsync(it, new MetadataEdit("digits") { IsActive = true, Description = "x" })).Changed.Order(StringComparer.Ordinal));
        Ok(await SetAsync(it, new MetadataEdit("digits") { Version = "v1", Card = "x" }));
    }

    [Fact]
    public async Task Many_edits_at_once_are_all_kept()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("m", by: Robot);
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () => Ok(await (i % 2 == 0 ? it.Services : other).Metadata.SetAsync(
            Robot, new MetadataEdit("m") { Version = i % 4 < 2 ? "v1" : null, Tags = new Dictionary<string, string> { [$"t{i}"] = "" } })))));

        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        Assert.Equal((20, 20), (info.Tags.Count, info.Version!.Tags.Count));
        await it.VerifyAuditAsync();
    }
}
