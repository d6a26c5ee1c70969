using System.Text;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Deciding through a client's dialog: worth <c>attested</c>, and only as the answer to a question that was put.</summary>
[OnBothDatabases]
public sealed class ElicitationTests
{
    private const string Arguments = "sha256 of the call's arguments";

    [Fact]
    public async Task An_answer_to_a_question_is_the_owners_attested_decision()
    {
        await using var it = await OpenAsync("local");
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync());
        var question = Ok(await it.Services.Promotions.AskAsync(agent, parked.PromotionId!, Arguments));

        var applied = Ok(await it.Services.Promotions.AnswerAsync(agent, parked.PromotionId!, Arguments, question.RequestState, DecisionVerdict.Approve, "fine"));

        var decision = Assert.Single(applied.Decisions);
        Assert.Equal(("applied", "ana", "attested", "mcp", "fine"), (applied.Status, decision.Person, decision.Assurance, decision.Channel, decision.Comment));
        Assert.Equal("v1", await it.ServingAsync());
        // What the record says must be what was proven: an agent's connection carried it all.
        var entries = Ok(await it.Services.Audit.ListAsync(agent, new(Subject: parked.PromotionId))).Items;
        Assert.All(entries, e => Assert.Equal(agent.Id, (string?)e.Entry["actor"]!["id"]));
        Assert.Contains(entries, e => e.Verb == "promotion.decide" && (string?)e.Entry["facts"]!["assurance"] == "attested" && (string?)e.Entry["texts"]!["agent"] == agent.Name);
        await it.VerifyAuditAsync();
    }

    /// <summary>Attack 3: the form comes back accepted, its decision field says no.</summary>
    [Fact]
    [Attack(3, "rules")]
    public async Task An_accepted_form_that_says_reject_rejects()
    {
        await using var it = await OpenAsync("local");
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync());
        var question = Ok(await it.Services.Promotions.AskAsync(agent, parked.PromotionId!, Arguments));

        Assert.Equal("rejected", Ok(await it.Services.Promotions.AnswerAsync(agent, parked.PromotionId!, Arguments, question.RequestState, DecisionVerdict.Reject, "")).Status);
        Assert.Null(await it.ServingAsync());
    }

    /// <summary>Attacks 2 and 24: an answer to no question, or to another one.</summary>
    [Fact]
    [Attack(24, "rules")]
    public async Task An_answer_that_belongs_to_no_question_of_this_caller_is_refused()
    {
        await using var it = await OpenAsync("local");
        var (one, two) = (await it.ParkAsync("digits"), await it.ParkAsync("letters"));
        var (agent, other, sibling) = (await it.AgentAsync(), await it.TokenAsync("drone", "ben"), await it.TokenAsync("scout", "ana"));
        var state = Ok(await it.Services.Promotions.AskAsync(agent, one.PromotionId!, Arguments)).RequestState;
        var (body, mac) = (state.Split('.')[0], state.Split('.')[1]);
        var forged = System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(body)).Replace(one.PromotionId!, two.PromotionId!, StringComparison.Ordinal)));

        string?[] broken = [null, "", ".", "a.b", state + "x", "x" + state, body + ".", "." + mac, body + "." + body, forged + "." + mac, body, state + "." + mac, new string('a', 5000), "é.é"];
        foreach (var bad in broken)
            await RefusedAsync(agent, one.PromotionId!, Arguments, bad);
        await RefusedAsync(agent, two.PromotionId!, Arguments, forged + "." + mac);
        await RefusedAsync(agent, two.PromotionId!, Arguments, state);
        await RefusedAsync(agent, one.PromotionId!, "other arguments", state);
        await RefusedAsync(other, one.PromotionId!, Arguments, state);
        await RefusedAsync(sibling, one.PromotionId!, Arguments, state);

        Assert.Equal(("pending", "pending"), ((await it.PromotionAsync(one.PromotionId!)).Status, (await it.PromotionAsync(two.PromotionId!)).Status));
        // It was good all along.
        Assert.Equal("applied", Ok(await it.Services.Promotions.AnswerAsync(agent, one.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")).Status);
        await it.VerifyAuditAsync();

        async Task RefusedAsync(Actor by, string id, string arguments, string? given) =>
            Assert.Equal("request_state_invalid", (await it.Services.Promotions.AnswerAsync(by, id, arguments, given, DecisionVerdict.Approve, "")).Refusal?.Code);
    }

    /// <summary>Attack 24: replayed, late, or about what the promotion no longer is.</summary>
    [Fact]
    [Attack(24, "rules")]
    public async Task A_state_is_used_once_and_in_time()
    {
        await using var it = await OpenAsync("local");
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync());
        var desk = it.Services.Promotions;

        var late = Ok(await desk.AskAsync(agent, parked.PromotionId!, Arguments)).RequestState;
        it.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromMilliseconds(1));
        Assert.Equal("request_state_invalid", (await desk.AnswerAsync(agent, parked.PromotionId!, Arguments, late, DecisionVerdict.Approve, "")).Refusal?.Code);
        it.Clock.Advance(TimeSpan.FromMinutes(-5));
        Assert.Equal("request_state_invalid", (await desk.AnswerAsync(agent, parked.PromotionId!, Arguments, late, DecisionVerdict.Approve, "")).Refusal?.Code);
        it.Clock.Advance(TimeSpan.FromMinutes(5));

        var outdated = Ok(await desk.AskAsync(agent, parked.PromotionId!, Arguments)).RequestState;
        Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = "v1", Metrics = new Dictionary<string, double> { ["accuracy"] = 1 } }));
        Assert.Equal("statement_changed", (await desk.AnswerAsync(agent, parked.PromotionId!, Arguments, outdated, DecisionVerdict.Approve, "")).Refusal?.Code);
        Assert.Equal("request_state_invalid", (await desk.AnswerAsync(agent, parked.PromotionId!, Arguments, outdated, DecisionVerdict.Approve, "")).Refusal?.Code);

        var state = Ok(await desk.AskAsync(agent, parked.PromotionId!, Arguments)).RequestState;
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => desk.AnswerAsync(agent, parked.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")));
        Assert.Equal("applied", Assert.Single(answers, a => a.Refusal is null).Value.Status);
        await it.ReopenAsync();
        Assert.Equal("request_state_invalid", (await it.Services.Promotions.AnswerAsync(agent, parked.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")).Refusal?.Code);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_refused_answer_uses_its_state_up_too()
    {
        await using var it = await OpenAsync("local");
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync());
        var state = Ok(await it.Services.Promotions.AskAsync(agent, parked.PromotionId!, Arguments)).RequestState;
        await it.ChangeRowsAsync("update actor set roles = '[\"admin\"]' where name = 'ana'");
        Assert.Equal("role_missing", (await it.Services.Promotions.AnswerAsync(agent, parked.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")).Refusal?.Code);
        await it.ChangeRowsAsync("update actor set roles = '[\"admin\",\"approver\"]' where name = 'ana'");

        Assert.Equal("request_state_invalid", (await it.Services.Promotions.AnswerAsync(agent, parked.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")).Refusal?.Code);
        Assert.Null(await it.ServingAsync());
    }

    [Fact]
    public async Task A_question_is_put_only_where_its_answer_could_decide()
    {
        await using var it = await OpenAsync("local");
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync());
        var (viewer, elsewhere) = (await it.TokenAsync("viewer", "ana", [Permissions.Viewer]), await it.TokenAsync("toys", "ana", models: "toy*"));
        Ok(await it.Services.People.AddAsync((await it.PersonAsync("ana")).Actor, "guest", Passphrase + "guest", [Permissions.Viewer]));
        var guests = await it.TokenAsync("guests", "guest");

        Assert.Equal("role_missing", await CodeAsync(viewer));
        Assert.Equal("model_out_of_scope", await CodeAsync(elsewhere));
        Assert.Equal("role_missing", await CodeAsync(guests));
        Assert.Equal("no_owner", await CodeAsync(agent with { Owner = null }));
        Assert.Equal("no_owner", await CodeAsync((await it.PersonAsync("ben")).Actor));
        Assert.Equal("promotion_not_found", (await it.Services.Promotions.AskAsync(agent, "prm_none", Arguments)).Refusal?.Code);
        await it.AcceptAsync("team");
        Assert.Equal("assurance_too_low", await CodeAsync(agent));

        async Task<string?> CodeAsync(Actor by) => (await it.Services.Promotions.AskAsync(by, parked.PromotionId!, Arguments)).Refusal?.Code;
    }

    [Fact]
    public async Task Under_four_eyes_the_owners_dialog_does_not_approve_what_the_owners_agent_proposed()
    {
        await using var it = await OpenAsync("local");
        await it.AcceptAsync(PolicyProfiles.Find("local")!.Replace("\"assurance\": \"attested\",\n", "\"assurance\": \"attested\", \"four_eyes\": true,\n", StringComparison.Ordinal));
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync());
        Assert.True(parked.Required!.FourEyes);
        var state = Ok(await it.Services.Promotions.AskAsync(agent, parked.PromotionId!, Arguments)).RequestState;
        Assert.Equal("four_eyes", (await it.Services.Promotions.AnswerAsync(agent, parked.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")).Refusal?.Code);

        // Another person's client is a second person's.
        var bens = await it.TokenAsync("drone", "ben");
        state = Ok(await it.Services.Promotions.AskAsync(bens, parked.PromotionId!, Arguments)).RequestState;
        Assert.Equal("applied", Ok(await it.Services.Promotions.AnswerAsync(bens, parked.PromotionId!, Arguments, state, DecisionVerdict.Approve, "")).Status);
    }
}
