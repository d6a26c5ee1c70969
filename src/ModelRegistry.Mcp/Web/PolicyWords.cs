using System.Globalization;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Web;

/// <summary>Rules of a policy as sentences. What a policy's author wrote in it is shown without what nobody sees.</summary>
internal static class PolicyWords
{
    public static string Quorum(IReadOnlyList<Approvals> approvals) => approvals.Count == 0 ? "Nobody has to approve"
        : VisibleText.Line(string.Join(" and ", approvals.Select(a => $"{a.Count} {a.Role}{(a.Count == 1 ? "" : "s")}")) + (approvals.Sum(a => a.Count) == 1 ? " approves" : " approve"));

    /// <summary>Roles that persons are asked for, each as often as it is: "2 approvers, 1 risk".</summary>
    public static string Persons(IReadOnlyList<string> roles) =>
        VisibleText.Line(string.Join(", ", roles.GroupBy(r => r, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}{(g.Count() == 1 ? "" : "s")}")));

    public static string Proof(Assurance assurance) => assurance switch
    {
        Assurance.Attested => "attested: the approver's own client program says that they agreed",
        Assurance.Authenticated => "authenticated: the approver proves who they are at that moment, with a credential no agent holds",
        _ => "signed: the approver's passkey signs the very statement",
    };

    public static string FourEyes(bool fourEyes) => fourEyes ? "Four eyes: no approver may be the proposer, its owner, or who answers for the version's author." : "Approvers may approve what they proposed themselves.";

    public static string Hours(double hours) => hours >= 48 && hours % 24 == 0 ? $"{Number(hours / 24)} days" : hours == 1 ? "1 hour" : hours < 1 ? $"{Number(hours * 60)} minutes" : $"{Number(hours)} hours";

    public static string Days(double days) => days == 1 ? "1 day" : $"{Number(days)} days";

    public static string Rule(Gate gate) => VisibleText.Line(gate switch
    {
        Gate.MetricMin g => $"{g.Metric} is at least {Number(g.Value)}.",
        Gate.MetricMax g => $"{g.Metric} is at most {Number(g.Value)}.",
        Gate.NoRegression g => $"{g.Metric} is no worse than that of what serves{(g.Tolerance > 0 ? $", up to {Number(g.Tolerance)}" : "")}.",
        Gate.Requires g => $"These are filled in: {string.Join(", ", g.Fields)}.",
        Gate.FormatIn g => $"The format is {string.Join(" or ", g.Formats)}.",
        Gate.ScanClean => "The files were inspected, and nothing dangerous was found.",
        Gate.SoakHours g => $"The version has been in {g.Stage} for {Hours(g.Hours)}.",
        Gate.Freeze g => $"Not on these days (UTC): {string.Join(", ", g.Windows.Select(w => w.From == w.To ? $"{w.From:yyyy-MM-dd}" : $"{w.From:yyyy-MM-dd} to {w.To:yyyy-MM-dd}"))}.",
        Gate.FromStage g => $"The version comes from {string.Join(" or ", g.Stages)}.",
        Gate.ReasonRequired => "The proposer gives a reason.",
        _ => gate.Rule,
    });

    private static string Number(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}
