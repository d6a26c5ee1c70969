using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Who somebody is, is asked at the moment of the act: of persons, of agents, and of those who only call themselves so.</summary>
[OnBothDatabases]
public sealed class StandingTests
{
    [Fact]
    public async Task A_disabled_admin_changes_no_policy_and_withdraws_nothing()
    {
        await using var it = await OpenAsync("team");
        var ana = (await it.PersonAsync("ana")).Actor;
        Ok(await it.Services.People.AddAsync(ana, "dora", Passphrase, [Permissions.Admin, Permissions.Approver]));
        var dora = Ok(await it.Services.People.ProveAsync("dora", Passphrase, "page")).Actor;
        var parked = await it.ParkAsync();
        Ok(await it.Services.People.DisableAsync(ana, "dora"));

        Assert.Equal("person_required", (await it.TryAcceptAsync(dora, PolicyProfiles.Find("open")!)).Refusal?.Code);
        Assert.Equal("person_required", (await it.Services.People.AddAsync(dora, "eve", Passphrase, [])).Refusal?.Code);
        Assert.Equal("role_missing", (await it.Services.Promotions.WithdrawAsync(dora, parked.PromotionId!, null)).Refusal?.Code);
        Assert.Equal("role_missing", (await it.Services.Promotions.RevokeAsync(dora, parked.PromotionId!, null)).Refusal?.Code);
        Assert.Equal("person_not_found", (await it.Services.Tokens.CreateAsync(dora, new("mine", null, "dora", [], [], null))).Refusal?.Code);
        Assert.Equal("team", Ok(await it.Services.Policies.ShowAsync(ana)).Name);
    }

    [Fact]
    public async Task Whoever_is_enrolled_after_the_request_does_not_decide_it()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync();
        Ok(await it.Services.People.AddAsync((await it.PersonAsync("ana")).Actor, "dora", Passphrase + "dora", [Permissions.Approver]));

