using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Making and deleting models as such.</summary>
[OnBothDatabases]
public sealed class DeleteModelTests
{
    [Fact]
    public async Task A_model_is_made_once_and_takes_versions_by_its_scheme()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("m", "d", "vision", new() { ["a"] = "b" }, Versioning.Semver);

        Assert.Equal("model_exists", No(await it.Services.Metadata.CreateModelAsync(Robot, new NewModel("M"))));
        Assert.Equal("name_invalid", No(await it.Services.Metadata.CreateModelAsync(Robot, new NewModel("m "))));
        Assert.Equal("role_missing", No(await it.Services.Metadata.CreateModelAsync(Robot with { Roles = ["proposer"] }, new NewModel("x"))));
        Assert.Equal("no_owner", No(await it.Services.Metadata.CreateModelAsync(Robot with { Owner = null }, new NewModel("x"))));
        Assert.Equal("invalid_arguments", No(await it.Services.Metadata.CreateModelAsync(Robot, new NewModel("x", new string('x', 4001)))));
        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        Assert.Equal(("d", "vision", "semver", "b", null), (info.Description, info.Task, info.Versioning, info.Tags["a"], info.Version));
        Assert.Equal("1.0.0", (await it.RegisterAsync("m", by: Robot)).Version);
        Assert.Equal(["model.create", "version.register"], (await it.VerbsAsync()).Where(v => !v.Contains("refused", StringComparison.Ordinal) && v != "registry.create"));
    }

    [Fact]
    public async Task A_deleted_models_name_is_free_and_its_id_history_and_entries_stay()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        await it.ProposeAsync("m", "v1", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Version = "v2", Alias = "canary", Tags = new Dictionary<string, string> { ["a"] = "b" } }));
        var id = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).ModelId;

        Assert.Equal("m", Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "M")).ModelName);

        Assert.Equal("model_not_found", No(await it.Services.Catalog.GetAsync(Robot, "m", null)));
        Assert.Equal("model_not_found", No(await it.Services.Catalog.ServingAsync(Robot, "m", null, null)));
        Assert.Equal("model_not_found", No(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Description = "x" })));
        Assert.Equal("model_not_found", No(await it.Services.Metadata.DeleteModelAsync(Robot, "m")));
        Assert.DoesNotContain("nearest", (await it.Services.Catalog.GetAsync(Robot, "mm", null)).Refusal!.Message, StringComparison.Ordinal);
        foreach (var query in new ModelQuery[] { new(), new(IncludeInactive: true), new() { Tags = ["a"] }, new(Stage: "production"), new("m") })
            Assert.Empty(Ok(await it.Services.Catalog.ListModelsAsync(Robot, query)).Items);

        var again = await it.RegisterAsync("m", by: Robot);
        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        Assert.Equal(("v1", 1L, null), (again.Version, info.Versions, info.ServingVersion));
        Assert.NotEqual(id, info.ModelId);
        Assert.Empty(info.Aliases);
        // Three entries of the living one's namesake are found by its id, with what it stopped serving.
        var entries = Ok(await it.Services.Audit.ListAsync(Robot, new ModelRegistry.Audit.AuditQuery(id))).Items;
        Assert.Equal("model.delete", entries[0].Verb);
        Assert.Equal("production", (string?)entries[0].Entry["facts"]!["served"]![0]);
        Assert.Contains(entries, e => e.Verb == "version.register");
        Assert.Equal("2", Assert.Single(await it.RowsAsync($"select count(*) from version where model_id = '{id}'")));
        Assert.Equal("1", Assert.Single(await it.RowsAsync($"select count(*) from serving_period where model_id = '{id}' and until_at is not null")));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_live_promotion_stands_in_the_way_until_it_ends_or_expires()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync("a");
        await it.RegisterAsync("b");
        var withdrawn = await it.ProposeAsync("a", "v1");
        var expired = await it.ProposeAsync("b", "v1");

        var refusal = (await it.Services.Metadata.DeleteModelAsync(Robot, "a")).Refusal!;
        Assert.Equal("model_has_live_promotion", refusal.Code);
        Assert.Contains(withdrawn.PromotionId!, refusal.Message, StringComparison.Ordinal);
        Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), withdrawn.PromotionId!, null));
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "a"));

        it.Clock.Advance(TimeSpan.FromDays(30));
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "b"));
        // The promotion of a model that is gone can still be looked at, and tells what became of it.
        Assert.Equal(("expired", "b"), (Ok(await it.Services.Promotions.GetAsync(Robot, expired.PromotionId!)).Status, Ok(await it.Services.Promotions.GetAsync(Robot, expired.PromotionId!)).ModelName));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Deleting_takes_the_role_and_the_pattern()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("m");

        Assert.Equal("role_missing", No(await it.Services.Metadata.DeleteModelAsync(Robot with { Roles = ["proposer", "viewer"] }, "m")));
        Assert.Equal("model_out_of_scope", No(await it.Services.Metadata.DeleteModelAsync(Robot with { Models = ["x*"] }, "m")));
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { IsActive = false }));
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot with { Models = ["M*"] }, "m"));
    }

    [Fact]
    public async Task A_registration_and_a_deletion_at_once_leave_one_or_the_other()
    {
        await using var it = await EmptyAsync();
        foreach (var round in Enumerable.Range(0, 8))
        {
            await it.CreateAsync("m");
            var register = Task.Run(() => it.RegisterAsync("m", by: Robot));
            Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "m"));
            await register;
            // Registered before: gone with the model. After: the first version of a new one.
            var left = await it.Services.Catalog.GetAsync(Robot, "m", null);
            if (left.Refusal is null)
            {
                Assert.Equal(1, left.Value.Versions);
                Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "m"));
            }
        }
        Assert.Equal("8", Assert.Single(await it.RowsAsync("select count(*) from version")));
        await it.VerifyAuditAsync();
    }
}
