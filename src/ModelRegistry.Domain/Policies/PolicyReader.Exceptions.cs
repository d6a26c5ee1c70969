using System.Globalization;

namespace ModelRegistry.Domain;

/// <summary>The parts of a policy that say who may go past it, and who may change it.</summary>
public static partial class PolicyReader
{
    private static readonly string[] WaiverTimes = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK"];

    private static Waiver ReadWaiver(PolicyNode node, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var expires = read.String("expires", required: true);
        if (!DateTimeOffset.TryParseExact(expires, WaiverTimes, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until))
            errors.Add(node.Member("expires") ?? node, "needs a time such as 2027-01-31 or 2027-01-31T12:00:00Z");
        var rule = read.Child("rule") is { } named ? Known(named, Gate.Rules.Contains, NotWaivable(named.Text), errors) : read.String("rule", true);
        var waiver = new Waiver(rule, read.String("model", true), read.String("version", true), read.String("reason", true), until);
        read.NothingElse();
        return waiver;
    }

    // Of what a version is and who decides there is no exception: what is not what was approved, or approved by nobody, never serves.
    private static string NotWaivable(string rule) => rule is "content_verified" or "from_stage" or "reason_required" or "approvals" or "quorum" or "assurance" or "four_eyes"
        ? $"cannot be waived: a waiver is for one of {string.Join(", ", Gate.Rules)}"
        : $"is not a rule that can be waived ({string.Join(", ", Gate.Rules)})";

    private static IReadOnlyList<string> ReadBreakGlass(PolicyNode node, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var persons = read.Strings("persons") ?? [];
        read.NothingElse();
        return persons;
    }

    private static PolicyChangeRule ReadChange(PolicyNode node, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var admins = 1;
        if (read.Child("approvals") is { IsNumber: true } number)
            admins = Count(number, errors);
        else if (node.Member("approvals") is not null)
            foreach (var approvals in ReadApprovals(node, errors))
            {
                if (approvals.Role != Permissions.Admin)
                    errors.Add(node, $"names the role '{approvals.Role}': a policy is accepted by persons with the role {Permissions.Admin}");
                admins = approvals.Count;
            }
        var assurance = read.Choice("assurance", Assurance.Authenticated);
        if (assurance == Assurance.Attested)
            errors.Add(node.Member("assurance")!, "must be authenticated or signed: a client program's word changes no policy");
        read.NothingElse();
        return new PolicyChangeRule(admins, assurance);
    }
}
