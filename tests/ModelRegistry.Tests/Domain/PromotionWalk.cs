using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;

namespace ModelRegistry.Tests.Domain;

/// <summary>Something that somebody, or time, does to a promotion.</summary>
internal abstract record Act
{
    /// <param name="By">Who calls.</param>
    /// <param name="As">Whose decision it is said to be.</param>
    /// <param name="Age">How old the proof is, in seconds; negative: from the future.</param>
    /// <param name="Revision">How far the revision decided on is from the present one.</param>
    public sealed record Decide(string By, string As, DecisionVerdict Verdict, ProofMethod Method, int Age, int Revision, bool OtherStatement, bool LateKey) : Act;

    public sealed record Withdraw(string By) : Act;

    public sealed record Revoke(string By) : Act;

    public sealed record Revise(int Change) : Act;

    public sealed record Apply(bool GatesHold) : Act;

    public sealed record End(PromotionState State) : Act;

    public sealed record Wait(int Minutes) : Act;

    /// <summary>The person loses the approver role, or is disabled.</summary>
    public sealed record Demote(string Person, bool Disable) : Act;
}

/// <summary>A promotion on its way through a sequence of acts; what cannot be is an exception.</summary>
internal sealed class PromotionWalk(Requirement requirement)
{
    public static string[] Approvers { get; } = ["owner", "author", "ann", "bob", "cid"];

    /// <summary>"late" was enrolled after the request; "guest" has no approver role.</summary>
    public static string[] Persons { get; } = [.. Approvers, "late", "guest"];

    /// <summary>"agent" proposed; all of them claim every role there is.</summary>
    public static string[] Machines { get; } = ["agent", "other", "pipeline"];

    private readonly Dictionary<string, Approver> _persons = Persons.ToDictionary(n => n, n => new Approver(
        Some.Ref(n), n == "guest" ? [Permissions.Admin] : [Permissions.Approver], n == "late" ? Some.Noon.AddMinutes(1) : Some.Noon.AddDays(-30)));

    public Promotion Promotion { get; private set; } = Some.Promotion(requirement);

    public DateTimeOffset Now { get; private set; } = Some.Noon.AddMinutes(2);

    private Actor Caller(string name) => Machines.Contains(name)
        ? Some.Machine(name, "owner", name == "pipeline" ? ActorKind.Service : ActorKind.Agent, [.. Permissions.Roles])
        : Some.Person(name, [.. _persons[name].Roles]);

    public void Take(Act act)
    {
        var before = Promotion;
        var outcome = Next(act);
        if (outcome is not { Refusal: null } next)
            return;
        Promotion = next.Value;
        Ensure(before.IsLive || ReferenceEquals(before, Promotion), "a terminal state was left");
        Ensure(Promotion.Decisions.Select(d => (d.Revision, d.Person.Id)).Distinct().Count() == Promotion.Decisions.Count, "a person decided twice on a revision");
        Ensure(before.Decisions.SequenceEqual(Promotion.Decisions.Take(before.Decisions.Count)), "a decision was changed or lost");
        if (Promotion.Decisions.Count > before.Decisions.Count)
            EnsureTaken(before, (Act.Decide)act, Promotion.Decisions[^1]);
        if (Promotion.State != before.State)
            EnsureEarned(before, act);
    }

    private Outcome<Promotion>? Next(Act act)
    {
        switch (act)
        {
            case Act.Decide d:
                var proof = new Proof(d.Method, "page", "crd_1", d.LateKey ? Some.Noon.AddMinutes(1) : Some.Noon.AddDays(-20), Now.AddSeconds(-d.Age));
                var statement = d.OtherStatement ? Digest.Of("another") : Promotion.Statement.Digest;
                var decision = new Decision($"dec_{Promotion.Decisions.Count}", Promotion.Revision + d.Revision, Some.Ref(d.As), d.Verdict, "", proof with { Signed = Some.Signed(d.Method, d.Verdict, statement) }, statement, Now);
                return Promotion.Decide(Caller(d.By), _persons.GetValueOrDefault(d.As) ?? Some.Approver(d.As), decision, requirement, [.. _persons.Values], Now);
            case Act.Withdraw w:
                return Promotion.Withdraw(Caller(w.By), Now);
            case Act.Revoke r:
                return Promotion.Revoke(Caller(r.By), Now);
            case Act.Revise r:
                return Promotion.Revise(Promotion.Statement with { MetadataDigest = Digest.Of($"edit {r.Change}") }, Some.Report);
            case Act.Apply a:
                return Promotion.Apply(requirement, [.. _persons.Values], a.GatesHold ? Some.Report : new GateReport([Some.Report.Findings[0] with { Verdict = Verdict.Unknown }]), Now);
            case Act.End e:
                return Promotion.To(e.State, Now, "");
            case Act.Wait w:
                Now = Now.AddMinutes(w.Minutes);
                return null;
            case Act.Demote d:
                var person = _persons[d.Person];
                _persons[d.Person] = d.Disable ? person with { Disabled = true } : person with { Roles = [] };
                return null;
            default:
                throw new InvalidOperationException(act.ToString());
        }
    }

