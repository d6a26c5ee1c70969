using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Notices;

/// <summary><c>webhook</c> and <c>person email</c>, as they are typed.</summary>
public sealed class NoticeVerbTests
{
    [Fact]
    public async Task A_webhook_is_added_tested_listed_and_removed_by_an_admin_at_a_terminal()
    {
        using var desk = await new CommandDesk().InitAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        desk.Environment["MODELREGISTRY_WEBHOOK_PRIVATE"] = "1";
        Assert.Equal(77, (await desk.RunAsync("webhook", "add", "https://example.org/x")).Exit);

        var made = await TypedAsync(desk, "webhook", "add", $"{receiver.Address}hook?key=theirs", "--event", "version.registered");
        Assert.Equal(0, made.Exit);
        Assert.Matches(@"\Awhsec_[A-Za-z0-9+/]{43}=\n\z", made.Out);
        Assert.DoesNotContain("whsec_", made.Err, StringComparison.Ordinal);

        var listed = await desk.DoneAsync("webhook", "list", "--output", "json");
        var webhook = listed.Json["items"]![0]!;
        Assert.Equal(($"http://127.0.0.1:{receiver.Address.Port}/\u2026", "active", 0), ((string?)webhook["address"], (string?)webhook["state"], (int?)webhook["delivered"]));
        Assert.DoesNotContain("theirs", listed.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", listed.Out, StringComparison.Ordinal);
        var id = (string)webhook["id"]!;

        Assert.Equal("status 204", (string?)(await TypedAsync(desk, "webhook", "test", id, "--output", "json")).Json["answer"]);
        var test = Assert.Single(receiver.All);
        Assert.Equal(("webhook.test", "/hook?key=theirs"), (test.Type, test.Path));
        Assert.True(test.Verifies(made.Out.Trim()));
        receiver.AnswerWith(404);
        var failed = await TypedAsync(desk, "webhook", "test", id);
        Assert.Equal(75, failed.Exit);
        Assert.StartsWith("webhook_unreached: ", failed.Err, StringComparison.Ordinal);

        Assert.Equal("removed", (string?)(await TypedAsync(desk, "webhook", "remove", id, "--output", "json")).Json["state"]);
        Assert.StartsWith("webhook_ended: ", (await TypedAsync(desk, "webhook", "test", id)).Err, StringComparison.Ordinal);
        // Neither the secret nor the rest of the address is in the log.
        var log = (await desk.DoneAsync("audit", "list", "--output", "json")).Out;
        Assert.Contains("webhook.add", log, StringComparison.Ordinal);
        Assert.DoesNotContain("theirs", log, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_mlflow_client_asked_for_is_confirmed_by_an_admin_at_a_terminal()
    {
        using var desk = await new CommandDesk().InitAsync();
        await using (var registry = (await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = desk.Data }, TimeProvider.System)).Value)
            Assert.Equal("webhook_unconfirmed", (await registry.MlflowWebhooks.CreateAsync(await registry.Actors.CliAsync("alice"), new("ci", null, "https://ci.example.org/hook?key=theirs", ["model_version.created"], "secret", null))).Refusal?.Code);
        var waiting = (await desk.DoneAsync("webhook", "list", "--output", "json")).Json["items"]![0]!;
        Assert.Equal(("waiting", "mlflow", "ci", "https://ci.example.org/\u2026"), ((string?)waiting["state"], (string?)waiting["style"], (string?)waiting["name"], (string?)waiting["address"]));
        Assert.Equal(77, (await desk.RunAsync("webhook", "confirm", (string)waiting["id"]!, "https://ci.example.org/hook?key=theirs")).Exit);
        Assert.StartsWith("webhook_leads_elsewhere: ", (await TypedAsync(desk, "webhook", "confirm", (string)waiting["id"]!, "https://ci.example.org/hook")).Err, StringComparison.Ordinal);
        Assert.Equal("active", (string?)(await TypedAsync(desk, "webhook", "confirm", (string)waiting["id"]!, "https://ci.example.org/hook?key=theirs", "--output", "json")).Json["state"]);
        Assert.Contains("webhook.confirm", (await desk.DoneAsync("audit", "list", "--output", "json")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("webhook_address_private", 77, "webhook add http://127.0.0.1:9/"), InlineData("webhook_address_private", 77, "webhook add http://169.254.169.254/latest"), InlineData("webhook_url_invalid", 64, "webhook add ftp://example.org/")]
    [InlineData("event_unknown", 64, "webhook add https://example.org/ --event promotion.request"), InlineData("webhook_not_found", 66, "webhook remove whk_none"), InlineData("webhook_not_found", 66, "webhook test whk_none")]
    [InlineData("mail_address_invalid", 64, "person email alice nonsense"), InlineData("event_unknown", 64, "person email alice a@example.org --event version.registered"), InlineData("person_not_found", 66, "person email bob b@example.org --as alice")]
    public async Task Each_no_has_its_code(string code, int exit, string line)
    {
        using var desk = await new CommandDesk().InitAsync();
        var ran = await TypedAsync(desk, line.Split(' '));
        Assert.StartsWith(code + ": ", ran.Err, StringComparison.Ordinal);
        Assert.Equal(exit, ran.Exit);
    }

    [Fact]
    public async Task A_mailbox_is_set_by_its_person_or_by_an_admin_and_by_nobody_else()
    {
        using var desk = await new CommandDesk().InitAsync();
        const string bobs = "another horse battery staple";
        Assert.Equal(0, (await TypedAsync(desk, "person", "add", "bob", "--passphrase-file", desk.File("bob", bobs), "--email", "bob@example.org")).Exit);
        Assert.Equal(0, (await TypedAsync(desk, "person", "email", "alice", "alice@example.org", "--event", "promotion.applied")).Exit);
        Assert.Equal(0, (await TypedAsync(desk, "person", "email", "bob", "bob@example.net", "--as", "alice")).Exit);
        Assert.Equal("bob@example.com", (string?)(await desk.RunAsync(new TypingPerson(bobs), ["person", "email", "bob", "bob@example.com", "--output", "json"])).Json["email"]);
        var foreign = await desk.RunAsync(new TypingPerson(bobs), ["person", "email", "alice", "bob@example.com", "--as", "bob"]);
        Assert.Equal((77, true), (foreign.Exit, foreign.Err.StartsWith("role_missing: ", StringComparison.Ordinal)));
        Assert.Null((string?)(await desk.RunAsync(new TypingPerson(bobs), ["person", "email", "bob", "--output", "json"])).Json["email"]);
        Assert.Equal(0, (await desk.RunAsync("audit", "verify")).Exit);
    }

    [Theory]
    [InlineData("smtp", "smtp://user:geheim@mail.example.org"), InlineData("smtp", "http://user:geheim@mail.example.org"), InlineData("mail-from", "smtp://mail.example.org")]
    public async Task A_mail_server_that_would_not_do_is_refused_without_showing_its_password(string field, string smtp)
    {
        using var desk = await new CommandDesk().InitAsync();
        desk.Environment["MODELREGISTRY_SMTP"] = smtp;
        if (field == "smtp")
            desk.Environment["MODELREGISTRY_MAIL_FROM"] = "registry@example.org";
        var ran = await desk.RunAsync("pending");
        Assert.Equal(64, ran.Exit);
        Assert.Contains(field, ran.Err, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", ran.Err, StringComparison.Ordinal);
    }

    private static Task<Ran> TypedAsync(CommandDesk desk, params string[] line) => desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), line);
}
