using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>Credentials, webhooks and exports, looked after through a server. The terminal is scripted, the server is real.</summary>
public sealed class DeedsThroughServerTests : IAsyncLifetime
{
    private const string Passphrase = SeededRegistry.Passphrase, Other = "another four words";

    private readonly CommandDesk _desk = new();
    private SeededRegistry _registry = null!;
    private ServeProcess _server = null!;
    private string _token = "";

    public async ValueTask InitializeAsync()
    {
        _registry = await SeededRegistry.OpenAsync("team");
        _token = await _registry.TokenAsync("planner");
        _server = await ServeProcess.StartAsync(_registry.DataFolder, "--allow-private-webhooks");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _registry.DisposeAsync();
        _desk.Dispose();
    }

    private Task<Ran> RunAsync(TypingPerson? person, params string[] line)
    {
        string[] all = [.. line, "--server", _server.Address.GetLeftPart(UriPartial.Authority), "--token", _token];
        return person is null ? _desk.RunAsync(all) : _desk.RunAsync(person, all);
    }

    private async Task<Ran> DoneAsync(TypingPerson? person, params string[] line)
    {
        var ran = await RunAsync(person, line);
        Assert.True(ran.Exit == 0, ran.Err);
        return ran;
    }

    [Fact]
    public async Task A_webhook_is_added_tested_and_removed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        Assert.Equal(77, (await RunAsync(null, "webhook", "add", $"{receiver.Address}hook")).Exit);
        Assert.StartsWith("proof_failed: ", (await RunAsync(new TypingPerson("guessed"), "webhook", "add", $"{receiver.Address}hook", "--as", "ana")).Err, StringComparison.Ordinal);
        var made = await DoneAsync(new TypingPerson(Passphrase), "webhook", "add", $"{receiver.Address}hook", "--event", "person.enrolled");
        Assert.Matches(@"\Awhsec_[A-Za-z0-9+/]{43}=\n\z", made.Out);
        var id = (string)(await DoneAsync(null, "webhook", "list", "--output", "json")).Json["items"]![0]!["id"]!;
        Assert.Equal("status 204", (string?)(await DoneAsync(new TypingPerson(Passphrase), "webhook", "test", id, "--output", "json")).Json["answer"]);
        Assert.True(Assert.Single(receiver.All).Verifies(made.Out.Trim()));
        Assert.Equal("removed", (string?)(await DoneAsync(new TypingPerson(Passphrase), "webhook", "remove", id, "--output", "json")).Json["state"]);
        Assert.Equal("webhook_unconfirmed", (await _registry.Services.MlflowWebhooks.CreateAsync(await _registry.AgentAsync(), new("ci", null, "https://ci.example.org/hook", ["model_version.created"], "", null))).Refusal?.Code);
        var waiting = (await DoneAsync(null, "webhook", "list", "--output", "json")).Json["items"]!.AsArray().Single(w => (string?)w!["state"] == "waiting")!;
        Assert.Equal("active", (string?)(await DoneAsync(new TypingPerson(Passphrase), "webhook", "confirm", (string)waiting["id"]!, "https://ci.example.org/hook", "--output", "json")).Json["state"]);
    }

    [Fact]
    public async Task A_person_changes_their_mailbox_and_passphrase_and_an_admin_invites()
    {
        Assert.Equal("ben@example.org", (string?)(await DoneAsync(new TypingPerson(Passphrase), "person", "email", "ben", "ben@example.org", "--output", "json")).Json["email"]);
        Assert.Null((string?)(await DoneAsync(new TypingPerson(Passphrase), "person", "email", "ben", "--output", "json")).Json["email"]);
        Assert.Matches(@"\A[A-Za-z0-9_-]{22}\n\z", (await DoneAsync(new TypingPerson(Passphrase), "person", "invite", "ben", "--as", "ana")).Out);
        Assert.StartsWith("key_not_found: ", (await RunAsync(new TypingPerson(Passphrase), "person", "revoke-key", "key_none", "--as", "ana")).Err, StringComparison.Ordinal);
        await DoneAsync(new TypingPerson(Passphrase, Other, Other), "person", "passphrase", "ben");
        Assert.StartsWith("proof_failed: ", (await RunAsync(new TypingPerson(Passphrase, Other, Other), "person", "passphrase", "ben")).Err, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_desk.Data));
    }

    [Fact]
    public async Task A_promotion_is_exported_through_the_server_and_verified_without_it()
    {
        await _registry.ChurnAsync();
        var id = await _registry.ProposeAsync();
        SeededRegistry.Ok(await _registry.DecideAsync(id, ModelRegistry.Domain.DecisionVerdict.Approve));
        var key = _desk.File("registry.key", (await DoneAsync(null, "audit", "key")).Out);
        var file = Path.Combine(_desk.Folder, "promotion.json");
        await DoneAsync(null, "export", id, "--out", file);
        Assert.True((bool)(await _desk.DoneAsync("verify-export", file, "--key", key, "--output", "json")).Json["verified"]!);
        // It takes a person, and a passkey; a terminal at a server's other end has neither.
        Assert.StartsWith("glass_needs_signature: ", (await RunAsync(null, "break-glass", id, "--reason", "now")).Err, StringComparison.Ordinal);
        Assert.StartsWith("glass_not_broken: ", (await RunAsync(new TypingPerson(Passphrase), "review", id, "--uphold", "--as", "ben")).Err, StringComparison.Ordinal);
    }
}