    /// <summary>The rules of a decision, once more and in other words.</summary>
    private void EnsureTaken(Promotion before, Act.Decide act, Decision taken)
    {
        Ensure(act.By == act.As && Persons.Contains(act.By), "a machine, or a person in another's name, decided");
        Ensure(act.By is not ("late" or "guest"), "somebody enrolled later or without the role decided");
        Ensure(!_persons[act.By].Disabled && _persons[act.By].Roles.Count > 0, "a disabled or demoted person decided");
        Ensure(act is { Revision: 0, OtherStatement: false, LateKey: false }, "another revision or statement, or a later key, was decided with");
        Ensure(act.Age is >= 0 and <= 300, "a stale proof was taken");
        Ensure(Now < Some.Noon.AddHours(requirement.PendingHours), "it was decided at or after its deadline");
        Ensure(taken.Proof.Assurance >= requirement.Assurance, "a weaker proof was taken");
        Ensure(before.State == PromotionState.Pending && taken.At == Now && taken.StatementDigest == before.Statement.Digest, "the record is not what happened");
        Ensure(!requirement.FourEyes || act.Verdict == DecisionVerdict.Reject || act.By is not ("owner" or "author"), "four eyes did not look");
        Ensure(Promotion.State == PromotionState.Rejected == (act.Verdict == DecisionVerdict.Reject), "a rejection is not final, or an approval is one");
    }

    private void EnsureEarned(Promotion before, Act act)
    {
        switch (Promotion.State)
        {
            case PromotionState.Approved or PromotionState.Applied:
                var approving = Promotion.Decisions.Where(d => d.Revision == Promotion.Revision && d.Verdict == DecisionVerdict.Approve)
                    .Select(d => d.Person.Name).Distinct().Count(n => _persons[n] is { Disabled: false, Roles.Count: > 0 });
                Ensure(approving >= requirement.Approvals.Sum(a => a.Count), "approved or applied without its quorum");
                if (Promotion.State == PromotionState.Applied)
                    Ensure(act is Act.Apply { GatesHold: true } && Now < before.ApprovedAt!.Value.AddHours(requirement.ApplyHours), "applied too late, or past a gate");
                break;
            case PromotionState.Withdrawn:
                Ensure(before.State == PromotionState.Pending && act is Act.Withdraw { By: not ("other" or "pipeline" or "guest") }, "withdrawn by a stranger");
                break;
            case PromotionState.Revoked:
                Ensure(before.State == PromotionState.Approved && act is Act.Revoke { By: not "guest" } r && Persons.Contains(r.By), "revoked by no approver");
                break;
            case PromotionState.Rejected:
                Ensure(act is Act.Decide { Verdict: DecisionVerdict.Reject }, "rejected by nobody");
                break;
            default:
                Ensure(act is Act.End e && e.State == Promotion.State, "ended by itself");
                break;
        }
        Ensure(Promotion.IsLive == Promotion.EndedAt is null, "the end has no time");
    }

    private static void Ensure(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }

    // ---- generators ---------------------------------------------------------------------------------------------

    /// <summary>Mostly decisions in good order, so that sequences get somewhere; each thing that can be wrong now and then.</summary>
    public static Gen<Act> Decisions(string[] callers, params ProofMethod[] methods) =>
        from caller in Gen.Elements(callers)
        from other in Gen.Elements(Persons)
        from verdict in Gen.Frequency((9, Gen.Constant(DecisionVerdict.Approve)), (1, Gen.Constant(DecisionVerdict.Reject)))
        from method in Gen.Elements(methods)
        from age in Gen.Frequency((8, Gen.Choose(0, 300)), (1, Gen.Choose(301, 400)), (1, Gen.Choose(-60, -1)))
        from wrong in Gen.Choose(0, 24)
        select (Act)new Act.Decide(caller, wrong == 1 || !Persons.Contains(caller) && wrong % 2 == 0 ? other : caller, verdict, method, age, wrong switch { 2 => -1, 3 => 1, _ => 0 }, wrong == 4, wrong == 5);

    public static Gen<Act> Anything { get; } = Gen.Frequency(
        (20, Decisions([.. Persons, .. Approvers, .. Machines], ProofMethod.Elicitation, ProofMethod.Passphrase, ProofMethod.Passkey, ProofMethod.Passkey)),
        (4, Gen.Elements(true, true, true, false).Select(h => (Act)new Act.Apply(h))),
        (2, Gen.Choose(0, 3).Select(c => (Act)new Act.Revise(c))),
        (3, Gen.Choose(1, 90).Select(m => (Act)new Act.Wait(m))),
        (1, Gen.Elements(1440, 1438).Select(m => (Act)new Act.Wait(m))),
        (1, Gen.Elements([.. Persons, .. Machines]).Select(n => (Act)new Act.Withdraw(n))),
        (1, Gen.Elements([.. Persons, .. Machines]).Select(n => (Act)new Act.Revoke(n))),
        (1, Gen.Elements(Approvers).Zip(Gen.Elements(true, false)).Select(p => (Act)new Act.Demote(p.Item1, p.Item2))),
        (1, Gen.Elements(PromotionState.Expired, PromotionState.Superseded, PromotionState.Failed).Select(s => (Act)new Act.End(s))));
}
