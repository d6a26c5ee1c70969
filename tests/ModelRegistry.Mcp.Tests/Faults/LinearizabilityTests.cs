using ModelRegistry.Faults.Races;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Faults;

/// <summary>The checker of races: what it takes, what it must find, and the specification it holds histories against.</summary>
public sealed class LinearizabilityTests
{
    private sealed record Cell(int Value);

    /// <param name="Said">What was read; null of a write.</param>
    private sealed record Touch(long From, long To, int? Write, int? Said = null);

    [Fact]
    public void Reads_that_overlap_a_write_may_come_to_either_value_but_not_back_to_the_old_one()
    {
        Assert.Single(OfCell(new Touch(0, 10, 1), new Touch(1, 2, null, 0), new Touch(3, 4, null, 1)));
        Assert.Empty(OfCell(new Touch(0, 10, 1), new Touch(1, 2, null, 1), new Touch(3, 4, null, 0)));
    }

    [Fact]
    public void A_read_after_a_write_was_answered_must_see_it()
    {
        Assert.Empty(OfCell(new Touch(0, 1, 1), new Touch(2, 3, null, 0)));
        Assert.Single(OfCell(new Touch(0, 1, 1), new Touch(1, 3, null, 0)));
    }

    [Fact]
    public void Writes_that_overlap_can_have_led_to_either_and_what_was_read_later_decides()
    {
        Assert.Equal([1, 2], OfCell(new Touch(0, 10, 1), new Touch(0, 10, 2)).Select(c => c.Value).Order());
        Assert.Equal([2], OfCell(new Touch(0, 10, 1), new Touch(0, 10, 2), new Touch(11, 12, null, 2)).Select(c => c.Value));
        // Two readers that saw the two in different orders.
        Assert.Empty(OfCell(new Touch(0, 10, 1), new Touch(0, 10, 2), new Touch(11, 12, null, 1), new Touch(13, 14, null, 2)));
    }

    [Fact]
    public void Twenty_operations_at_once_are_searched_with_memory()
    {
        var history = Enumerable.Range(0, 20).Select(_ => new Touch(0, 100, 7)).Append(new Touch(101, 102, null, 8)).ToArray();
        Assert.Empty(OfCell(history));
    }

    [Fact]
    public void Two_approvals_that_both_took_effect_are_found() =>
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), At(0, 10, RaceVerb.Approve, "applied", person: "cora")));

    [Fact]
    public void One_approval_of_two_takes_effect_and_the_other_is_told()
    {
        var outcome = Assert.Single(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), At(0, 10, RaceVerb.Approve, "promotion_not_pending", person: "cora"), Looked(11, "applied"), Serves(13, "v3")));
        Assert.Equal("v3", outcome.Serving);
    }

    [Fact]
    public void An_approval_and_a_rejection_that_both_succeeded_are_found()
    {
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), At(0, 10, RaceVerb.Reject, "rejected", person: "cora")));
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Withdraw, "withdrawn"), At(0, 10, RaceVerb.Approve, "applied", person: "ben")));
    }

    [Fact]
    public void An_acknowledged_approval_whose_version_does_not_serve_afterwards_is_found() =>
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), Serves(11, "v2")));

    [Fact]
    public void Somebody_may_see_an_approval_before_it_is_applied_but_not_after()
    {
        Assert.Single(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), Looked(1, "approved"), Serves(3, "v2")));
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), Looked(11, "approved")));
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), Serves(1, "v3"), Looked(5, "pending")));
    }

    [Fact]
    public void What_was_revoked_between_approval_and_application_never_serves()
    {
        Assert.Single(Of(Waiting, At(0, 10, RaceVerb.Approve, "revoked", person: "ben"), At(1, 9, RaceVerb.Revoke, "revoked", person: "cora"), Serves(11, "v2")));
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), At(1, 9, RaceVerb.Revoke, "revoked", person: "cora")));
    }

    [Fact]
    public void A_rollback_supersedes_what_waits_and_nothing_that_is_approved()
    {
        var rollback = new RaceOperation("b", new RaceWish(RaceVerb.Rollback, "v1"), 0, 10, "pending", "prm_2");
        Assert.Single(Of(Waiting, rollback, At(11, 12, RaceVerb.Approve, "promotion_superseded", person: "ben"), Looked(13, "superseded")));
        Assert.Empty(Of(Waiting, rollback, Looked(11, "pending")));
        Assert.Empty(Of(Waiting, At(0, 10, RaceVerb.Approve, "applied", person: "ben"), Looked(1, "approved"), new RaceOperation("b", new RaceWish(RaceVerb.Rollback, "v1"), 3, 4, "pending", "prm_2"), Looked(5, "approved")));
    }

    [Fact]
    public void Two_proposals_that_were_both_parked_beside_each_other_are_found() =>
        Assert.Empty(Of(StageState.Of("v2", ["v1", "v2"]), new RaceOperation("a", new RaceWish(RaceVerb.Propose, "v3"), 0, 10, "pending", "prm_1"), new RaceOperation("b", new RaceWish(RaceVerb.Propose, "v4"), 0, 10, "pending", "prm_2")));

    [Fact]
    public void What_expired_stays_so()
    {
        Assert.Empty(Of(Waiting, At(0, 1, RaceVerb.Expire, "expired"), At(2, 10, RaceVerb.Approve, "applied", person: "ben")));
        Assert.Single(Of(Waiting, At(0, 1, RaceVerb.Expire, "expired"), At(2, 10, RaceVerb.Approve, "promotion_expired", person: "ben"), Serves(11, "v2")));
    }

    private static StageState Waiting
    {
        get
        {
            var before = StageState.Of("v2", ["v1", "v2"]);
            return before with { Promotions = before.Promotions.Add("prm_1", new SpecifiedPromotion("v3", false, "pending")) };
        }
    }

    private static RaceOperation At(long from, long to, RaceVerb verb, string said, string? person = null) => new(person ?? "a", new RaceWish(verb, null, "prm_1", person), from, to, said);

    private static RaceOperation Looked(long at, string state) => new("c", new RaceWish(RaceVerb.LookAtPromotion, null, "prm_1"), at, at + 1, state);

    private static RaceOperation Serves(long at, string version) => new("c", new RaceWish(RaceVerb.LookAtServing), at, at + 1, version);

    private static IReadOnlySet<StageState> Of(StageState before, params RaceOperation[] history) =>
        Linearizability.Outcomes(before, history, o => (o.Invoked, o.Answered), StageState.Steps, (state, operation, step) => state.After(operation, step));

    private static IReadOnlySet<Cell> OfCell(params Touch[] history) =>
        Linearizability.Outcomes(new Cell(0), history, t => (t.From, t.To), _ => 1, (cell, touch, _) => touch.Write is { } value ? new Cell(value) : touch.Said == cell.Value ? cell : null);
}
