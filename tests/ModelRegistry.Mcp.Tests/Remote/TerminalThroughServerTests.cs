using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>A person at a terminal whose registry is behind a server: the same statement, the passphrase typed there, and sent as a proof of this one decision.</summary>
public sealed class TerminalThroughServerTests
{
    private const string Alice = "alices own long passphrase", Bob = "bobs quite other passphrase", Carol = "carols passphrase of words";

    [Fact]
    [Attack(1, "cli")]
    [Attack(6, "cli")]
    public async Task A_person_decides_and_administers_through_a_server_and_a_machine_does_not()
    {
        using var far = new ProgramProcess();
        using var near = new ProgramProcess();
        await DoneAsync(near, "init", "--person", "alice", "--passphrase-file", near.File("alice", Alice), "--policy", "team");
        await using var server = await ServeProcess.StartAsync(near.Data);
        far.Environment["MODELREGISTRY_SERVER"] = server.Address.GetLeftPart(UriPartial.Authority);
        far.Environment["MODELREGISTRY_LOG_LEVEL"] = "trace";
        (far.Environment["NO_COLOR"], near.Environment["NO_COLOR"]) = ("1", "1");

        // A passphrase makes the first token; everything that reads takes one.
        Assert.StartsWith("token_required: ", (await far.RunAsync(["list-models"])).Err, StringComparison.Ordinal);
        var (made, _) = await far.AtTerminalAsync([Alice], "token", "create", "--agent", "planner", "--owner", "alice");
        Assert.True(made.Exit == 0, made.Err);
        var token = far.Environment["MODELREGISTRY_TOKEN"] = made.Out.Trim();
        Assert.StartsWith("mrt_", token, StringComparison.Ordinal);
        var (added, _) = await far.AtTerminalAsync([Alice], "person", "add", "bob", "--role", "approver", "--passphrase-file", far.File("bob", Bob));
        Assert.True(added.Exit == 0, added.Err);
        var (wrong, _) = await far.AtTerminalAsync(["not alices passphrase", Carol, Carol], "person", "add", "carol");
        Assert.Equal((77, ""), (wrong.Exit, wrong.Out));
        Assert.StartsWith("proof_failed: ", wrong.Err, StringComparison.Ordinal);

        string[] known = ["--dataset", "digits@1", "--code-commit", "0a1b2c3", "--card", near.File("CARD.md", "# Digits\n\n## Intended use\nReading digits.\n"), "--format", "onnx"];
        await DoneAsync(near, ["register", "digits", "--file", near.File("one.onnx", "one"), "--metric", "accuracy=0.9", .. known]);
        Assert.Equal(0, (await far.RunAsync(["promote", "digits", "1", "staging"])).Exit);
        var asked = await far.RunAsync(["promote", "digits", "1", "production", "--reason", "good", "--output", "json"]);
        Assert.Equal(8, asked.Exit);
        var id = (string)asked.Json["promotion_id"]!;

        // What an agent with this shell can do: nothing.
        var piped = await far.RunAsync(["approve", id, "--as", "bob"], input: Bob + "\n");
        Assert.Equal((77, ""), (piped.Exit, piped.Out));
        Assert.StartsWith("terminal_required: ", piped.Err, StringComparison.Ordinal);
        Assert.Equal("pending", (string?)(await far.RunAsync(["get-promotion", id, "--output", "json"])).Json["status"]);

        // What is shown is what is shown on the folder, and the owner is not the second person.
        var (refused, screen) = await far.AtTerminalAsync([Alice], "approve", id, "--as", "alice");
        Assert.Equal((77, true), (refused.Exit, refused.Err.StartsWith("four_eyes: ", StringComparison.Ordinal)));
        var (refusedHere, screenHere) = await near.AtTerminalAsync([Alice], "approve", id, "--as", "alice");
        Assert.Equal([$"{refused.Exit}", .. refused.Err.Split((char)10)[..2]], [$"{refusedHere.Exit}", .. refusedHere.Err.Split((char)10)[..2]]);
        Assert.Equal(screenHere, screen);
        Assert.Contains("statement sha256", screen, StringComparison.Ordinal);
        var (mistyped, _) = await far.AtTerminalAsync(["not bobs"], "approve", id, "--as", "bob");
        Assert.Equal((77, true), (mistyped.Exit, mistyped.Err.StartsWith("proof_failed: ", StringComparison.Ordinal)));
        var (applied, _) = await far.AtTerminalAsync([Bob], "approve", id, "--as", "bob", "--comment", "looks right", "--output", "json");
        Assert.Equal((0, "applied"), (applied.Exit, (string?)applied.Json["status"]));
        var decision = applied.Json["decisions"]![0]!;
        Assert.Equal(("bob", "authenticated", "rest"), ((string?)decision["person"], (string?)decision["assurance"], (string?)decision["channel"]));

        // Saying no, taking back, and going back.
        await DoneAsync(near, ["register", "digits", "--file", near.File("two.onnx", "two"), "--metric", "accuracy=0.95", .. known]);
        Assert.Equal(0, (await far.RunAsync(["promote", "digits", "2", "staging"])).Exit);
        var (rejected, _) = await far.AtTerminalAsync([Bob], "reject", await ProposeAsync(far), "--as", "bob", "--output", "json");
        Assert.Equal((0, "rejected"), (rejected.Exit, (string?)rejected.Json["status"]));
        Assert.Equal(0, (await far.RunAsync(["withdraw", await ProposeAsync(far)])).Exit);
        var (withdrawn, _) = await far.AtTerminalAsync([Bob], "withdraw", await ProposeAsync(far), "--as", "bob", "--output", "json");
        Assert.Equal((0, "withdrawn"), (withdrawn.Exit, (string?)withdrawn.Json["status"]));
        var (revoked, _) = await far.AtTerminalAsync([Bob], "revoke", id, "--as", "bob");
        Assert.Equal(75, revoked.Exit);

        // The policy, shown against the one in force; then the token ends.
        var (accepted, shown) = await far.AtTerminalAsync([Alice], "policy", "accept", "regulated", "--reason", "two look");
        Assert.True(accepted.Exit == 0, accepted.Err);
        Assert.Contains("what changes", shown, StringComparison.Ordinal);
        var (disabled, _) = await far.AtTerminalAsync([Alice], "person", "disable", "bob", "--as", "alice");
        Assert.True(disabled.Exit == 0, disabled.Err);
        var tokenId = (string)(await far.RunAsync(["token", "list", "--output", "json"])).Json["items"]![0]!["id"]!;
        var (ended, _) = await far.AtTerminalAsync([Alice], "token", "revoke", tokenId, "--as", "alice");
        Assert.True(ended.Exit == 0, ended.Err);
        Assert.StartsWith("token_invalid: ", (await far.RunAsync(["list-models"])).Err, StringComparison.Ordinal);
        Assert.Equal(0, (await near.RunAsync(["audit", "verify"])).Exit);
        foreach (var secret in new[] { token, Alice, Bob, Carol })
            Assert.DoesNotContain(secret, far.AllErr + near.AllErr + server.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(far.Data));
    }

