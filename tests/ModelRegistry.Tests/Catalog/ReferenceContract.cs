using ModelRegistry.Catalog;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>How versions are named, resolved against real rows of both databases.</summary>
public abstract class ReferenceContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    private static async Task<string> FindAsync(TestRegistry it, string model, string? reference) =>
        (await it.Services.Catalog.GetAsync(Robot, model, reference)) is { Refusal: null } found ? $"{found.Value.Version!.Number}:{found.Value.Version.Version}" : (await it.Services.Catalog.GetAsync(Robot, model, reference)).Refusal!.Code;

    [Fact]
    public async Task An_auto_numbered_version_is_found_by_number_label_and_word()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("auto", by: Robot);
        await it.RegisterAsync("auto", version: "v7", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("auto") { Version = "1", Alias = "Best" }));

        foreach (var reference in new[] { "7", "v7", "V7", "latest", "LATEST", "@latest", " 7 " })
            Assert.Equal("7:v7", await FindAsync(it, "AUTO", reference));
        foreach (var reference in new[] { "1", "v1", "@Best", "@best", "@BEST" })
            Assert.Equal("1:v1", await FindAsync(it, "auto", reference));
        foreach (var reference in new[] { "2", "v2", "v07", "0", "1.0.0", "@worst", "999999999999999" })
            Assert.Equal("version_not_found", await FindAsync(it, "auto", reference));
        foreach (var reference in new[] { "1000000000000000", "v 1", "1'; drop table version; --", "@", "@a b", "ver\u0000", "\ud800", new string('1', 4000), "-1", "١" })
            Assert.Contains(await FindAsync(it, "auto", reference), new[] { "version_reference_invalid", "name_invalid" });
    }

    [Fact]
    public async Task A_semantic_label_is_found_with_and_without_v_and_a_bare_integer_is_always_a_number()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("sem", version: "1.0.0", by: Robot);
        await it.RegisterAsync("sem", version: "v2.0", by: Robot);
        await it.RegisterAsync("sem", version: "1.1.0", by: Robot);

        Assert.Equal("1:1.0.0", await FindAsync(it, "sem", "1"));
        Assert.Equal("1:1.0.0", await FindAsync(it, "sem", "v1.0.0"));
        // The label 2.0.0 has the number 2; number 3 is label 1.1.0, and there is no label 3.
        Assert.Equal("2:2.0.0", await FindAsync(it, "sem", "v2"));
        Assert.Equal("3:1.1.0", await FindAsync(it, "sem", "3"));
        Assert.Equal("version_not_found", await FindAsync(it, "sem", "v3"));
        Assert.Equal("3:1.1.0", await FindAsync(it, "sem", "v1.1"));
        // The highest number, not the highest label.
        Assert.Equal("3:1.1.0", await FindAsync(it, "sem", "latest"));
    }

    [Fact]
    public async Task Default_is_the_alias_else_what_serves_production_else_the_latest()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        Assert.Equal("3:v3", await FindAsync(it, "m", null));

        await it.ProposeAsync("m", "v2", by: Robot);
        Assert.Equal("2:v2", await FindAsync(it, "m", "default"));

        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Version = "v1", Alias = "@default" }));
        foreach (var reference in new[] { null, "", " ", "default", "DEFAULT", "@default" })
            Assert.Equal("1:v1", await FindAsync(it, "m", reference));
    }

    [Fact]
    public async Task A_version_that_is_gone_is_not_latest_and_its_number_and_label_stay_taken()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("s", version: "1.0.0", by: Robot);
        await it.ChangeRowsAsync("update version set deleted_at = 1 where label in ('v2', '1.0.0')");

        Assert.Equal("1:v1", await FindAsync(it, "m", "latest"));
        Assert.Equal("version_not_found", await FindAsync(it, "m", "2"));
        Assert.Equal("v1", Assert.Single(Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m"))).Items).Version);
        Assert.Equal("version_exists", No(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", "v2", null, [it.File("x")], Metadata()))));
        Assert.Equal("version_exists", No(await it.Services.Intake.RegisterAsync(Robot, new Registration("s", "v1", null, [it.File("x")], Metadata()))));
        Assert.Equal("v3", (await it.RegisterAsync("m", by: Robot)).Version);
        Assert.Equal("1.1.0", (await it.RegisterAsync("s", by: Robot)).Version);
    }

    [Fact]
    public async Task A_model_whose_versions_are_all_gone_is_still_shown()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.ChangeRowsAsync("update version set deleted_at = 1");

        Assert.Null(Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).Version);
        Assert.Equal("version_not_found", await FindAsync(it, "m", "latest"));
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_answered_with_the_nearest_one()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("resnet-50", by: Robot);
        await it.RegisterAsync("keras", by: Robot);

        var refusal = (await it.Services.Catalog.GetAsync(Robot, "resnet_50", null)).Refusal!;
        Assert.Equal("model_not_found", refusal.Code);
        Assert.Contains("'resnet-50'", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("resnet-50", (await it.Services.Catalog.GetAsync(Robot, "zebra", null)).Refusal!.Message, StringComparison.Ordinal);
        // A Kelvin sign is no K, and none of these is found or fails.
        foreach (var name in new[] { "\u212aeras", "", " ", "k'; drop table model; --", "k%", "_eras", "\0", "ker\ud800as", new string('k', 100_000) })
            Assert.Equal("model_not_found", No(await it.Services.Catalog.GetAsync(Robot, name, null)));
        Assert.Contains("latest is v1", (await it.Services.Catalog.GetAsync(Robot, "keras", "v9")).Refusal!.Message, StringComparison.Ordinal);
    }
}
