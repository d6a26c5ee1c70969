using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>The whole story with the real program: trained, proposed, decided at a terminal, rolled back, proven.</summary>
public class StoryTests
{
    private const string Alice = "alices own long passphrase", Bob = "bobs quite other passphrase";

    [Fact]
    [Attack(6, "cli")]
    public async Task A_model_goes_from_training_into_production_and_back_and_nothing_secret_is_left_behind()
    {
        using var program = new ProgramProcess();
        program.Environment["MODELREGISTRY_LOG_LEVEL"] = "trace";
        program.Environment["MODELREGISTRY_LOG_FORMAT"] = "json";
        var card = program.File("CARD.md", "# Digits\n\n## Intended use\nReading digits.\n");
        string[] known = ["--dataset", "digits@1", "--code-commit", "0a1b2c3", "--card", card, "--format", "onnx"];

        await DoneAsync("init", "--person", "alice", "--passphrase-file", program.File("alice", Alice + "\n"), "--policy", "team");
        var (added, _) = await program.AtTerminalAsync([Alice], "person", "add", "bob", "--role", "approver", "--passphrase-file", program.File("bob", Bob));
        Assert.Equal(0, added.Exit);

        await DoneAsync(["register", "digits", "--file", program.File("one.onnx", "one"), "--metric", "accuracy=0.9278", .. known]);
        Assert.Equal("v2", (string?)(await DoneAsync(["register", "digits", "--file", program.File("two.onnx", "two"), "--metric", "accuracy=0.9815", "--output", "json", .. known])).Json["version"]);
        Assert.Contains("0.9815 (+0.0537)", (await DoneAsync("compare", "digits", "1", "2")).Out, StringComparison.Ordinal);

        await DoneAsync("promote", "digits", "1", "staging");
        var blocked = await RunAsync("promote", "digits", "1", "production", "--output", "json");
        Assert.Equal((65, "blocked"), (blocked.Exit, (string?)blocked.Json["status"]));
        var first = await ProposeAsync("1");
        var (applied, screen) = await program.AtTerminalAsync([Bob], "approve", first, "--as", "bob", "--comment", "looks right", "--output", "json");
        Assert.Equal((0, "applied"), (applied.Exit, (string?)applied.Json["status"]));
        foreach (var told in new[] { "digits", "staging -> production", "0.9278", "content_verified", "one.onnx", "(untrusted)", "Intended use", "four eyes", "authenticated", "statement sha256", "passphrase of bob: " })
            Assert.Contains(told, screen, StringComparison.Ordinal);
        Assert.Equal("v1", (string?)(await DoneAsync("serving", "digits", "--output", "json")).Json["version"]);

        await DoneAsync("promote", "digits", "2", "staging");
        var second = await ProposeAsync("2");
        var (refused, _) = await program.AtTerminalAsync([Alice], "approve", second, "--as", "alice");
        Assert.Equal((77, "", true), (refused.Exit, refused.Out, refused.Err.Contains("four_eyes: ", StringComparison.Ordinal)));
        var (moved, replacing) = await program.AtTerminalAsync([Bob], "approve", second, "--as", "bob");
        Assert.Equal(0, moved.Exit);
        Assert.Contains("better", replacing, StringComparison.Ordinal);

        var back = await RunAsync("rollback", "digits", "--reason", "false positives", "--output", "json");
        Assert.Equal(8, back.Exit);
        var (rolled, _) = await program.AtTerminalAsync([Alice], "approve", (string)back.Json["promotion_id"]!, "--as", "alice");
        Assert.Equal(0, rolled.Exit);

        var history = (await DoneAsync("history", "digits", "--output", "json")).Json["items"]!.AsArray().Where(p => (string?)p!["stage"] == "production").ToList();
        Assert.Equal(["v1", "v2", "v1"], history.Select(p => (string?)p!["version"]));
        var then = (await DoneAsync("history", "digits", "--at", (string)history[1]!["from"]!, "--output", "json")).Json["items"]!.AsArray().Single(p => (string?)p!["stage"] == "production")!;
        Assert.Equal(("v2", "bob"), ((string?)then["version"], (string?)then["approved_by"]![0]));

        var (token, _) = await program.AtTerminalAsync([Alice], "token", "create", "--agent", "planner", "--owner", "alice");
        Assert.Equal(0, token.Exit);
        Assert.Matches(@"\Amrt_[A-Za-z0-9_-]{43}\n\z", token.Out);

        await DoneAsync("download", "digits", "@champion", "--out", Path.Combine(program.Folder, "served"));
        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(program.Folder, "served", "one.onnx")));
        var checkpoint = program.File("checkpoint", (await DoneAsync("audit", "checkpoint")).Out);
        Assert.Contains("verified", (await DoneAsync("audit", "verify", "--checkpoint", checkpoint)).Out, StringComparison.Ordinal);

        NothingSecretIsLeft(program, screen + replacing, [Alice, Bob, token.Out.Trim()]);

        async Task<Ran> RunAsync(params string[] args) => await program.RunAsync(args);

        async Task<Ran> DoneAsync(params string[] args) => await program.RunAsync(args) is { Exit: 0 } ran ? ran : throw new InvalidOperationException($"{string.Join(' ', args)}: {program.AllErr}");

        async Task<string> ProposeAsync(string version)
        {
            var ran = await program.RunAsync(["promote", "digits", version, "production", "--reason", "measured on held-out rows", "--output", "json"]);
            Assert.Equal((8, "pending"), (ran.Exit, (string?)ran.Json["status"]));
            return (string)ran.Json["promotion_id"]!;
        }
    }

    private static void NothingSecretIsLeft(ProgramProcess program, string screens, string[] secrets)
    {
        var lines = program.AllErr.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.True(lines.Count >= 20, $"The log has {lines.Count} lines.");
        Assert.All(lines, line => Assert.StartsWith("req_", (string?)line["request_id"], StringComparison.Ordinal));
        Assert.Contains(lines, line => line["promotion_id"] is not null);
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret, program.AllErr, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, screens, StringComparison.Ordinal);
            var bytes = Encoding.UTF8.GetBytes(secret);
            foreach (var file in Directory.EnumerateFiles(program.Data, "*", SearchOption.AllDirectories))
                Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(bytes) < 0, $"{file} holds a secret.");
        }
    }
}
