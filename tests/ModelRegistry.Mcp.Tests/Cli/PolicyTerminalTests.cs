using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>Changing the policy at a real terminal, and what a terminal cannot do.</summary>
public class PolicyTerminalTests
{
    private const string Alice = "correct horse battery staple", Bob = "bobs quite other passphrase";

    private static async Task<ProgramProcess> InitAsync(string policy = "team")
    {
        var program = new ProgramProcess();
        Assert.Equal(0, (await program.RunAsync(["init", "--person", "alice", "--passphrase-file", program.File("alice", Alice), "--policy", policy])).Exit);
        return program;
    }

    private static string Named(ProgramProcess program, string name, string json) => program.File(name, json);

    [Fact]
    public async Task A_policy_is_shown_with_its_differences_and_accepted_by_an_admin_who_types_their_passphrase()
    {
        using var program = await InitAsync();
        var file = Named(program, "ours.json", PolicyProfiles.Find("team")!.Replace("\"count\": 1}", "\"count\": 2}", StringComparison.Ordinal).Replace("\"name\": \"team\"", "\"name\": \"ours\"", StringComparison.Ordinal));

        var check = await program.RunAsync(["policy", "check", file]);
        Assert.Equal(0, check.Exit);
        Assert.Contains("takes 2 approvers, not 1", check.Out, StringComparison.Ordinal);
        var piped = await program.RunAsync(["policy", "accept", file], input: Alice + "\n");
        Assert.Equal((77, ""), (piped.Exit, piped.Out));
        Assert.StartsWith("terminal_required: ", piped.Err, StringComparison.Ordinal);
        var (wrong, _) = await program.AtTerminalAsync(["not the passphrase"], "policy", "accept", file);
        Assert.Equal(77, wrong.Exit);
        Assert.Equal("team", (string?)(await program.RunAsync(["policy", "show", "--output", "json"])).Json["name"]);

        var (accepted, screen) = await program.AtTerminalAsync([Alice], "policy", "accept", file, "--reason", "two pairs of eyes", "--output", "json");
        Assert.Equal((0, "accepted"), (accepted.Exit, (string?)accepted.Json["status"]));
        foreach (var told in new[] { "takes 2 approvers, not 1", "stricter", "what will happen", "and there is 1", "To put exactly this in force", "passphrase of alice: " })
            Assert.Contains(told, screen, StringComparison.Ordinal);
        Assert.DoesNotContain(Alice, screen, StringComparison.Ordinal);

        var history = (await program.RunAsync(["policy", "history", "--output", "json"])).Json["items"]!.AsArray();
        Assert.Equal(["ours", "team"], history.Select(p => (string?)p!["name"]));
        Assert.Equal(("alice", "two pairs of eyes", "authenticated"), ((string?)history[0]!["accepted_by"], (string?)history[0]!["reason"], (string?)history[0]!["assurance"]));
        Assert.Equal("team", (string?)(await program.RunAsync(["policy", "show", ((string)history[1]!["digest"]!)[..8], "--output", "json"])).Json["name"]);
        Assert.Equal("team", (string?)(await program.RunAsync(["policy", "show", "--at", (string)history[1]!["accepted_at"]!, "--output", "json"])).Json["name"]);
        // Again there is nothing to type a passphrase for.
        var (again, _) = await program.AtTerminalAsync([], "policy", "accept", file);
        Assert.Equal(75, again.Exit);
        Assert.StartsWith("policy_unchanged: ", again.Err, StringComparison.Ordinal);
        Assert.Contains("verified", (await program.RunAsync(["audit", "verify"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_admins_at_two_terminals_change_it_and_one_waits_for_the_other()
    {
        using var program = await InitAsync();
        program.Environment["NO_COLOR"] = "1";
        var two = Named(program, "two.json", PolicyProfiles.Find("team")!.Replace("\"rollback\"", "\"policy_change\": {\"approvals\": 2}, \"rollback\"", StringComparison.Ordinal));
        Assert.Equal(0, (await program.AtTerminalAsync([Alice], "person", "add", "bob", "--role", "admin", "--passphrase-file", program.File("bob", Bob))).Ran.Exit);
        Assert.Equal(0, (await program.AtTerminalAsync([Alice], "policy", "accept", two, "--as", "alice")).Ran.Exit);

        var (proposed, _) = await program.AtTerminalAsync([Alice], "policy", "accept", "local", "--as", "alice");
        Assert.Equal((8, true), (proposed.Exit, proposed.Err.Contains("policy accept pending", StringComparison.Ordinal)));
        Assert.Contains("1 more", (await program.RunAsync(["pending"])).Out, StringComparison.Ordinal);
        Assert.Contains("policy change", (await program.RunAsync(["doctor"])).Out, StringComparison.Ordinal);
        var (turned, _) = await program.AtTerminalAsync([Bob], "policy", "reject", "--as", "bob", "--reason", "not yet", "--output", "json");
        Assert.Equal((0, "rejected"), (turned.Exit, (string?)turned.Json["status"]));
        Assert.Equal(66, (await program.AtTerminalAsync([], "policy", "accept", "pending", "--as", "bob")).Ran.Exit);

        Assert.Equal(8, (await program.AtTerminalAsync([Alice], "policy", "accept", "local", "--as", "alice")).Ran.Exit);
        var (agreed, screen) = await program.AtTerminalAsync([Bob], "policy", "accept", "pending", "--as", "bob");
        Assert.Equal(0, agreed.Exit);
        Assert.Contains("callers on this machine need no token any more", screen, StringComparison.Ordinal);
        Assert.Equal("local", (string?)(await program.RunAsync(["policy", "show", "--output", "json"])).Json["name"]);
    }

    [Fact]
    public async Task A_terminal_signs_nothing()
    {
        using var program = await InitAsync("regulated");
        var (accepted, _) = await program.AtTerminalAsync([], "policy", "accept", "open");
        Assert.Equal(77, accepted.Exit);
        Assert.StartsWith("policy_proof_too_low: ", accepted.Err, StringComparison.Ordinal);

        using var team = await InitAsync("local");
        Assert.Equal(0, (await team.RunAsync(["register", "digits", "--file", team.File("one.onnx", "one")])).Exit);
        var id = (string)(await team.RunAsync(["promote", "digits", "1", "production", "--output", "json"])).Json["promotion_id"]!;
        var broken = await team.RunAsync(["break-glass", id, "--reason", "fraud passes"]);
        Assert.Equal((77, ""), (broken.Exit, broken.Out));
        Assert.StartsWith("glass_needs_signature: ", broken.Err, StringComparison.Ordinal);
        Assert.Contains("approval page", broken.Err, StringComparison.Ordinal);
        Assert.Contains((await team.RunAsync(["audit", "list", "--subject", id, "--output", "json"])).Json["items"]!.AsArray(), e => (string?)e!["verb"] == "glass.break" && (string?)e["outcome"] == "refused");
        Assert.Equal("pending", (string?)(await team.RunAsync(["get-promotion", id, "--output", "json"])).Json["status"]);
        var (unbroken, _) = await team.AtTerminalAsync([], "review", id, "--uphold");
        Assert.Equal((66, true), (unbroken.Exit, unbroken.Err.StartsWith("glass_not_broken: ", StringComparison.Ordinal)));
        Assert.Equal(64, (await team.RunAsync(["review", id])).Exit);
    }

    [Fact]
    public async Task A_broken_glass_is_listed_until_another_approver_reviews_it_at_a_terminal()
    {
        using var program = await InitAsync();
        Assert.Equal(0, (await program.AtTerminalAsync([Alice], "policy", "accept", Named(program, "glass.json", PolicyProfiles.Find("local")!.Replace("\"rollback\"", "\"break_glass\": {\"persons\": [\"alice\"]}, \"rollback\"", StringComparison.Ordinal)))).Ran.Exit);
        foreach (var (name, passphrase) in new[] { ("bob", Bob), ("carol", Bob + "s") })
            Assert.Equal(0, (await program.AtTerminalAsync([Alice], "person", "add", name, "--role", "approver", "--passphrase-file", program.File(name, passphrase), "--as", "alice")).Ran.Exit);
        var id = await BrokenGlass.MakeAsync(program);

        var waiting = await program.RunAsync(["pending"]);
        Assert.Contains("broken glass, a review is owed", waiting.Out, StringComparison.Ordinal);
        Assert.Contains($"modelregistry review {id}", waiting.Out, StringComparison.Ordinal);
        Assert.Contains("without a review", (await program.RunAsync(["doctor"])).Out, StringComparison.Ordinal);
        Assert.Equal("applied", (string?)(await program.RunAsync(["get-promotion", id, "--output", "json"])).Json["status"]);

        Assert.Equal(77, (await program.RunAsync(["review", id, "--uphold", "--as", "bob"], input: Bob + "\n")).Exit);
        var (own, _) = await program.AtTerminalAsync([Alice], "review", id, "--uphold", "--as", "alice");
        Assert.Equal((77, true), (own.Exit, own.Err.StartsWith("glass_review_needs_another: ", StringComparison.Ordinal)));
        var (reviewed, screen) = await program.AtTerminalAsync([Bob], "review", id, "--object", "--comment", "a rollback would have done", "--as", "bob", "--output", "json");
        Assert.Equal((0, "objected"), (reviewed.Exit, (string?)reviewed.Json["status"]));
        foreach (var told in new[] { "alice broke the glass", "fraud passes", "not to be reviewed by", "passphrase of bob: " })
            Assert.Contains(told, screen, StringComparison.Ordinal);
        Assert.Empty((await program.RunAsync(["pending", "--output", "json"])).Json["reviews"]!.AsArray());
        Assert.Equal(75, (await program.AtTerminalAsync([], "review", id, "--uphold", "--as", "carol")).Ran.Exit);
        Assert.Contains("a rollback would have done", (await program.RunAsync(["get-promotion", id])).Out, StringComparison.Ordinal);
        Assert.Contains("verified", (await program.RunAsync(["audit", "verify"])).Out, StringComparison.Ordinal);
    }
}
