using System.Text;
using System.Text.RegularExpressions;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Attacks;

/// <summary>Every attack that is tried, at which doors, and by which tests: <c>docs/attacks.md</c>, made from the tests themselves.</summary>
internal static partial class AttackTable
{
    public static readonly IReadOnlyList<string> Doors = ["rules", "mcp-stdio", "mcp-relay", "mcp-http", "rest", "cli", "web"];

    /// <summary>One attack, the doors it concerns, and what it needs that is not there.</summary>
    public sealed record Attack(int Number, string What, string[] Concerns, string? Missing = null);

    public static readonly IReadOnlyList<Attack> All =
    [
        new(1, "An agent calls what decides, with its own credential", ["rules", "mcp-stdio", "mcp-relay", "mcp-http", "rest", "cli", "web"]),
        new(2, "A first call carries answers that nobody asked for", ["mcp-stdio", "mcp-relay", "mcp-http"]),
        new(3, "A form is accepted with no decision in it, or another than approve", ["rules", "mcp-stdio", "mcp-relay", "mcp-http"]),
        new(4, "An agent uses its owner's browser, signed in", ["rest", "web"]),
        new(5, "An agent enrols an authenticator of its own", ["rules", "web"]),
        new(6, "The owner approves what their own agent proposed, under four eyes", ["rules", "rest", "cli", "web"]),
        new(7, "One person fills two slots, with two keys or names", ["rules", "rest", "web"]),
        new(8, "Fifty approvals at once", ["rules", "rest", "web"]),
        new(9, "A passkey's answer is sent twice, with a counter that stays zero too", ["rules", "rest", "web"]),
        new(10, "A passkey's answer for one promotion or word is sent for another", ["rules", "rest", "web"]),
        new(11, "A file is swapped after the approval", ["rules", "web"]),
        new(12, "A file is renamed, its content the same", ["rules"]),
        new(13, "Metrics are edited while it waits", ["rules", "mcp-stdio", "mcp-relay", "mcp-http", "rest", "web"]),
        new(14, "It is approved past its deadline, or the clock steps back", ["rules", "rest"]),
        new(15, "The policy is loosened, then it is promoted", ["rules", "rest"]),
        new(16, "Production has moved meanwhile", ["rules", "rest", "web"]),
        new(17, "Names that look like others", ["rules", "rest", "cli"]),
        new(18, "SQL in filters and orders", ["rest", "cli", "web"]),
        new(19, "Paths that lead elsewhere, links, archives", ["rules", "cli"], "archives are not unpacked, so there is no zip slip to try"),
        new(20, "Words that claim an approval, or speak to the model", ["rules", "mcp-stdio", "mcp-relay", "mcp-http", "rest", "web"]),
        new(21, "Oversize and deep input, floods", ["mcp-stdio", "mcp-relay", "mcp-http", "rest", "web"]),
        new(22, "A page of another site, a name that was rebound", ["mcp-http", "rest", "web"]),
        new(23, "A revoked approver; a token for another place", ["rules", "mcp-http", "rest", "web"], "there are no tokens of an issuer, so none of a wrong audience or `alg: none`"),
        new(24, "A stolen, planted or bent state, promotion or session", ["rules", "mcp-stdio", "mcp-relay", "mcp-http", "rest", "web"]),
        new(25, "The audit log is cut, reordered, forked, a row deleted", ["rules", "cli", "web"]),
        new(26, "What serves, waits or has to be kept is deleted or collected", ["rules", "rest", "cli"]),
    ];

    /// <summary>The tests of an attack at a door, by name, in the order of the files.</summary>
    public static IReadOnlyList<(int Attack, string Door, string Test)> Tests { get; } = Find();

    public static string Page()
    {
        var page = new StringBuilder("""
            # Attacks that are tried

            Made from the tests: a mark is a test (or several) that tries the attack at that door and passes only if it is refused,
            or has no effect. *rules* is below every door, in process. An empty place is a door that the attack does not concern.

            | | Attack | rules | MCP stdio | stdio to a server | MCP HTTP | REST | CLI | pages |
            |---|---|---|---|---|---|---|---|---|

            """);
        foreach (var attack in All)
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {attack.Number} | {attack.What}{(attack.Missing is null ? "" : $" ({attack.Missing})")} | ")
                .AppendJoin(" | ", Doors.Select(door => Of(attack.Number, door).Count switch { 0 => "", 1 => "✓", var n => $"✓ {n}" })).Append(" |\n");
        page.Append("\n## The tests\n\n");
        foreach (var attack in All)
        {
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"{attack.Number}. {attack.What}\n");
            foreach (var test in Tests.Where(t => t.Attack == attack.Number).GroupBy(t => t.Test))
                page.Append(System.Globalization.CultureInfo.InvariantCulture, $"   - {test.Key.Replace('_', ' ')} ({string.Join(", ", test.Select(t => t.Door).Distinct())})\n");
        }
        return page.ToString();
    }

    public static IReadOnlyList<string> Of(int attack, string door) => [.. Tests.Where(t => t.Attack == attack && t.Door == door).Select(t => t.Test)];

    // From the sources: the tests are in two programs.
    private static List<(int, string, string)> Find()
    {
        var found = new List<(int, string, string)>();
        foreach (var file in Directory.EnumerateFiles(Repository.At("tests"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var source = File.ReadAllText(file);
            foreach (Match mark in Mark().Matches(source))
                foreach (Match door in Word().Matches(mark.Groups[2].Value))
                    found.Add((int.Parse(mark.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), door.Groups[1].Value, Method().Match(source, mark.Index).Groups[1].Value));
        }
        return found;
    }

    [GeneratedRegex(@"^\s*\[Attack\((\d+), ([^)]*)\)\]", RegexOptions.Multiline)]
    private static partial Regex Mark();

    [GeneratedRegex(@"""([a-z-]+)""")]
    private static partial Regex Word();

    [GeneratedRegex(@"public (?:async Task|void|Task) (\w+)\(")]
    private static partial Regex Method();
}
