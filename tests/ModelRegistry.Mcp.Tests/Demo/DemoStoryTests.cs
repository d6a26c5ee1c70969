using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Demo;

/// <summary>The demo as a newcomer runs it: the built program, from its verb to its exit.</summary>
public sealed partial class DemoStoryTests
{
    private static readonly string[] KeyFacts =
    [
        "1 Two people and a policy",
        "v1: accuracy 0.9278, macro_f1 0.9276, log_loss 0.3496, measured on 540 held-out rows",
        "v2: accuracy 0.9815, macro_f1 0.9815, log_loss 0.0748, measured on 540 held-out rows",
        "v1 serves production",
        "get_serving_version: v1 serves production, approved by",
        "accuracy 0.9278 → 0.9815",
        "promote_model v2 to staging: applied at once",
        "promote_model v2 to production: pending",
        "requires pass",
        "confirm_promotion, decision: approve",
        "Nothing is decided",
        "forged answer",
        "✗ request_state_invalid",
        "✗ four_eyes: ana owns the proposer",
        "v2 serves, v1 is archived, @champion is v2",
        "the bytes that were approved",
        "reject, with his passphrase",
        "rollback_model: to v1, pending",
        "now: v1, approved by ana",
        "entries verified",
        "✗ altered: Entry",
        "✗ cut_off: The log is cut off",
        "Every step came out as told",
    ];

    [Fact]
    public async Task The_demo_comes_out_as_told_and_leaves_nothing_behind()
    {
        using var demo = new DemoProcess();
        var (exit, output, error) = await demo.RunAsync("demo");

        Assert.Equal((0, ""), (exit, error));
        Told(output, KeyFacts);
        Assert.DoesNotContain('\u001b', output);
        Assert.Empty(demo.Left);
        Assert.Empty(demo.Living());
        var commands = Commands(output);
        Assert.Equal(3, commands.Count);
        foreach (var command in commands)
            Assert.Equal(0, (await demo.TypeAsync($"{command} --help")).Exit);
    }

    [Fact]
    public async Task Two_demos_at_once_do_not_meet()
    {
        using var one = new DemoProcess();
        using var other = new DemoProcess();
        var runs = await Task.WhenAll(one.RunAsync("demo"), other.RunAsync("demo"));

        Assert.All(runs, run => Assert.Equal((0, ""), (run.Exit, run.Err)));
        Assert.Empty(one.Left);
        Assert.Empty(other.Left);
    }

    [Fact]
    public async Task A_registry_that_is_kept_verifies_and_its_commands_work_as_printed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are typed into a POSIX shell.");
        using var demo = new DemoProcess();
        var (exit, output, error) = await demo.RunAsync("demo", "--keep");
        Assert.Equal((0, ""), (exit, error));
        var folder = Assert.Single(demo.Left);
        Assert.Contains($"The registry stays in {folder}", output, StringComparison.Ordinal);

        Assert.Equal(3, Commands(output).Count);
        var answers = new List<JsonElement>();
        foreach (var (command, expected) in Commands(output).Zip([0, 0, 8]))
        {
            var typed = await demo.TypeAsync($"{command} --policy team --output json");
            Assert.Equal((expected, ""), (typed.Exit, typed.Err));
            answers.Add(JsonDocument.Parse(typed.Out).RootElement);
        }
        Assert.Equal("ana", answers[0].GetProperty("items")[0].GetProperty("approved_by")[0].GetString());
        Assert.True(answers[1].GetProperty("verified").GetBoolean());
        Assert.Equal(("pending", "v2"), (answers[2].GetProperty("status").GetString(), answers[2].GetProperty("version").GetString()));
    }

    [Fact]
    public async Task Interrupted_while_the_agent_is_connected_it_still_leaves_nothing_behind()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Ctrl-C cannot be sent to another process there.");
        using var demo = new DemoProcess();
        var (exit, error) = await demo.InterruptAtAsync("get_serving_version", "demo");

        Assert.Equal(130, exit);
        Assert.Contains("nothing is left of it", error, StringComparison.Ordinal);
        Assert.Empty(demo.Left);
        Assert.Empty(demo.Living());
    }

    [Fact]
    public async Task A_step_that_surprises_stops_the_story_and_is_named()
    {
        var program = Directory.CreateTempSubdirectory("demo-program-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(program, Path.GetRelativePath(AppContext.BaseDirectory, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
            using (var model = File.OpenWrite(Path.Combine(program, "samples", "digits", "digits-v2.onnx")))
                model.SetLength(5_000);

            using var demo = new DemoProcess(program);
            var (exit, output, error) = await demo.RunAsync("demo");

            Assert.Equal(1, exit);
            Assert.StartsWith("Step 2. A training pipeline registers two versions did not come out as told: digits-v2.onnx is not a classifier", error, StringComparison.Ordinal);
            Assert.DoesNotContain("Every step", output, StringComparison.Ordinal);
            Assert.Empty(demo.Left);
        }
        finally
        {
            Directory.Delete(program, recursive: true);
        }
    }

    /// <summary>The commands to go on with: each stands under the line that says what it is for.</summary>
    private static List<string> Commands(string output)
    {
        var lines = output.Split('\n');
        return [.. lines.Zip(lines.Skip(1)).Where(pair => pair.First.StartsWith("  # ", StringComparison.Ordinal)).Select(pair => pair.Second.Trim())];
    }

    /// <summary>Each fact is told after the one before it; where lines are broken does not matter.</summary>
    private static void Told(string output, IEnumerable<string> facts)
    {
        var text = Blanks().Replace(output, " ");
        var at = 0;
        foreach (var fact in facts)
        {
            var found = text.IndexOf(fact, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{fact}' is not told, or not in its place:\n{output}");
            at = found + fact.Length;
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
