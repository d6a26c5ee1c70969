using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>Persons: the first, later ones, and those who leave.</summary>
[OnBothDatabases]
public sealed class PeopleTests
{
    [Fact]
    public async Task There_is_one_first_person_however_many_try_at_once()
    {
        await using var it = await EmptyAsync("team");
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => (i % 2 == 0 ? it.Services : other).People.InitAsync($"person{i}", Passphrase))));

        var first = Assert.Single(outcomes, o => o.Refusal is null).Value;
        Assert.Equal([Permissions.Admin, Permissions.Approver], first.Roles);
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal("registry_initialised", o.Refusal!.Code));
        Assert.Equal(first.Name, Assert.Single(Ok(await it.Services.People.ListAsync(Robot))).Name);
        await it.VerifyAuditAsync();
    }

    [Theory]
    [InlineData("", Passphrase, "name_invalid")]
    [InlineData("an a'; --", Passphrase, "name_invalid")]
    [InlineData("\u0430na", Passphrase, "name_invalid")]
    [InlineData("Registry", Passphrase, "name_invalid")]
    [InlineData("a\0", Passphrase, "name_invalid")]
    [InlineData("ana", "", "passphrase_weak")]
    [InlineData("ana", "1234567", "passphrase_weak")]
    [InlineData("ana", "            ", "passphrase_weak")]
    [InlineData("ana", "a          b", "")]
    [InlineData("ana-maria", "ANA-MARIA", "passphrase_weak")]
    [InlineData("ana-maria", " ana-maria ", "passphrase_weak")]
    [InlineData("ana", "with a \0 in it", "passphrase_weak")]
    public async Task A_name_or_passphrase_that_does_not_do_is_refused(string name, string passphrase, string code)
    {
        await using var it = await EmptyAsync("team");

        var outcome = await it.Services.People.InitAsync(name, passphrase);

        Assert.Equal(code, outcome.Refusal?.Code ?? "");
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Half_a_character_is_neither_name_nor_passphrase()
    {
        await using var it = await EmptyAsync("team");

        Assert.Equal("name_invalid", No(await it.Services.People.InitAsync("ana\ud800", Passphrase)));
        Assert.Equal("passphrase_weak", No(await it.Services.People.InitAsync("ana", "half a \ud800 character")));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task An_admin_adds_persons_and_names_are_unique_among_all_actors()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        Ok(await it.Services.Tokens.CreateAsync(ana, new("trainer", null, "ana", [], [], null)));

        Assert.Equal("name_taken", No(await it.Services.People.AddAsync(ana, "BEN", Passphrase, [])));
        Assert.Equal("name_taken", No(await it.Services.People.AddAsync(ana, "Trainer", Passphrase, [])));
        Assert.Equal("name_invalid", No(await it.Services.People.AddAsync(ana, "dora", Passphrase, ["Approver'"])));
        var dora = Ok(await it.Services.People.AddAsync(ana, "dora", Passphrase, ["risk", "risk", Permissions.Viewer]));
        Assert.Equal(["risk", Permissions.Viewer], dora.Roles);
        Assert.Equal([Permissions.Approver], Ok(await it.Services.People.AddAsync(ana, "emil", Passphrase, [])).Roles);
    }

    [Fact]
    public async Task The_last_admin_stays_and_a_disabled_person_can_do_nothing_more()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        Assert.Equal("last_admin", No(await it.Services.People.DisableAsync(ana, "ana")));
        Ok(await it.Services.People.AddAsync(ana, "dora", Passphrase, [Permissions.Admin]));
        var dora = Ok(await it.Services.People.ProveAsync("dora", Passphrase, "terminal")).Actor;

        Assert.True(Ok(await it.Services.People.DisableAsync(dora, "ANA")).Disabled);
        var entries = (await it.VerbsAsync()).Count;
        Assert.True(Ok(await it.Services.People.DisableAsync(dora, "ana")).Disabled);
        Assert.Equal(entries, (await it.VerbsAsync()).Count);

        // What she proved before she was disabled is worth nothing now.
        Assert.Equal("person_required", No(await it.Services.People.AddAsync(ana, "fred", Passphrase, [])));
        Assert.Equal("person_required", No(await it.TryAcceptAsync(ana, PolicyProfiles.Find("open")!)));
        Assert.Equal("person_required", No(await it.Services.Tokens.CreateAsync(ana, new(null, "ci", "ben", [], [], null))));
        Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")));
        Assert.Equal("last_admin", No(await it.Services.People.DisableAsync(dora, "dora")));
        Assert.Equal("person_not_found", No(await it.Services.People.DisableAsync(dora, "nobody' --")));
    }

    [Fact]
    public async Task A_name_in_a_refused_attempt_can_be_forgotten()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        Assert.Equal("passphrase_weak", No(await it.Services.People.AddAsync(ana, "Zacharias", "short", [])));
        Assert.Equal("person_not_found", No(await it.Services.People.DisableAsync(ana, "Zacharias")));

        Assert.Equal(2, Ok(await it.Services.Audit.ListAsync(Robot, new())).Items.Count(e => (string?)e.Entry["texts"]!["person"] == "Zacharias"));
        await it.ChangeRowsAsync("delete from audit_erasable where value = 'Zacharias'");

        Assert.Empty(await it.RowsAsync("select 1 from audit_entry where cast(leaf as text) like '%Zacharias%' or subject_id like '%Zacharias%'"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Whose_passphrase_is_asked_for_follows_the_name_given_the_system_user_and_the_role()
    {
        await using var empty = await EmptyAsync("team");
        Assert.Equal("registry_not_initialised", No(await empty.Services.People.WhoseAsync(null, "root", Permissions.Admin)));
        await using var it = await OpenAsync();

        Assert.Equal("xenia", Ok(await it.Services.People.WhoseAsync("xenia", "root", Permissions.Admin)));
        Assert.Equal("ana", Ok(await it.Services.People.WhoseAsync(null, "root", Permissions.Admin)));
        Assert.Equal("cora", Ok(await it.Services.People.WhoseAsync(null, "CORA", Permissions.Approver)));
        var several = (await it.Services.People.WhoseAsync(null, "root", Permissions.Approver)).Refusal!;
        Assert.Contains("ben", several.Message + several.Remedy, StringComparison.Ordinal);
    }
}
