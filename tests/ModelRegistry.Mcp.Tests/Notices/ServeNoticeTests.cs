using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Notices;
using ModelRegistry.Promotions;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Notices;

/// <summary>Real <c>serve</c> processes that tell a real receiver what happened in other processes.</summary>
public sealed class ServeNoticeTests
{
    private const string PrivateToo = "--allow-private-webhooks";

    [Fact]
    public async Task What_happened_before_and_after_a_kill_is_told_by_the_next_process_with_nothing_missing()
    {
        await using var it = await OpenAsync("open");
        await using var receiver = await WebhookReceiver.StartAsync();
        var secret = await HookAsync(it, receiver);
        receiver.AnswerWith(500);
        var serve = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
        await it.RegisterAsync();
        await receiver.WaitAsync(all => all.Count >= 2);
        // It knows of the event and has not delivered it.
        serve.Process.Kill();
        await serve.DisposeAsync();
        foreach (var i in Enumerable.Range(0, 20))
            await it.RegisterAsync($"m{i}");
        Assert.Empty(receiver.Taken);
        receiver.AnswerWith(204);

        await using var next = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
        var told = await ToldAsync(it);
        Assert.Equal(22, told.Count);
        await receiver.WaitAsync(all => told.All(id => all.Any(r => r.Id == id && r.Status == 204)));
        Assert.Equal(told, receiver.Taken.Select(r => r.Id).Distinct());
        Assert.All(receiver.All, r => Assert.True(r.Verifies(secret)));
        Assert.Equal(0, await next.EndAsync());
        Assert.True(Ok(await it.Services.Audit.VerifyAsync(await it.AgentAsync(), null)).Verified);
    }

    [Fact]
    public async Task Killed_in_the_middle_of_many_it_loses_none()
    {
        await using var it = await OpenAsync("open");
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver);
        foreach (var i in Enumerable.Range(0, 60))
            await it.RegisterAsync($"m{i}");
        foreach (var kill in new[] { 5, 15, 30 })
        {
            await using var serve = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
            await receiver.WaitAsync(all => all.Count >= kill);
            serve.Process.Kill();
            await serve.Process.WaitForExitAsync();
        }
        await using var last = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
        var told = await ToldAsync(it);
        await receiver.WaitAsync(all => all.Select(r => r.Id).Distinct().Count() >= told.Count);
        Assert.Equal(told.Order(), receiver.Taken.Select(r => r.Id).Distinct().Order());
        // Twice at most what was under way when each was killed.
        Assert.InRange(receiver.Taken.Count, told.Count, told.Count + 3);
    }

    [Fact]
    public async Task Two_servers_tell_each_event_once_and_when_one_is_killed_the_other_goes_on()
    {
        await using var it = await OpenAsync("open");
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver);
        await using var one = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
        await receiver.WaitAsync(all => all.Count >= 1);
        await using var two = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
        foreach (var i in Enumerable.Range(0, 30))
            await it.RegisterAsync($"m{i}");
        var told = await ToldAsync(it);
        await receiver.WaitAsync(all => all.Count >= told.Count);
        // One more comes last, and with it whatever came twice would have come.
        await it.RegisterAsync("last");
        told = await ToldAsync(it);
        await receiver.WaitAsync(all => all.Any(r => r.Id == told[^1]));
        Assert.Equal(told, receiver.All.Select(r => r.Id));

        one.Process.Kill();
        await one.Process.WaitForExitAsync();
        await it.RegisterAsync("afterwards");
        told = await ToldAsync(it);
        await receiver.WaitAsync(all => all.Any(r => r.Id == told[^1]));
        Assert.Equal(told, receiver.All.Select(r => r.Id).Distinct());
    }

    [Fact]
    public async Task A_promotion_that_runs_out_of_time_is_told_although_nobody_looks()
    {
        await using var it = await OpenAsync("team");
        await using var receiver = await WebhookReceiver.StartAsync();
        // The least there is: 36 seconds.
        var policy = System.Text.Json.Nodes.JsonNode.Parse(PolicyProfiles.Find("team")!)!;
        policy["promotions"]!["production"]!["pending_hours"] = 0.01;
        await it.AcceptPolicyAsync(policy.ToJsonString());
        await HookAsync(it, receiver);
        await using var serve = await ServeProcess.StartAsync(it.DataFolder, PrivateToo);
        var version = await it.RegisterAsync();
        Ok(await it.Services.Promotions.RequestAsync(await it.AgentAsync(), new PromotionRequest("churn", version.Version, "staging", "x")));
        var parked = Ok(await it.Services.Promotions.RequestAsync(await it.AgentAsync(), new PromotionRequest("churn", version.Version, "production", "x")));
        Assert.Equal("pending", parked.Status);
        await receiver.WaitAsync(all => all.Any(r => r.Type == "promotion.expired"));
        Assert.True(DateTimeOffset.UtcNow >= parked.ExpiresAt!.Value);
        var expired = receiver.All.Single(r => r.Type == "promotion.expired").Json["data"]!;
        Assert.Equal((parked.PromotionId, "expired", $"http://localhost:{serve.Address.Port}/ui/promotions/{parked.PromotionId}"), ((string?)expired["promotion_id"], (string?)expired["status"], (string?)expired["url"]));
    }

    [Fact]
    public async Task Unless_allowed_nothing_reaches_this_machine()
    {
        await using var it = await OpenAsync("open");
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver);
        await using var serve = await ServeProcess.StartAsync(it.DataFolder, "--log-level", "information");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!serve.Errors.Contains("its address is not one of the public internet", StringComparison.Ordinal))
            await Task.Delay(50, patience.Token);
        Assert.Empty(receiver.All);
    }

    private static async Task<string> HookAsync(SeededRegistry it, WebhookReceiver receiver)
    {
        var ana = Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        return Ok<NewWebhookView>(await it.Services.Notices.AddWebhookAsync(ana, $"http://localhost:{receiver.Address.Port}/", [])).Secret;
    }

    /// <summary>The ids of what there is to tell since the webhook is there, oldest first.</summary>
    private static async Task<List<string>> ToldAsync(SeededRegistry it)
    {
        var entries = new List<AuditEntryView>();
        string? cursor = null;
        do
        {
            var page = Ok(await it.Services.Audit.ListAsync(await it.AgentAsync(), new AuditQuery(Limit: 100, Cursor: cursor)));
            entries.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        entries.Reverse();
        return [.. entries.SkipWhile(e => e.Verb != "webhook.add").Where(e => e.Outcome == "done" && NoticeKinds.IsTold(e.Verb)).Select(e => (string)e.Entry["id"]!)];
    }
}
