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