        Assert.Equal("enrolled_later", (await it.DecideAsync("dora", parked.PromotionId!)).Refusal?.Code);
    }

    [Fact]
    public async Task A_proof_is_good_for_five_minutes_and_for_its_person()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync();
        var (review, ben, cora) = (await it.ReviewAsync(parked.PromotionId!), await it.PersonAsync("ben"), await it.PersonAsync("cora"));
        var request = new ModelRegistry.Promotions.DecisionRequest(parked.PromotionId!, 1, review.StatementDigest, DecisionVerdict.Approve, "", ben.Proof);
        Assert.Equal("proof_failed", (await it.Services.Promotions.DecideAsync(cora.Actor, request)).Refusal?.Code);
        it.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        Assert.Equal("proof_stale", (await it.Services.Promotions.DecideAsync(ben.Actor, request)).Refusal?.Code);
        Assert.Equal("proof_stale", (await it.Services.Promotions.DecideAsync(ben.Actor, request with { Proof = ben.Proof with { ProvenAt = it.Clock.GetUtcNow().AddMinutes(1) } })).Refusal?.Code);
        Assert.Null(await it.ServingAsync());
    }

    [Fact]
    public async Task What_an_agent_proposed_is_decided_also_when_its_token_is_gone_by_then()
    {
        await using var it = await OpenAsync("team");
        var scout = await it.TokenAsync("scout", "cora");
        var parked = await it.ParkAsync(by: scout);
        Ok(await it.Services.Tokens.RevokeAsync((await it.PersonAsync("cora")).Actor, scout.CredentialId!));

        Assert.Equal("four_eyes", (await it.DecideAsync("cora", parked.PromotionId!)).Refusal?.Code);
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
    }

    [Theory]
    [InlineData("toy", "toy-1", null)]
    [InlineData("toy*", "toy-1", "digits")]
    [InlineData("toy?1", "toy-1", "toy-11")]
    [InlineData("TOY-*", "toy-1", "atoy-1")]
    public async Task A_token_narrowed_to_models_reaches_no_other(string pattern, string inside, string? outside)
    {
        await using var it = await OpenAsync("open");
        await it.RegisterAsync(inside);
        await it.RegisterAsync(outside ?? "other");
        var (agent, covered) = (await it.TokenAsync("narrow", "ana", models: pattern), outside is not null);

        Assert.Equal(covered ? null : "model_out_of_scope", (await it.Services.Promotions.RequestAsync(agent, new(inside, "v1", "staging"))).Refusal?.Code);
        foreach (var name in new[] { outside ?? "other" })
        {
            Assert.Equal("model_out_of_scope", (await it.Services.Promotions.RequestAsync(agent, new(name, "v1", "staging"))).Refusal?.Code);
            Assert.Equal("model_out_of_scope", (await it.Services.Metadata.SetAsync(agent, new(name) { Description = "mine" })).Refusal?.Code);
            Assert.Equal("model_out_of_scope", (await it.Services.Intake.RegisterAsync(agent, new(name, null, null, [it.File("x")], Metadata()))).Refusal?.Code);
        }
        Assert.Equal("model_out_of_scope", (await it.Services.Metadata.SetAsync(agent, new(inside) { NewName = "elsewhere" })).Refusal?.Code);
    }

    [Theory]
    [InlineData("ben")]
    [InlineData("Ben")]
    [InlineData(" ben\u200B")]
    [InlineData("Registry")]
    public async Task A_client_that_calls_itself_like_somebody_else_is_not_shown_as_them(string claim)
    {
        await using var it = await OpenAsync("team");
        var agent = await it.Services.Actors.StdioAsync("ana", claim);
        Assert.Equal(ActorKind.Agent, agent.Kind);
        var parked = await it.ParkAsync(by: agent);
        Assert.Equal("mcp-client", parked.RequestedBy);
    }

    [Fact]
    public async Task Guessing_many_passphrases_at_once_is_slowed_down_like_guessing_them_in_turn()
    {
        await using var it = await OpenAsync("team");
        var guesses = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => Task.Run(() => it.Services.People.ProveAsync("ben", $"guess {n}", "rest"))));

        Assert.Equal(5, guesses.Count(g => g.Refusal?.Code == "proof_failed"));
        Assert.Equal(7, guesses.Count(g => g.Refusal?.Code == "too_many_attempts"));
        it.Clock.Advance(TimeSpan.FromSeconds(61));
        Ok(await it.Services.People.ProveAsync("ben", Passphrase + "ben", "rest"));
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("\ud800")]
    [InlineData("a\u202Eb")]
    public async Task Text_of_any_shape_is_kept_or_refused_and_never_a_fault(string odd)
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        var (agent, desk) = (await it.AgentAsync(), it.Services.Promotions);
        var parked = await it.ParkAsync("letters");
        foreach (var text in new[] { odd, odd + new string('x', 100_000) })
        {
            await desk.RequestAsync(agent, new(text, "v1", "production"));
            await desk.RequestAsync(agent, new("digits", text, "production"));
            await desk.RequestAsync(agent, new("digits", "v1", text));
            await desk.RequestAsync(agent, new("digits", "v1", "production", text, text));
            await desk.RollbackAsync(agent, new("digits", text, text, text, text));
            await desk.WithdrawAsync(agent, text, text);
            await desk.ReviewAsync(agent, text);
            await desk.AskAsync(agent, text, text);
            await desk.AnswerAsync(agent, parked.PromotionId!, text, text, DecisionVerdict.Approve, text);
            await desk.RefuseMachineAsync(agent, text, DecisionVerdict.Approve);
            await it.Services.Metadata.SetAsync(agent, new("digits") { Description = text, Tags = new Dictionary<string, string> { ["note"] = text } });
            await it.Services.Metadata.SetAsync(agent, new("digits") { Version = "v1", Card = text, Dataset = text, Tags = new Dictionary<string, string> { [text] = text } });
            var ben = await it.PersonAsync("ben");
            await desk.DecideAsync(ben.Actor, new(parked.PromotionId!, 1, text, DecisionVerdict.Approve, text, ben.Proof));
        }
        Assert.Null(await it.ServingAsync("letters"));
        Assert.Null(await it.ServingAsync("digits"));
        await it.VerifyAuditAsync();
    }
}
