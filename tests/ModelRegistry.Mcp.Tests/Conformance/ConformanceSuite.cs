using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Clients;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>One check of a scenario, as the suite reported it.</summary>
internal sealed record ConformanceCheck(string Scenario, string Id, string Status, string? Error)
{
    /// <summary>Whether the suite came to no judgement, for want of something to judge.</summary>
    public bool NotLookedAt => Status == "SKIPPED" || Error?.StartsWith("Not testable: ", StringComparison.Ordinal) == true;

    public override string ToString() => $"{Scenario}: {Id} {Status} {Error}".TrimEnd();
}

/// <summary>What one run of an official suite found.</summary>
/// <param name="Checks">By scenario, every scenario that ran.</param>
/// <param name="Summary">The suite's own words; all of them where it did not come to a summary.</param>
internal sealed record ConformanceRun(IReadOnlyDictionary<string, IReadOnlyList<ConformanceCheck>> Checks, string Summary)
{
    /// <summary>Everything in these scenarios that did not go well; a scenario that did not run or in which nothing succeeded is named too.</summary>
    /// <param name="notOffered">Scenarios in which nothing has to succeed, and checks that may be left out.</param>
    public IEnumerable<string> Problems(IEnumerable<string> scenarios, IReadOnlyCollection<string> notOffered) => scenarios.SelectMany(name =>
        !Checks.TryGetValue(name, out var checks) ? [$"{name} did not run."]
        : checks.All(c => c.Status != "SUCCESS") && !notOffered.Contains(name) ? [$"{name}: nothing succeeded.", .. checks.Select(c => c.ToString())]
        : checks.Where(c => c.Status is not ("SUCCESS" or "INFO") && !(c.NotLookedAt && notOffered.Contains(c.Id))).Select(c => c.ToString()));
}

/// <summary>The official conformance suites: programs of Node that call a server as their scenarios say.</summary>
internal static class ConformanceSuite
{
    /// <summary>The released suite.</summary>
    public static Task<ConformanceRun> AllAsync(Uri server) => RunAsync("conformance", server, "--suite", "all");

    /// <summary>The next suite, with the scenarios that a revision of the specification requires.</summary>
    public static Task<ConformanceRun> RequirementsAsync(Uri server, string revision) => RunAsync("conformance-next", server, "--requirements", revision);

    private static async Task<ConformanceRun> RunAsync(string package, Uri server, params string[] selection)
    {
        var results = Directory.CreateTempSubdirectory("conformance-");
        try
        {
            // It ends with 1 where anything fails; what failed is in the results.
            using var suite = NodeProgram.Start($"node_modules/@modelcontextprotocol/{package}/dist/index.js", ["server", "--url", server.ToString(), .. selection, "-o", results.FullName]);
            var said = await suite.OutputAsync();
            var checks = results.GetDirectories().SelectMany(Read).GroupBy(c => c.Scenario)
                .ToDictionary(g => g.Key, g => (IReadOnlyList<ConformanceCheck>)[.. g]);
            return new ConformanceRun(checks, said[Math.Max(0, said.LastIndexOf("=== SUMMARY", StringComparison.Ordinal))..]);
        }
        finally
        {
            results.Delete(recursive: true);
        }
    }

    /// <summary>A folder is called <c>server-SCENARIO-TIME</c>, the time being 24 characters of UTC.</summary>
    private static IEnumerable<ConformanceCheck> Read(DirectoryInfo folder)
    {
        var scenario = folder.Name["server-".Length..^"-2026-01-01T00-00-00-000Z".Length];
        var checks = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.FullName, "checks.json")))!.AsArray();
        return checks.Select(c => new ConformanceCheck(scenario, (string)c!["id"]!, (string)c["status"]!, (string?)c["errorMessage"]));
    }
}
