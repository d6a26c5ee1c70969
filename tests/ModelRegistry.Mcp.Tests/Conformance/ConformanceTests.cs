using Xunit;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>
/// The official suites against the endpoint. Scenarios that call fixtures by name run against a host that has them;
/// those that any server can pass run against the product's own process.
/// </summary>
public sealed class ConformanceTests
{
    // An extension that this server does not have (io.modelcontextprotocol/tasks); the suite runs it unasked, and never scores it.
    private const string Tasks = "tasks-";

    private static readonly string[] NotOffered =
    [
        // A stream that is let go of and taken up again: a call that only answers is answered at once, as one JSON object.
        "server-sse-polling",
        // Told when a list of tools or prompts changes: the suite skips it where the server says that none ever does.
        "sep-2575-server-sends-prompts-list-changed-on-subscription", "sep-2575-server-sends-tools-list-changed-on-subscription",
    ];

    // Checks that call a fixture the product does not have; all the others of their scenario apply to it.
    private static readonly string[] OnlyWithFixtures =
    [
        "sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400",
        "sep-2575-http-server-no-independent-requests-on-stream", "sep-2575-server-no-log-without-loglevel",
    ];

    private static readonly string[] AnyServer2025 =
    [
        "server-initialize", "logging-set-level", "ping", "completion-complete", "tools-list", "resources-list", "prompts-list",
        "resources-subscribe", "resources-unsubscribe", "server-sse-multiple-streams", "dns-rebinding-protection",
    ];

    private static readonly string[] AnyServer2026 =
    [
        "server-stateless", "completion-complete", "tools-list", "resources-list", "prompts-list", "server-sse-multiple-streams",
        "dns-rebinding-protection", "sep-2164-resource-not-found", "caching", "http-header-validation", "input-required-result-unsupported-methods",
    ];

    [Fact]
    public async Task The_released_suite_passes_on_the_fixtures()
    {
        await using var host = await FixtureHost.StartAsync();
        var run = await ConformanceSuite.AllAsync(host.Mcp);
        Ran(run, 32);
        Passed(run, run.Checks.Keys);
    }

    [Theory]
    [InlineData("2025-11-25", 33)]
    [InlineData("2026-07-28", 40)]
    public async Task What_a_revision_requires_passes_on_the_fixtures(string revision, int scenarios)
    {
        await using var host = await FixtureHost.StartAsync();
        var run = await ConformanceSuite.RequirementsAsync(host.Mcp, revision);
        Ran(run, scenarios);
        Passed(run, run.Checks.Keys);
    }

    [Fact]
    public async Task The_product_passes_the_released_suite_where_no_fixture_is_asked_for()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        Passed(await ConformanceSuite.AllAsync(new Uri(server.Address, "mcp")), AnyServer2025);
    }

    [Fact]
    public async Task The_product_passes_what_2025_11_25_requires_where_no_fixture_is_asked_for()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        Passed(await ConformanceSuite.RequirementsAsync(new Uri(server.Address, "mcp"), "2025-11-25"), [.. AnyServer2025, "server-session-lifecycle"]);
    }

    [Fact]
    public async Task The_product_passes_what_2026_07_28_requires_where_no_fixture_is_asked_for()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        Passed(await ConformanceSuite.RequirementsAsync(new Uri(server.Address, "mcp"), "2026-07-28"), AnyServer2026, OnlyWithFixtures);
    }

    private static void Ran(ConformanceRun run, int scenarios) => Assert.Equal(scenarios, Scored(run.Checks.Keys).Count());

    private static void Passed(ConformanceRun run, IEnumerable<string> scenarios, params string[] leftOut)
    {
        var problems = run.Problems(Scored(scenarios), [.. NotOffered, .. leftOut]).ToList();
        Assert.True(problems.Count == 0, $"{problems.Count} checks did not pass:\n{string.Join('\n', problems)}\n{run.Summary}");
    }

    private static IEnumerable<string> Scored(IEnumerable<string> scenarios) => scenarios.Where(s => !s.StartsWith(Tasks, StringComparison.Ordinal));
}
