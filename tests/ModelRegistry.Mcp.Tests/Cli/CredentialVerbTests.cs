using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>A person's credentials, as they are looked after in a terminal.</summary>
public sealed class CredentialVerbTests
{
    private const string Other = "another horse battery staple";

    [Fact]
    public async Task A_passphrase_is_changed_by_whoever_knows_it()
    {
        using var desk = await new CommandDesk().InitAsync();
        Assert.Equal(77, (await desk.RunAsync("person", "passphrase", "alice", "--passphrase-file", desk.File("new", Other))).Exit);
        var wrong = await desk.RunAsync(new TypingPerson("a guess of mine"), ["person", "passphrase", "alice"]);
        Assert.Equal((77, true), (wrong.Exit, wrong.Err.StartsWith("proof_failed: ", StringComparison.Ordinal)));
        var person = new TypingPerson(CommandDesk.Passphrase, Other, Other);
        var changed = await desk.RunAsync(person, ["person", "passphrase", "alice", "--output", "json"]);
        Assert.Equal((0, "alice"), (changed.Exit, (string?)changed.Json["name"]));
        Assert.Equal(["passphrase of alice: ", "new passphrase for alice: ", "the same passphrase for alice again: "], person.Prompts);

        Assert.Equal(77, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["person", "passphrase", "alice"])).Exit);
        Assert.Equal(64, (await desk.RunAsync(new TypingPerson(Other), ["person", "passphrase", "alice", "--passphrase-file", desk.File("same", Other)])).Exit);
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(Other), ["token", "create", "--agent", "planner", "--owner", "alice"])).Exit);
        Assert.Equal(0, (await desk.RunAsync("audit", "verify")).Exit);
        Assert.DoesNotContain(Other, (await desk.DoneAsync("audit", "list", "--output", "json")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_person_who_could_not_be_leaves_nothing_behind()
    {
        using var desk = new CommandDesk();
        Assert.StartsWith("passphrase_weak: ", (await desk.RunAsync("init", "--person", "alice", "--passphrase-file", desk.File("weak", "short"))).Err, StringComparison.Ordinal);
        Assert.False(Directory.Exists(desk.Data));
        await desk.InitAsync("team");
    }

    [Fact]
    public async Task The_passphrase_asked_for_is_that_of_the_one_who_may_decide_and_none_where_none_would_do()
    {
        using var desk = await new CommandDesk().InitAsync("team");
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["person", "add", "bob", "--passphrase-file", desk.File("bob", Other)])).Exit);
        await desk.DoneAsync("register", "m", "--file", desk.File("m.onnx", "m"), "--dataset", "d@1", "--code-commit", "abc", "--card", desk.File("CARD.md", "# M\n\n## Intended use\nTests.\n"), "--lineage", "parent=v0");
        Assert.Equal("v0", (string?)(await desk.DoneAsync("get-model", "m", "--output", "json")).Json["version"]!["lineage"]!["parent"]);
        await desk.DoneAsync("promote", "m", "1", "staging");
        var asked = (await desk.RunAsync("promote", "m", "1", "production", "--reason", "good", "--output", "json")).Json;
        // alice answers for this agent, so bob it is, unnamed.
        var bob = new TypingPerson(Other);
        Assert.Equal(0, (await desk.RunAsync(bob, ["approve", (string)asked["promotion_id"]!])).Exit);
        Assert.Equal(["passphrase of bob: "], bob.Prompts);

        var signed = (await desk.DoneAsync("policy", "show", "--text")).Out.Replace("\"authenticated\"", "\"signed\"", StringComparison.Ordinal);
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["policy", "accept", desk.File("signed.json", signed)])).Exit);
        await desk.DoneAsync("register", "m", "--file", desk.File("n.onnx", "n"), "--dataset", "d@1", "--code-commit", "abc", "--card", Path.Combine(desk.Folder, "CARD.md"));
        await desk.DoneAsync("promote", "m", "2", "staging");
        asked = (await desk.RunAsync("promote", "m", "2", "production", "--reason", "good", "--output", "json")).Json;
        Assert.Null(asked["approve_command"]);
        Assert.Contains("passkey", (string)asked["next"]!, StringComparison.Ordinal);
        var unasked = new TypingPerson();
        var refused = await desk.RunAsync(unasked, ["approve", (string)asked["promotion_id"]!]);
        Assert.Equal((77, 0), (refused.Exit, unasked.Prompts.Count));
        Assert.StartsWith("assurance_too_low: ", refused.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passkeys_are_listed_and_revoked_and_an_invite_is_printed_alone()
    {
        using var desk = await new CommandDesk().InitAsync();
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["person", "add", "bob", "--passphrase-file", desk.File("bob", Other)])).Exit);
        Assert.Contains("There is none.", (await desk.DoneAsync("person", "keys", "bob")).Err, StringComparison.Ordinal);
        var invite = await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["person", "invite", "bob"]);
        Assert.Equal(0, invite.Exit);
        Assert.Matches(@"\A[A-Za-z0-9_-]{22}\n\z", invite.Out);
        Assert.StartsWith("key_needs_witness: ", (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["person", "invite", "alice"])).Err, StringComparison.Ordinal);
        Assert.StartsWith("key_not_found: ", (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["person", "revoke-key", "key_none"])).Err, StringComparison.Ordinal);
        Assert.StartsWith("person_not_found: ", (await desk.RunAsync("person", "keys", "carol")).Err, StringComparison.Ordinal);
    }
}
