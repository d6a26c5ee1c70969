using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>Deploying, deleting and collecting on the command line, as an agent with a shell may try it; and the filters of versions.</summary>
public sealed class DeploymentLineTests : IAsyncLifetime
{
    private readonly CommandDesk _desk = new();

    private string[] Known => ["--dataset", "digits@1", "--code-commit", "0a1b2c3", "--card", _desk.File("CARD.md", "# Digits\n\n## Intended use\n\nReading digits.\n")];

    /// <summary>Under <c>team</c>, alice and bob; v1 serves production, v2 is in staging.</summary>
    public async ValueTask InitializeAsync()
    {
        await _desk.InitAsync("team");
        await TypedAsync([CommandDesk.Passphrase], "person", "add", "bob", "--role", "approver", "--passphrase-file", _desk.File("bob", "bobs quite other passphrase\n"));
        foreach (var accuracy in new[] { 0.9, 0.95 })
        {
            await _desk.RegisterAsync("digits", accuracy, Known);
            await _desk.DoneAsync("promote", "digits", "latest", "staging");
            if (accuracy < 0.95)
                await ApprovedAsync("promote", "digits", "1", "production", "--reason", "the first one");
        }
    }

    public ValueTask DisposeAsync()
    {
        _desk.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<TypingPerson> TypedAsync(string[] answers, params string[] line)
    {
        var person = new TypingPerson(answers);
        var ran = await _desk.RunAsync(person, line);
        return ran.Exit == 0 ? person : throw new InvalidOperationException($"{string.Join(' ', line)} ended with {ran.Exit}: {ran.Err}");
    }

    private async Task<string> ParkedAsync(params string[] line)
    {
        var asked = await _desk.RunAsync([.. line, "--output", "json"]);
        Assert.True(asked.Exit == 8, $"{asked.Exit} {asked.Err}");
        return (string)asked.Json["promotion_id"]!;
    }

    private async Task<TypingPerson> ApprovedAsync(params string[] line) => await TypedAsync(["bobs quite other passphrase"], "approve", await ParkedAsync(line), "--as", "bob");

    private async Task RefusedAsync(int exit, string code, params string[] line)
    {
        var ran = await _desk.RunAsync(line);
        Assert.True(ran.Exit == exit && ran.Err.StartsWith($"{code}: ", StringComparison.Ordinal), $"{string.Join(' ', line)}: {ran.Exit} {ran.Err}");
    }

    [Fact]
    public async Task Whoever_approves_sees_what_becomes_of_the_targets()
    {
        var config = _desk.File("config.json", """{"replicas": 2}""");
        var shown = (await ApprovedAsync("deploy", "digits", "1", "production", "--config", config, "--reason", "two of it")).Shown;
        Assert.Matches(@"deployment targets, when it is applied\s+TARGET\s+REQUIRES\s+NOW\s+THEN\s+CHANGE\s+CONFIGURATION\s+production\s+production\s+-\s+v1\s+deployed\s+decided on", shown);

        var id = await ParkedAsync("promote", "digits", "2", "production", "--reason", "better");
        Assert.Matches(@"production\s+production\s+v1\s+v2\s+follows\s+decided on", (await _desk.DoneAsync("get-promotion", id)).Out);
        Assert.Matches(@"production\s+production\s+v1\s+v2\s+follows\s+decided on", (await TypedAsync(["bobs quite other passphrase"], "approve", id, "--as", "bob")).Shown);
        Assert.DoesNotContain("deployment targets", (await _desk.DoneAsync("get-promotion", id)).Out, StringComparison.Ordinal);
        var active = (await _desk.DoneAsync("deployments", "--status", "active", "--output", "json")).Json["items"]!.AsArray();
        Assert.Equal(("v2", 2), ((string?)Assert.Single(active)!["version"], (int)active[0]!["configuration"]!["replicas"]!));
    }

    [Fact]
    [Attack(1, "cli")]
    [Attack(6, "cli")]
    public async Task A_shell_deploys_nothing_onto_a_governed_target_and_an_owner_not_what_their_agent_proposed()
    {
        var id = await ParkedAsync("deploy", "digits", "2", "production", "--reason", "better");
        await RefusedAsync(77, "terminal_required", "approve", id, "--as", "bob");
        await RefusedAsync(75, "promotion_already_live", "deploy", "digits", "1", "production", "--reason", "another");
        var waits = (string)(await _desk.DoneAsync("deployments", "--output", "json")).Json["items"]![0]!["deployment_id"]!;
        await RefusedAsync(75, "deployment_over", "stop-deployment", waits);
        // The agent of the command line is alice's.
        var refused = await _desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["approve", id, "--as", "alice"]);
        Assert.True(refused.Exit == 77 && refused.Err.StartsWith("four_eyes: ", StringComparison.Ordinal), refused.Err);
        Assert.Empty((await _desk.DoneAsync("deployments", "--status", "active", "--output", "json")).Json["items"]!.AsArray());

        await TypedAsync(["bobs quite other passphrase"], "approve", id, "--as", "bob");
        await RefusedAsync(77, "deployment_governed", "stop-deployment", waits);
        Assert.Equal("v2", (string?)(await _desk.DoneAsync("serving", "digits", "--output", "json")).Json["version"]);
    }

    [Fact]
    [Attack(26, "cli")]
    public async Task A_shell_deletes_and_collects_nothing_that_serves_waits_or_has_to_be_kept()
    {
        await RefusedAsync(75, "version_serves", "delete", "digits", "1");
        await RefusedAsync(77, "serves_governed_stage", "delete", "digits", "--whole-model");
        await RefusedAsync(64, "invalid_arguments", "delete", "digits", "latest");
        await RefusedAsync(64, "invalid_arguments", "gc", "--older-than", "0");
        await ApprovedAsync("promote", "digits", "2", "production", "--reason", "better");
        await RefusedAsync(65, "version_retained", "delete", "digits", "1");
        var collected = (await _desk.DoneAsync("gc", "--older-than", "1", "--output", "json")).Json;
        Assert.Equal((2, 0, 0), ((int)collected["contents"]!, (int)collected["unreferred"]!, (int)collected["deleted"]!));
        foreach (var version in new[] { "1", "2" })
            await _desk.DoneAsync("download", "digits", version, "--out", Path.Combine(_desk.Folder, $"out-{version}"));
        Assert.Equal(0, (await _desk.RunAsync("audit", "verify")).Exit);
    }

    [Fact]
    public async Task Versions_are_listed_by_status_and_by_whether_they_are_the_default_one()
    {
        await _desk.RegisterAsync("digits", 0.96, Known);
        async Task<string> ListAsync(params string[] more) => string.Join(' ', (await _desk.DoneAsync(["list-versions", "digits", "--output", "json", .. more])).Json["items"]!.AsArray().Select(v => (string?)v!["version"]));

        Assert.Equal("v3 v2 v1", await ListAsync());
        Assert.Equal("v1", await ListAsync("--status", "deployed"));
        Assert.Equal("v2", await ListAsync("--status", "Approved"));
        Assert.Equal("v3", await ListAsync("--status", "training"));
        Assert.Equal("v1", await ListAsync("--default"));
        Assert.Equal("", await ListAsync("--default", "--status", "training"));
        await RefusedAsync(64, "invalid_arguments", "list-versions", "digits", "--status", "waiting");
    }
}
