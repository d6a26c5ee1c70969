using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>The table "who may do what", each cell through the use cases themselves.</summary>
[OnBothDatabases]
public sealed class WhoMayTests
{
    // What each role may, in the order of the table's rows: read, propose, register, decide, administer.
    private static readonly Dictionary<string, bool[]> Table = new()
    {
        ["viewer"] = [true, false, false, false, false],
        ["proposer"] = [true, true, false, false, false],
        ["registrar"] = [true, false, true, false, false],
        ["approver"] = [true, true, false, true, false],
        ["admin"] = [true, false, false, false, true],
        ["risk"] = [false, false, false, false, false],
    };

    [Fact]
    public async Task Every_cell_of_the_table_holds_for_persons_agents_and_services()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        foreach (var role in Table.Keys)
            Ok(await it.Services.People.AddAsync(ana, $"p-{role}", Passphrase, [role]));
        var pending = await it.ProposeAsync("digits", "v1");
        var review = Ok(await it.Services.Promotions.ReviewAsync(await it.AgentAsync(), pending.PromotionId!));

        foreach (var (role, may) in Table)
        {
            var person = Ok(await it.Services.People.ProveAsync($"p-{role}", Passphrase, "terminal"));
            await CheckAsync(person.Actor, person.Proof, may);
            foreach (var kind in new[] { ActorKind.Agent, ActorKind.Service })
            {
                // A machine gains nothing by a person's role, and decides and administers nothing whatever it carries.
                var machine = new Actor("act_x", "x", kind, [role], [], new ActorRef(ana.Id, ana.Name));
                await CheckAsync(machine, person.Proof, role is "approver" or "admin" or "risk" ? [false, false, false, false, false] : may);
            }
        }

        async Task CheckAsync(Actor by, Proof proof, bool[] may)
        {
            var s = it.Services;
            string?[] read =
            [
                (await s.Catalog.ListModelsAsync(by, new ModelQuery())).Refusal?.Code,
                (await s.Catalog.ListVersionsAsync(by, new VersionQuery("digits"))).Refusal?.Code,
                (await s.Catalog.GetAsync(by, "digits", null)).Refusal?.Code,
                (await s.Catalog.CompareAsync(by, "digits", ["v1", "v1"])).Refusal?.Code is var code and not "too_few_versions" ? code : null,
                (await s.Catalog.ServingAsync(by, "digits", null, null)).Refusal?.Code,
                (await s.Catalog.HistoryAsync(by, new HistoryQuery("digits"))).Refusal?.Code,
                (await s.Downloads.DownloadAsync(by, "digits", null, Path.Combine(it.DataFolder, Guid.NewGuid().ToString()))).Refusal?.Code,
                (await s.Promotions.ListAsync(by, new PromotionQuery())).Refusal?.Code,
                (await s.Promotions.GetAsync(by, pending.PromotionId!)).Refusal?.Code,
                (await s.Promotions.ReviewAsync(by, pending.PromotionId!)).Refusal?.Code,
                (await s.Policies.ShowAsync(by)).Refusal?.Code,
                (await s.People.ListAsync(by)).Refusal?.Code,
                (await s.Tokens.ListAsync(by)).Refusal?.Code,
                (await s.Audit.ListAsync(by, new())).Refusal?.Code,
                (await s.Audit.VerifyAsync(by, null)).Refusal?.Code,
            ];
            Assert.All(read, code => Assert.Equal(may[0] ? null : "role_missing", code));

            // The promotion that waits already is given again; what matters is that the role was let through.
            string?[] propose =
            [
                (await s.Promotions.RequestAsync(by, new PromotionRequest("digits", "v1", "production"))).Refusal?.Code,
                (await s.Promotions.RollbackAsync(by, new RollbackRequest("digits"))).Refusal?.Code is var code2 and not "nothing_to_roll_back_to" ? code2 : null,
            ];
            Assert.All(propose, code => Assert.Equal(may[1] ? null : "role_missing", code));

            string?[] register =
            [
                (await s.Intake.RegisterAsync(by, new Registration("more", null, null, [it.File("x")], Metadata()))).Refusal?.Code,
                (await s.Metadata.SetAsync(by, new MetadataEdit("digits") { Tags = new Dictionary<string, string> { [by.Id] = "" } })).Refusal?.Code,
                (await s.Metadata.CreateModelAsync(by, new NewModel($"new {Guid.NewGuid()}"))).Refusal?.Code,
                (await s.Metadata.DeleteModelAsync(by, "digits")).Refusal?.Code is var code3 and not "model_has_live_promotion" ? code3 : null,
            ];
            Assert.All(register, code => Assert.Equal(may[2] ? null : "role_missing", code));

            // A person enrolled after the promotion was proposed gets as far as that.
            var decided = (await s.Promotions.DecideAsync(by, new DecisionRequest(pending.PromotionId!, 1, review.StatementDigest, DecisionVerdict.Approve, "", proof))).Refusal?.Code;
            Assert.Equal(!by.IsPerson ? "person_required" : may[3] ? null : "role_missing", decided == "enrolled_later" || decided == "promotion_not_pending" || decided == "statement_changed" ? null : decided);
            var revoked = (await s.Promotions.RevokeAsync(by, pending.PromotionId!, null)).Refusal?.Code;
            Assert.Equal(!by.IsPerson ? "person_required" : may[3] ? "promotion_not_approved" : "role_missing", revoked);

            var admin = $"by-{Guid.NewGuid():N}";
            string?[] administer =
            [
                (await s.People.AddAsync(by, admin, Passphrase, ["viewer"])).Refusal?.Code,
                (await s.People.DisableAsync(by, "cora")).Refusal?.Code,
                (await s.Tokens.CreateAsync(by, new(null, admin + "s", "ana", [], [], null))).Refusal?.Code,
                (await it.TryAcceptAsync(by, PolicyProfiles.Find("local")!)).Refusal?.Code is var code4 and not "policy_unchanged" ? code4 : null,
            ];
            Assert.All(administer, code => Assert.Equal(!by.IsPerson ? "person_required" : may[4] ? null : "role_missing", code));
        }
    }

    [Fact]
    public async Task A_role_that_was_taken_away_counts_at_the_next_act()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        await it.ChangeRowsAsync("""update actor set roles = '["viewer"]' where name = 'ana'""");

        Assert.Equal("role_missing", No(await it.Services.People.AddAsync(ana, "eve", Passphrase, [])));
        Assert.Equal("role_missing", No(await it.TryAcceptAsync(ana, PolicyProfiles.Find("open")!)));
        Assert.Equal("role_missing", No(await it.Services.Tokens.CreateAsync(ana, new(null, "ci", "ben", [], [], null))));
    }

    [Fact]
    public async Task A_person_without_a_row_decides_and_administers_nothing()
    {
        await using var it = await OpenAsync();
        var forged = new Actor("act_forged", "ana", ActorKind.Person, Permissions.Roles, [], null);

        Assert.Equal("person_required", No(await it.Services.People.AddAsync(forged, "eve", Passphrase, [])));
        Assert.Equal("person_required", No(await it.TryAcceptAsync(forged, PolicyProfiles.Find("open")!)));
        Assert.Equal("person_required", No(await it.Services.Tokens.CreateAsync(forged, new("bot", null, "ben", [], [], null))));
    }
}