    /// <summary>What changes between the look and the decision voids it: the digest that was shown goes along.</summary>
    [Fact]
    public async Task What_changed_while_the_person_looked_is_not_what_they_approved()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        var id = await registry.ProposeAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        using var program = new ProgramProcess();
        program.Environment["MODELREGISTRY_SERVER"] = server.Address.GetLeftPart(UriPartial.Authority);
        program.Environment["MODELREGISTRY_TOKEN"] = await registry.TokenAsync("planner");
        using var terminal = new PseudoTerminal();
        using var process = program.StartAt(terminal, "", "approve", id, "--as", "ben");
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await terminal.ShowsAsync("passphrase of ben", process);
        SeededRegistry.Ok(await registry.Services.Metadata.SetAsync(await registry.AgentAsync(), new ModelRegistry.Catalog.MetadataEdit("churn") { Version = "v2", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.94 } }));
        terminal.Type(SeededRegistry.Passphrase + "\n");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(75, process.ExitCode);
        Assert.StartsWith("statement_changed: ", await error, StringComparison.Ordinal);
        Assert.Equal("v1", await registry.ServingAsync());
    }

    private static async Task<string> ProposeAsync(ProgramProcess program) =>
        (string)(await program.RunAsync(["promote", "digits", "2", "production", "--reason", "better", "--output", "json"])).Json["promotion_id"]!;

    private static async Task DoneAsync(ProgramProcess program, params string[] args)
    {
        var ran = await program.RunAsync(args);
        Assert.True(ran.Exit == 0, ran.Err);
    }
}
