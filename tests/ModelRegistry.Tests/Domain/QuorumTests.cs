using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class QuorumTests
{
    private static readonly Approvals[] OneOfEach = [new("approver", 1), new("risk", 1)];

    [Fact]
    public void Persons_are_matched_where_taking_the_first_slot_would_leave_one_empty()
    {
        // Anna could fill either slot, Bert only the first: whoever comes first, Anna has to take "risk".
        Assert.Empty(Quorum.Missing(OneOfEach, [Some.Approver("anna", "risk"), Some.Approver("bert")]));
        Assert.Empty(Quorum.Missing(OneOfEach, [Some.Approver("bert"), Some.Approver("anna", "risk")]));
    }

    [Fact]
    public void A_long_chain_of_reassignments_is_found()
    {
        Approvals[] roles = [.. Enumerable.Range(0, 12).Select(i => new Approvals($"r{i}", 1))];
        // Person i can fill slot i or i+1; the last only slot 0, so that everyone has to move up by one.
        var persons = Enumerable.Range(0, 11).Select(i => Some.Approver($"p{i}", $"r{i}", $"r{i + 1}")).Append(Some.Approver("last", "r0"));

        Assert.Empty(Quorum.Missing(roles, persons));
    }

    [Fact]
    public void One_person_fills_one_slot_however_often_they_appear_and_whatever_roles_they_have()
    {
        var anna = Some.Approver("anna", "risk");

        Assert.Single(Quorum.Missing(OneOfEach, [anna, anna, anna with { Roles = ["approver"] }]));
        Assert.Single(Quorum.Missing([new("approver", 2)], [anna, anna]));
    }

    [Fact]
    public void Disabled_persons_and_those_without_the_approver_role_fill_nothing()
    {
        var (anna, bert) = (Some.Approver("anna", "risk"), Some.Approver("bert"));

        Assert.Equal(["risk"], Quorum.Missing(OneOfEach, [anna with { Disabled = true }, bert]));
        Assert.Equal(["risk"], Quorum.Missing(OneOfEach, [anna with { Roles = ["risk", "admin"] }, bert]));
    }

    [Fact]
    public void What_is_missing_is_named_by_role()
    {
        Assert.Equal(["approver", "approver", "risk"], Quorum.Missing([new("approver", 2), new("risk", 1)], []));
        Assert.Equal(["risk"], Quorum.Missing([new("approver", 1), new("risk", 1)], [Some.Approver("bert"), Some.Approver("carl")]));
    }

    [Fact]
    public void Matching_fills_as_many_slots_as_trying_everything()
    {
        string[] roles = ["approver", "risk", "legal", "ops"];
        var required = from chosen in Gen.SubListOf(roles).Where(r => r.Count > 0)
                       from counts in Gen.ArrayOf(Gen.Choose(1, 2), chosen.Count)
                       select chosen.Zip(counts, (r, c) => new Approvals(r, c)).ToArray();
        var person = from name in Gen.Elements("a", "b", "c", "d", "e")
                     from has in Gen.SubListOf(roles)
                     from disabled in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
                     from decides in Gen.Frequency((5, Gen.Constant(true)), (1, Gen.Constant(false)))
                     select new Approver(Some.Ref(name), decides ? [.. has, "approver"] : [.. has], Some.Noon, disabled);
        Prop.ForAll(required.ToArbitrary(), Gen.ArrayOf(person, 5).Or(Gen.ArrayOf(person, 3)).ToArbitrary(), (asked, persons) =>
        {
            // Of a name that comes up twice the first that may decide counts; real lists hold each person once.
            var distinct = persons.DistinctBy(p => p.Person.Id).ToArray();
            var slots = asked.SelectMany(a => Enumerable.Repeat(a.Role, a.Count)).ToArray();
            return slots.Length - Quorum.Missing(asked, distinct).Count == MostFilled(slots, 0, [.. distinct.Where(p => p.MayDecide)]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    private static int MostFilled(string[] slots, int slot, IReadOnlyList<Approver> left)
    {
        if (slot == slots.Length)
            return 0;
        var most = MostFilled(slots, slot + 1, left);
        foreach (var person in left.Where(p => p.Roles.Contains(slots[slot])))
            most = Math.Max(most, 1 + MostFilled(slots, slot + 1, [.. left.Where(p => p != person)]));
        return most;
    }
}
