using System.Text;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Tools;

internal static partial class TextOf
{
    public static string Promotion(PromotionView p)
    {
        var text = new StringBuilder($"{KindOf(p)} {(p.PromotionId is null ? "" : p.PromotionId + " ")}is {p.Status}: " +
            $"{p.ModelName} {p.Version} (number {p.Number}), {p.FromStage} → {p.ToStage}, {(p.Replaces is null ? "replaces nothing" : $"replaces {p.Replaces}")}; revision {p.Revision}\n");
        Target(text, p);
        Targets(text, p);
        foreach (var gate in p.Gates)
            text.Append("- gate ").Append(gate.Rule).Append(": ").Append(gate.Verdict).Append(", measured ").Append(None(gate.Measured)).Append(", asked ").Append(None(gate.Threshold)).Append('\n');
        Line(text, "Required", p.Required is not { } r ? "no approval" : $"{string.Join(" and ", r.Approvals.Select(a => $"{a.Count} {a.Role}"))}, assurance {r.Assurance}{(r.FourEyes ? ", four eyes" : "")}");
        Line(text, "Missing", string.Join(", ", p.Missing));
        foreach (var d in p.Decisions)
            text.Append("- decision: ").Append(d.Person).Append(' ').Append(d.Decision).Append(", assurance ").Append(d.Assurance).Append(" (").Append(d.Channel).Append("), revision ").Append(d.Revision)
                .Append(d.Counts ? ", " : " (void), ").Append(Time(d.At)).Append(Part(", comment ", Untrusted.Line(d.Comment, 4_000))).Append('\n');
        Line(text, "Requested by", $"{Untrusted.Label(p.RequestedBy)}{Part(", owner ", p.Owner)}, {Time(p.RequestedAt)}");
        Line(text, "Reason", Untrusted.Quote(p.Reason));
        Line(text, "Note", p.Note);
        Line(text, "Expires", p.ExpiresAt is { } expires ? Time(expires) : "");
        Line(text, "Ended", p.EndedAt is { } ended ? Time(ended) : "");
        if (p.ApproveCommand is { } command)
        {
            Line(text, "Approve page", p.ApproveUrl ?? "none can be reached from here");
            Line(text, "Approve command, for a person in a terminal", command);
        }
        Line(text, "Next", p.Next);
        return text.ToString().TrimEnd();
    }

    private static string KindOf(PromotionView p) => p.Kind switch { "rollback" => "Rollback", "deployment" => "Deployment", _ => "Promotion" };

    private static void Target(StringBuilder text, PromotionView p)
    {
        if (p.Deployment is not { } d)
            return;
        Line(text, "Target", $"{d.Target}, which requires {d.Stage}");
        Line(text, "Configuration, as the proposer wrote it", d.Configuration.Count == 0 ? "none" : Untrusted.Line(d.Configuration.ToJsonString(), 5_000));
    }

    // What follows from it on targets, in words of the registry alone.
    private static void Targets(StringBuilder text, PromotionView p)
    {
        foreach (var t in p.Targets ?? [])
            text.Append("- target ").Append(t.Target).Append(": ").Append(t.Now ?? "nothing").Append(" stands there now, ").Append(t.Becomes ?? "nothing").Append(" would (")
                .Append(t.Change).Append(t.ConfigurationDecided switch { null => "", true => ", with a configuration that was decided on", false => ", with a configuration that nobody decided on" }).Append(")\n");
    }

    public static string Deployments(DeploymentsReply reply) => List(reply.Deployments.Count, "deployment", reply.NextCursor, reply.Deployments.Select(d =>
        $"- {d.DeploymentId}: {d.ModelName} {d.Version} (number {d.Number}) on {d.Target}, {d.Status}{(d.Met == false ? ", not allowed there any more" : "")}, requires {d.Stage}, promotion {d.PromotionId}, requested by {Untrusted.Label(d.RequestedBy)} {Time(d.RequestedAt)}" +
        $"{(d.StartedAt is { } started ? $", since {Time(started)}" : "")}{(d.EndedAt is { } ended ? $", until {Time(ended)}" : "")}{Part("; configuration ", d.Configuration.Count == 0 ? "" : Untrusted.Line(d.Configuration.ToJsonString(), 800))}" +
        $"{(d.Observed is { } o ? $"; said to run {o.Version}, {o.Status}{(o.Matches ? "" : ", which is not what is wanted")}, {Time(o.At)}" : "")}{Part("; ", d.Note)}"));

    public static string Promotions(PromotionsReply reply) => List(reply.Promotions.Count, "promotion", reply.NextCursor, reply.Promotions.Select(p =>
        $"- {p.PromotionId}: {p.Status}, {p.Kind} of {p.ModelName} {p.Version}, {p.FromStage} → {p.ToStage}, {(p.Replaces is null ? "replaces nothing" : $"replaces {p.Replaces}")}, by {Untrusted.Label(p.RequestedBy)} {Time(p.RequestedAt)}" +
        $"{Part(", missing ", string.Join(", ", p.Missing))}{(p.ExpiresAt is { } expires ? $", expires {Time(expires)}" : "")}{(p.EndedAt is { } ended ? $", ended {Time(ended)}" : "")}{Part(", reason ", Untrusted.Line(p.Reason, 200))}"));

    /// <summary>What a person is asked at their client: what would change, in words that nobody but the registry chose.</summary>
    public static string Question(ReviewView review)
    {
        var p = review.Promotion;
        var text = new StringBuilder(p.Deployment is { } d ? $"Deploy {p.ModelName} {p.Version} (number {p.Number}) on {d.Target}, {(p.FromStage == p.ToStage ? $"staying in {p.ToStage}" : $"moving it from {p.FromStage} to {p.ToStage}")}?\n"
            : $"{(p.Kind == "rollback" ? "Roll back" : "Promote")} {p.ModelName} {p.Version} (number {p.Number}) from {p.FromStage} to {p.ToStage}?\n");
        Target(text, p);
        Targets(text, p);
        text.Append(p.Replaces is null ? $"Nothing serves {p.ToStage} now.\n" : $"It would replace {p.Replaces}, which serves {p.ToStage} now.\n");
        foreach (var m in review.Metrics.Take(12))
            text.Append("- ").Append(m.Metric).Append(" (").Append(m.Better).Append(" is better): ").AppendJoin(" → ", m.Values.Select(Number)).Append('\n');
        if (review.Metrics.Count > 12)
            text.Append("- and ").Append(review.Metrics.Count - 12).Append(" more metrics\n");
        foreach (var gate in p.Gates.Take(12))
            text.Append("- gate ").Append(gate.Rule).Append(": ").Append(gate.Verdict).Append(" (").Append(None(gate.Measured)).Append(")\n");
        Line(text, "Requested by", $"{Untrusted.Label(p.RequestedBy)}, for {p.Owner}");
        Line(text, "Reason given, not checked by anyone", Untrusted.Line(p.Reason, 500));
        Line(text, "Promotion", $"{p.PromotionId}, revision {p.Revision}, statement sha256 {review.StatementDigest[..16]}…");
        return text.Append("Your answer is recorded as attested by your client.").ToString();
    }
}
