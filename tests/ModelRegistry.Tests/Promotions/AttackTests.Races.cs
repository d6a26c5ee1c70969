using System.Diagnostics;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Attack 8: many at once, two processes' worth of registries, and an end between approval and application.</summary>
public sealed partial class AttackTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Attack(8, "rules")]
    public async Task Fifty_approvals_at_once_have_one_effect(int registries)
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync();
        var seen = await it.ReviewAsync(parked.PromotionId!);
        var (ben, cora) = (await it.PersonAsync("ben"), await it.PersonAsync("cora"));
        await using var second = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        RegistryServices[] all = registries == 1 ? [it.Services] : [it.Services, second];

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(n => Task.Run(() =>
        {
            var person = n % 4 < 2 ? ben : cora;
            return all[n % all.Length].Promotions.DecideAsync(person.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", person.Proof));
        })));

        Assert.Equal("applied", Assert.Single(outcomes, o => o.Refusal is null).Value.Status);
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal("promotion_not_pending", o.Refusal!.Code));
        var verbs = await it.VerbsAsync(parked.PromotionId);
        Assert.Equal((1, 1), (verbs.Count(v => v == "promotion.decide"), verbs.Count(v => v == "promotion.apply")));
        Assert.Equal(["production"], await it.RowsAsync("select stage from serving_period where stage = 'production'"));
        Assert.Single(await it.RowsAsync("select id from decision"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    [Attack(8, "rules")]
    public async Task An_approved_promotion_finished_by_many_at_once_is_applied_once()
    {
        await using var it = await OpenAsync("team");
        var id = await LeaveApprovedAsync(it);
        await using var second = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(() => (n % 2 == 0 ? it.Services : second).Promotions.FinishApprovedAsync())));

        Assert.Equal("applied", (await it.PromotionAsync(id)).Status);
        Assert.Single(await it.VerbsAsync(id), "promotion.apply");
        Assert.Equal("v1", await it.ServingAsync());
        Assert.Equal(0, await it.Services.Promotions.FinishApprovedAsync());
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task What_a_process_left_approved_is_applied_by_another_that_goes_on_but_not_what_is_under_way()
    {
        await using var it = await OpenAsync("team");
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        Assert.Equal(0, await other.Approved.SweepAsync(default));
        var id = await LeaveApprovedAsync(it);
        Assert.Equal(0, await other.Approved.SweepAsync(default));
        Assert.Equal("approved", (await it.PromotionAsync(id)).Status);
        Assert.Equal(1, await other.Approved.SweepAsync(default));
        Assert.Equal("applied", (await it.PromotionAsync(id)).Status);
        Assert.Single(await it.VerbsAsync(id), "promotion.apply");
        Assert.Equal(0, await other.Approved.SweepAsync(default));
    }

    [Fact]
    public async Task An_approval_that_was_not_applied_in_time_expires()
    {
        await using var it = await OpenAsync("team");
        var id = await LeaveApprovedAsync(it);
        it.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(1));

        await it.Services.Promotions.FinishApprovedAsync();

        Assert.Equal("expired", (await it.PromotionAsync(id)).Status);
        Assert.Null(await it.ServingAsync());
        Assert.Equal("pending", (await it.ProposeAsync("digits", "v1")).Status);
    }

    [Theory]
    [InlineData("approver disabled")]
    [InlineData("metadata edited")]
    [InlineData("model renamed")]
    [InlineData("policy stricter")]
    [InlineData("revoked")]
    [InlineData("model inactive")]
    public async Task What_changes_between_approval_and_application_stops_it(string what)
    {
        await using var it = await OpenAsync("team");
        var id = await LeaveApprovedAsync(it);
        var agent = await it.AgentAsync();
        switch (what)
        {
            case "approver disabled": Ok(await it.Services.People.DisableAsync((await it.PersonAsync("ana")).Actor, "ben")); break;
            case "metadata edited": Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = "v1", Metrics = new Dictionary<string, double> { ["accuracy"] = 1 } })); break;
            case "model renamed": Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { NewName = "fraud" })); break;
            case "policy stricter": await it.AcceptAsync(TwoApprovers); break;
            case "revoked": Assert.Equal("revoked", Ok(await it.Services.Promotions.RevokeAsync((await it.PersonAsync("cora")).Actor, id, "second thoughts")).Status); break;
            default: Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { IsActive = false })); break;
        }

        await it.Services.Promotions.FinishApprovedAsync();

        Assert.Equal(what switch { "revoked" => "revoked", "model inactive" => "superseded", _ => "failed" }, (await it.PromotionAsync(id)).Status);
        Assert.Empty(await it.RowsAsync("select 1 from serving where stage = 'production'"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Who_approves_and_leaves_at_once_has_approved()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync();
        var (seen, ben) = (await it.ReviewAsync(parked.PromotionId!), await it.PersonAsync("ben"));
        using var page = new CancellationTokenSource();
        OnWrite(it, 1, page.Cancel);

        await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", ben.Proof), page.Token);

        Assert.True(page.IsCancellationRequested);
        Assert.Equal("applied", (await it.PromotionAsync(parked.PromotionId!)).Status);
    }

    /// <summary>Approved by ben, and then the process ended before its next write: so it looks as after a crash.</summary>
    private static async Task<string> LeaveApprovedAsync(TestRegistry it)
    {
        var parked = await it.ParkAsync();
        var (seen, ben) = (await it.ReviewAsync(parked.PromotionId!), await it.PersonAsync("ben"));
        OnWrite(it, 2, () => throw new StorageUnavailableException("Pulled the plug.", "Plug it in."));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", ben.Proof)));
        it.Clock.Asked = null;
        await it.ReopenAsync();
        Assert.Equal("approved", (await it.PromotionAsync(parked.PromotionId!)).Status);
        Assert.Null(await it.ServingAsync());
        return parked.PromotionId!;
    }

    /// <summary>Does something in the midst of the nth write from now: the writer has begun, and asks what time it is.</summary>
    private static void OnWrite(TestRegistry it, int nth, Action act)
    {
        var writes = 0;
        it.Clock.Asked = () =>
        {
            if (new StackTrace().GetFrames().Any(frame => frame.GetMethod() is { Name: "Now", DeclaringType.Name: nameof(WriteGroup) }) && Interlocked.Increment(ref writes) == nth)
                act();
        };
    }
}
