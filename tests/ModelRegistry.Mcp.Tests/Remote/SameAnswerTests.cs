using ModelRegistry.Mcp.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>What reads says the same through a server as on the folder, to the byte.</summary>
public sealed class SameAnswerTests(ServedLine served) : IClassFixture<ServedLine>
{
    private static readonly string[] Reading =
    [
        "list-models", "list-models --search fraud", "list-models --all", "list-models --limit 1", "list-models --stage staging --task none", "list-models --tag team",
        "list-versions churn", "list-versions churn --stage production --limit 1", "list-versions empty", "get-model churn", "get-model churn --version @champion", "get-model churn --version @candidate", "get-model card_fraud", "get-model empty",
        "compare churn 1 2", "compare churn @champion latest", "serving churn", "serving churn --stage staging", "serving churn --at 2020-01-31", "history churn", "history churn --limit 1", "history churn --at 2020-01-31T12:00:00Z",
        "pending", "pending --status all", "pending --model churn --status rejected --limit 1", "get-promotion {pending}", "get-promotion {rejected}",
        "person list", "person keys ben", "person keys nobody", "token list", "webhook list", "policy show", "policy show {policy}", "policy history", "policy history --limit 1", "policy check regulated", "policy check team",
        "targets", "deployments", "deployments --model churn --target production --status active --limit 1", "deployments --model none",
        "list-models --tag framework:torch --tag team --min accuracy=0.1 --max accuracy=0.2", "list-models --tag a,b", "list-versions churn --min accuracy=0.9", "list-versions churn --tag x:y",
        "lineage churn", "lineage churn 1", "measurements churn", "measurements churn 2 --metric accuracy --limit 1", "card churn", "card churn 2", "card churn 2 --history", "find-versions --dataset digits@1 --limit 1", "find-versions --code-commit 0123abc",
        "lineage none", "measurements churn 9", "card churn 2 --edit ced_none", "find-versions", "list-models --min a/b=1",
        "audit list", "audit list --model churn --limit 3", "audit list --subject {rejected}",
        // And what says no.
        "get-model none", "get-model churn --version ..", "serving churn --stage moon", "list-models --cursor rubbish", "compare churn 1", "get-promotion prm_none",
        "policy show 00000000", "policy show --at 2001-01-01", "policy check not-there", "pending --status waiting",
    ];

    public static TheoryData<string> Verbs => [.. Reading.SelectMany(line => new[] { line, line + " --output json" })];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_reading_verb_says_the_same(string line)
    {
        var words = line.Split(' ').Select(word => word.Replace('_', line.Contains("card_fraud", StringComparison.Ordinal) ? ' ' : '_')).ToArray();
        var (here, there) = (await served.HereAsync(words), await served.ThereAsync(words));
        Assert.Equal(here.Out, there.Out);
        Assert.Equal((here.Exit, here.Err), (there.Exit, there.Err));
        Assert.True(here.Out.Length + here.Err.Length > 0);
    }

    /// <summary>A name that would lead elsewhere, were it a part of an address as it stands.</summary>
    [Theory]
    [InlineData("get-model", "..")]
    [InlineData("get-model", "../people")]
    [InlineData("list-versions", "churn/../../tokens?x=")]
    [InlineData("get-promotion", "../policy")]
    [InlineData("get-promotion", "%2e%2e/policy#")]
    public async Task A_name_is_a_name_and_no_way(string verb, string name)
    {
        var (here, there) = (await served.HereAsync(verb, name), await served.ThereAsync(verb, name));
        Assert.Equal((66, "", here.Err.Split(':')[0]), (there.Exit, there.Out, there.Err.Split(':')[0]));
    }

