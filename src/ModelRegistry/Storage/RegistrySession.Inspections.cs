using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>What looking inside the files of versions came to.</summary>
public sealed partial class RegistrySession
{
    /// <summary>The report kept for a version; null when nobody has looked.</summary>
    internal ValueTask<InspectionReport?> InspectionAsync(string versionId) => OneAsync("select report from version_inspection where version_id = @id",
        r => InspectionReport.FromJson(JsonNode.Parse(r.GetString(0))!.AsObject()), ("id", versionId));

    /// <summary>Keeps a report in place of an older one.</summary>
    internal ValueTask<int> KeepInspectionAsync(string versionId, InspectionReport report) => ExecuteAsync("""
        insert into version_inspection (version_id, rules, verdict, report, inspected_at) values (@id, @rules, @verdict, @report, @now)
        on conflict (version_id) do update set rules = excluded.rules, verdict = excluded.verdict, report = excluded.report, inspected_at = excluded.inspected_at
        """, ("id", versionId), ("rules", (long)report.Rules), ("verdict", InspectionReport.Word(report.Verdict)), ("report", report.ToJson().ToJsonString()), ("now", Times.Micros(Now)));
}
