using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Many registrations at once.</summary>
[OnBothDatabases]
public sealed class IntakeRaceTests
{
    [Theory]
    [InlineData(Versioning.Auto)]
    [InlineData(Versioning.Semver)]
    public async Task Sixty_four_at_once_through_two_processes_worth_of_services_get_consecutive_numbers(Versioning versioning)
    {
        await using var it = await EmptyAsync();
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        var files = Enumerable.Range(0, 64).Select(i => it.File($"content {i % 8}")).ToList();

        // The model itself is made by whoever comes first.
        var views = await Task.WhenAll(files.Select((file, i) => Task.Run(async () => Ok(await (i % 2 == 0 ? it.Services : other).Intake.RegisterAsync(
            Robot, new Registration("m", null, null, [file], Metadata(), Versioning: versioning))))));

        Assert.Equal(Enumerable.Range(1, 64).Select(n => (long)n), views.Select(v => v.Number).Order());
        Assert.Equal(64, views.Select(v => v.Version).Distinct().Count());
        Assert.Single(views, v => v.ModelCreated);
        var info = Ok(await other.Catalog.GetAsync(Robot, "m", "latest"));
        Assert.Equal((64, 64), (info.Versions, info.Version!.Number));
        Assert.Equal(info.LatestVersion, info.Version.Version);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task One_label_asked_for_by_many_at_once_is_given_to_one()
    {
        await using var it = await EmptyAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => it.Services.Intake.RegisterAsync(Robot, new Registration("m", "1.0.0", null, [it.File($"{i}")], Metadata())))));

        Assert.Single(outcomes, o => o.Refusal is null);
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal("version_exists", o.Refusal!.Code));
        Assert.Equal("1", Assert.Single(await it.RowsAsync("select count(*) from version")));
    }
}
