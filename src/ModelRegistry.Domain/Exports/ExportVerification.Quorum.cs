using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Exports;

/// <summary>What it took, by the policies that were in force, and whether what is proven comes to it.</summary>
public sealed partial class ExportVerification
{
    private readonly Dictionary<Digest, PromotionPolicy> _policies = [];

    private GateReport? _gates;

    private string ReadPolicies()
    {
        foreach (var text in _predicate.NeedTexts("policies"))
        {
            var parsed = PolicyReader.Parse(text);
            Need(parsed.Refusal is null, $"A policy cannot be read: {parsed.Refusal?.Message}");
            Need(_policies.TryAdd(parsed.Value.Digest, parsed.Value), $"The policy '{parsed.Value.Name}' is given twice.");
        }
        Need(_policies.ContainsKey(_statement!.PolicyDigest), "The policy that the statement names is not here.");
        var first = PolicyAt(Told("promotion.request").Index);
        Need(Told("promotion.request").Fact("policy_sha256") == first.Digest.Hex, "The promotion was requested under another policy than was in force.");
        return $"The policy in force was '{first.Name}', sha256 {first.Digest}" + (_policies.Count > 1 ? $"; {_policies.Count} policies were in force until it ended." : ".");
    }

    /// <summary>The policy that was in force when an entry was made, by the log.</summary>
    private PromotionPolicy PolicyAt(long index)
    {
        var put = _log.LastOrDefault(l => l.Index < index && l is { Done: true, Verb: "registry.create" or "policy.accept" }) ?? throw new FormatException("The log does not say which policy was in force.");
        var digest = put.Verb == "policy.accept" ? put.SubjectId : put.Fact("policy_sha256");
        return Digest.TryParse(digest, out var known) && _policies.TryGetValue(known, out var policy) ? policy : throw new FormatException($"The policy {digest}, which was in force, is not here.");
    }

    private string CheckGates()
    {
        var given = Promoted["gates"] as JsonArray ?? throw new FormatException("'gates' is missing or no list.");
        foreach (var finding in given)
            foreach (var name in (string[])["rule", "verdict", "measured", "threshold"])
                _ = (finding as JsonObject ?? throw new FormatException("A finding is an object.")).NeedText(name);
        var report = GateReport.FromJson(given);
        Need(CanonicalJson.Text(report.ToJson()) == CanonicalJson.Text(given), "The gate report is not one that a registry writes.");
        Need(report.Digest == _statement!.GateReportDigest, "The gate report is not the one of the statement.");
        _gates = report;
        return report.Findings.Count == 0 ? "None were asked for." : $"{report.Findings.Count(f => f.Holds)} of {report.Findings.Count} held: the report is the one of the statement.";
    }

    private string CheckQuorum()
    {
        var s = _statement!;
        var approving = _decisions.Where(d => d.Verdict == DecisionVerdict.Approve && d.Revision == s.Revision && d.Statement == s.Digest).ToList();
        var approved = Told("promotion.decide", s.PromotionId).FirstOrDefault(l => l.Fact("state") == "approved");
        var applied = FirstTold("promotion.apply", s.PromotionId);
        var claims = Promoted.NeedWord<PromotionState>("status") is PromotionState.Approved or PromotionState.Applied or PromotionState.Failed or PromotionState.Revoked;
        if (_predicate["break_glass"] is not null)
        {
            Need(_glass is not null && applied is null, "Without a glass that was broken by a signature there is nothing in place of a quorum.");
            return "The glass was broken in place of a quorum.";
        }
        var first = RequirementUnder(PolicyAt(Told("promotion.request").Index));
        if (first is null)
        {
            Need(approved is null, $"{s.ToStage} was not governed, and yet it was approved.");
            return $"{s.ToStage} was not governed by the policy in force: nobody had to approve.";
        }
        if (approved is null)
        {
            Need(!claims, "It is said to be approved, and no decision in the log completed a quorum.");
            return "It was never approved.";
        }
        Need(approving.All(d => Times.Parse(d.Told.At) < s.Expires), "A decision came after the deadline.");
        Need(_gates is { Holds: true }, "It was approved although a gate did not hold.");
        Need(approved.Index <= (applied?.Index ?? long.MaxValue), "It was applied before it was approved.");
        foreach (var moment in applied is null ? [approved] : new[] { approved, applied })
            if (Missing(first.Stricter(RequirementUnder(PolicyAt(moment.Index))), approving.Where(d => d.Told.Index <= moment.Index && !IsDisabled(d.PersonId, moment))) is { Count: > 0 } missing)
                throw new FormatException($"What is proven does not fill the quorum: {string.Join(", ", missing)} missing.");
        var needed = first.Stricter(RequirementUnder(PolicyAt((applied ?? approved).Index)));
        return $"{string.Join(", ", needed.Approvals.Select(a => $"{a.Count} {a.Role}"))}, {needed.Assurance.ToString().ToLowerInvariant()} at least{(needed.FourEyes ? ", four eyes" : "")}: filled by {string.Join(" and ", approving.Select(d => NameOf(d.PersonId)).Distinct())}.";
    }

    private Requirement? RequirementUnder(PromotionPolicy policy) => Requirement.For(policy, _statement!.Move);

    private IReadOnlyList<string> Missing(Requirement needed, IEnumerable<ProvenDecision> approving) => Quorum.Missing(needed.Approvals, approving
        .Where(d => d.Proven >= needed.Assurance && !(needed.FourEyes && IsInterested(d.PersonId)))
        .Select(d => new Approver(new ActorRef(d.PersonId, ""), _persons[d.PersonId].Facts.NeedTexts("roles"), default)));

    private bool IsInterested(string personId) => personId == _statement!.Proposer.Id || personId == _statement.Owner.Id || personId == _author;
}