    [Fact]
    public async Task The_checkpoint_is_the_same_to_the_byte()
    {
        var there = await served.ThereAsync("audit", "checkpoint");
        Assert.Equal((await served.HereAsync("audit", "checkpoint")).Out, there.Out);
        Assert.Equal((await served.HereAsync("audit", "key")).Out, (await served.ThereAsync("audit", "key")).Out);
        Assert.StartsWith("— ", there.Out.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }

    /// <summary>A verb that is new is either asked above, or listed as one that changes, or refused.</summary>
    [Fact]
    public async Task Every_verb_works_through_a_server_or_says_that_it_does_not()
    {
        string[] changing = ["promote", "rollback", "deploy", "stop-deployment", "delete", "approve", "reject", "revoke", "withdraw", "person add", "person disable", "token create", "token revoke", "policy accept", "policy reject",
            "person email", "person passphrase", "person revoke-key", "person invite", "webhook add", "webhook remove", "webhook test", "break-glass", "review", "set-metadata", "measure"];
        string[] elsewhere = ["stdio", "doctor", "mcp-config", "completion", "audit checkpoint", "audit key", "export", "verify-export"];
        foreach (var verb in Below(CommandLine.Root()))
        {
            if (changing.Contains(verb.Line) || elsewhere.Contains(verb.Line) || Reading.Any(line => line.StartsWith(verb.Line + " ", StringComparison.Ordinal) || line == verb.Line))
                continue;
            var example = verb.Verb.Examples.First(e => !e.Contains('>', StringComparison.Ordinal)).Replace("'", "\"", StringComparison.Ordinal);
            var ran = await served.ThereAsync([.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(example)]);
            Assert.True(ran is { Exit: 64, Out: "" } && ran.Err.StartsWith($"not_over_server: `modelregistry {verb.Line}`", StringComparison.Ordinal), $"{verb.Line}: {ran.Exit} {ran.Err}");
        }
    }

    /// <summary>What changes metadata does the same here and there, one after the other.</summary>
    [Fact]
    public async Task Metadata_is_edited_and_measured_through_a_server()
    {
        var file = Path.Combine(served.Registry.DataFolder, "..", $"{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, """{"framework": "onnx", "dependencies": ["numpy", "x,y"], "hyperparameters": {"lr": 0.1}, "lineage": {"parent": "v1"}, "tags": {"é:": "a,b"}}""", TestContext.Current.CancellationToken);
        string[] edit = ["set-metadata", "card fraud", "--version", "1", "--metadata", file, "--metric", "auc=0.123456789012345", "--alias", "default", "--remove-tag", "team"];
        Assert.StartsWith("invalid_arguments: tags", (await served.ThereAsync([.. edit])).Err, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, """{"framework": "onnx", "dependencies": ["numpy", "x,y"], "hyperparameters": {"lr": 0.1}, "lineage": {"parent": "v1"}, "tags": {"e": "a,b"}}""", TestContext.Current.CancellationToken);
        var there = await served.ThereAsync([.. edit, "--output", "json"]);
        Assert.Equal((0, ""), (there.Exit, there.Err));
        Assert.Contains("hyperparameters", there.Out, StringComparison.Ordinal);
        // The same once more changes nothing, wherever it is said.
        Assert.Equal([], (await served.HereAsync([.. edit, "--output", "json"])).Json["changed"]!.AsArray());
        string[] untie = ["set-metadata", "card fraud", "--remove-alias", "default", "--remove-alias", "nobody", "--output", "json"];
        Assert.Equal(["aliases.default"], (await served.ThereAsync(untie)).Json["changed"]!.AsArray().Select(c => (string?)c));
        Assert.Equal([], (await served.HereAsync(untie)).Json["changed"]!.AsArray());
        var measured = await served.ThereAsync("measure", "card fraud", "1", "--metric", "accuracy=0.5", "--count", "540", "--split", "test", "--measured-at", "2026-01-31T12:00:00.5Z");
        Assert.True(measured.Exit == 0, measured.Err);
        Assert.Equal((await served.HereAsync("measurements", "card fraud", "1")).Out, (await served.ThereAsync("measurements", "card fraud", "1")).Out);
        Assert.Contains("540", (await served.ThereAsync("measurements", "card fraud", "1")).Out, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Doctor_looks_at_the_server_and_at_what_the_token_is_worth()
    {
        var well = await served.ThereAsync("doctor", "--output", "json");
        Assert.Equal(0, well.Exit);
        Assert.Equal(["program", "server", "ready", "token", "mcp", "policy"], well.Json["checks"]!.AsArray().Select(c => (string)c!["check"]!));
        Assert.Contains("agent planner of ana", well.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(served.Token, well.Out, StringComparison.Ordinal);
        foreach (var token in new[] { null, "mrt_" + new string('x', 40) })
        {
            var ill = await served.ThereAsync(token, ["doctor"]);
            Assert.Equal(1, ill.Exit);
            Assert.Contains("token    fail", ill.Out, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null, "token_required")]
    [InlineData("mrt_0000000000000000000000000000000000000000000", "token_invalid")]
    public async Task Without_a_token_that_counts_nothing_is_told(string? token, string code)
    {
        var ran = await served.ThereAsync(token, ["list-models"]);
        Assert.Equal((77, ""), (ran.Exit, ran.Out));
        Assert.StartsWith(code, ran.Err, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Line, Verb Verb)> Below(System.CommandLine.Command command, string before = "") => command.Subcommands.OfType<Verb>()
        .SelectMany(verb => (IEnumerable<(string, Verb)>)[.. verb.Work is null ? Array.Empty<(string, Verb)>() : [(before + verb.Name, verb)], .. Below(verb, before + verb.Name + " ")]);
}
