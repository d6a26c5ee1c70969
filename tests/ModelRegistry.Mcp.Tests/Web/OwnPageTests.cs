using System.Net;
using System.Text.RegularExpressions;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>What a person keeps for themselves at the pages, and the webhooks that admins keep.</summary>
public sealed class OwnPageTests
{
    private const string Other = "another four words";

    [Fact]
    public async Task A_passphrase_is_changed_with_the_one_before_and_signs_every_browser_out()
    {
        await using var it = await OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(it.DataFolder);
        await using var ben = await SignedIn.AsAsync("ben", server.Address);
        var csrf = await ben.CsrfAsync();
        Task<HttpResponseMessage> Change(string now, string to, string again) => ben.PostAsync("/ui/me/passphrase", ("csrf", csrf), ("passphrase", now), ("new_passphrase", to), ("new_passphrase_again", again));

        Assert.Contains("proof_required", await TextAsync(await Change("", Other, Other)), StringComparison.Ordinal);
        Assert.Contains("proof_failed", await TextAsync(await Change("guessed, so wrong", Other, Other)), StringComparison.Ordinal);
        Assert.Contains("passphrases_differ", await TextAsync(await Change(Passphrase, Other, "a third")), StringComparison.Ordinal);
        Assert.Contains("passphrase_weak", await TextAsync(await Change(Passphrase, "short", "short")), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.SeeOther, (await Change(Passphrase, Other, Other)).StatusCode);
        using var after = await ben.GetAsync("/ui/me");
        Assert.Equal("/ui/sign-in?next=%2Fui%2Fme", after.Headers.Location?.ToString());
        Ok(await it.Services.People.ProveAsync("ben", Other, "page"));
    }

    [Fact]
    [Attack(21, "web")]
    public async Task Whoever_guesses_is_counted_whatever_shape_the_form_has()
    {
        await using var it = await OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(it.DataFolder);
        await using var nobody = SignedIn.Nobody(server.Address);
        var entries = Ok(await it.Services.Audit.ListAsync(await it.AgentAsync(), new ModelRegistry.Audit.AuditQuery(Limit: 100))).Items.Count;
        var answers = new List<int>();
        for (var i = 0; i < 130; i++)
        {
            using var answer = await nobody.PostAsync("/ui/sign-in", i % 2 == 0 ? [("name", $"somebody{i}"), ("passphrase", "")] : [("name", $"somebody{i}"), ("passphrase", "a"), ("passphrase", "b")]);
            answers.Add((int)answer.StatusCode);
        }
        Assert.Contains(429, answers);
        // What is no passphrase at all is not looked up, and leaves nothing in the log.
        Assert.Equal(entries, Ok(await it.Services.Audit.ListAsync(await it.AgentAsync(), new ModelRegistry.Audit.AuditQuery(Limit: 100))).Items.Count);
    }

    [Fact]
    public async Task Ones_own_mailbox_is_shown_and_set_and_nobody_elses()
    {
        await using var it = await OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(it.DataFolder);
        await using var ben = await SignedIn.AsAsync("ben", server.Address);
        await using var ana = await SignedIn.AsAsync("ana", server.Address);

        Assert.Equal(HttpStatusCode.SeeOther, (await ben.PostAsync("/ui/me/mailbox", ("csrf", await ben.CsrfAsync()), ("passphrase", Passphrase), ("email", "ben@example.org"), ("events", "promotion.requested"))).StatusCode);
        var page = await ben.PageAsync("/ui/me");
        Assert.Contains("value=\"ben@example.org\"", page, StringComparison.Ordinal);
        Assert.Matches("""<input type="checkbox" name="events" value="promotion.requested" checked""", page);
        Assert.Single(Regex.Matches(page, """name="events"[^>]* checked"""));
        foreach (var path in new[] { "/ui/me", "/ui/people" })
            Assert.DoesNotContain("ben@example.org", await ana.PageAsync(path), StringComparison.Ordinal);

        // An admin who adds a person may say where they are told.
        Assert.Equal(HttpStatusCode.SeeOther, (await ana.PostAsync("/ui/people", ("csrf", await ana.CsrfAsync()), ("passphrase", Passphrase), ("name", "dora"), ("roles", "approver"),
            ("email", "dora@example.org"), ("new_passphrase", Passphrase), ("new_passphrase_again", Passphrase))).StatusCode);
        await using var dora = await SignedIn.AsAsync("dora", server.Address);
        Assert.Contains("value=\"dora@example.org\"", await dora.PageAsync("/ui/me"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhooks_are_kept_by_admins_and_their_secrets_are_shown_once()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var it = await OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(it.DataFolder, "--allow-private-webhooks");
        await using var ana = await SignedIn.AsAsync("ana", server.Address);
        await using var ben = await SignedIn.AsAsync("ben", server.Address);
        Assert.Contains("There is none.", await ana.PageAsync("/ui/webhooks"), StringComparison.Ordinal);
        Assert.DoesNotContain("Add a webhook", await ben.PageAsync("/ui/webhooks"), StringComparison.Ordinal);
        async Task<string> Act(SignedIn who, string path, params (string, string)[] form) => await TextAsync(await who.PostAsync(path, [("csrf", await who.CsrfAsync()), ("passphrase", Passphrase), .. form]));

        Assert.Contains("role_missing", await Act(ben, "/ui/webhooks", ("url", $"{receiver.Address}hook")), StringComparison.Ordinal);
        Assert.Contains("webhook_url_invalid", await Act(ana, "/ui/webhooks", ("url", "ftp://example.org")), StringComparison.Ordinal);
        var made = await Act(ana, "/ui/webhooks", ("url", $"{receiver.Address}hook"), ("events", "person.enrolled"), ("events", "token.created"));
        var secret = WebUtility.HtmlDecode(Regex.Match(made, "whsec_[^<]+").Value);
        Assert.NotEqual("", secret);
        var page = await ana.PageAsync("/ui/webhooks");
        Assert.DoesNotContain("whsec_", page, StringComparison.Ordinal);
        Assert.Contains("person.enrolled, token.created", page, StringComparison.Ordinal);
        var id = Regex.Match(page, "whk_[0-9a-z]+").Value;

        Assert.Contains("status 204", await Act(ana, $"/ui/webhooks/{id}/test"), StringComparison.Ordinal);
        Assert.True(Assert.Single(receiver.All).Verifies(secret));
        Assert.Contains("role_missing", await Act(ben, $"/ui/webhooks/{id}/remove"), StringComparison.Ordinal);
        await Act(ana, $"/ui/webhooks/{id}/remove");
        Assert.DoesNotContain("Send a test", await ana.PageAsync("/ui/webhooks"), StringComparison.Ordinal);
        Assert.Contains("webhook_ended", await Act(ana, $"/ui/webhooks/{id}/test"), StringComparison.Ordinal);
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        using (answer)
            return await answer.Content.ReadAsStringAsync();
    }
}
