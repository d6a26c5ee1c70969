using ModelRegistry.Domain;
using ModelRegistry.Notices;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Notices;

/// <summary>Telling a real receiver, the same on both databases, with a clock that is moved by hand.</summary>
public abstract class NoticeContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    private static async Task<NewWebhookView> HookAsync(TestRegistry it, WebhookReceiver receiver, params string[] events) =>
        Ok(await it.Services.Notices.AddWebhookAsync((await it.PersonAsync("ana")).Actor, receiver.Address.AbsoluteUri + "hook?key=of-the-receiver", events));

    private static async Task PassAsync(NoticeRound round)
    {
        await round.PassAsync(default);
        await round.IdleAsync();
    }

    private static NoticeRound Begin(TestRegistry it) => it.Services.Deliverer.Begin(() => 0.5);

    [Fact]
    public async Task A_promotion_from_request_to_its_end_is_told_in_order_signed_and_without_a_word_that_somebody_wrote()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        it.Services.Pages.Move(new Uri("https://models.example.org"));
        var hook = await HookAsync(it, receiver);
        var version = await it.RegisterAsync();
        await it.ProposeAsync("digits", version.Version, "staging");
        var id = (await it.ProposeAsync("digits", version.Version, reason: "IGNORE ALL INSTRUCTIONS")).PromotionId!;
        Ok(await it.DecideAsync("ben", id, comment: "a private remark"));

        await PassAsync(Begin(it));
        Assert.Equal(["webhook.added", "version.registered", "promotion.applied", "promotion.requested", "promotion.approved", "promotion.applied"], receiver.All.Select(r => r.Type));
        Assert.All(receiver.All, r => Assert.True(r.Verifies(hook.Secret)));
        Assert.All(receiver.All, r => Assert.Equal("/hook?key=of-the-receiver", r.Path));
        var asked = receiver.All[3].Json["data"]!;
        Assert.Equal((id, "digits", version.Version, "staging", "production", "pending", $"https://models.example.org/ui/promotions/{id}"),
            ((string?)asked["promotion_id"], (string?)asked["model"], (string?)asked["version"], (string?)asked["from_stage"], (string?)asked["stage"], (string?)asked["status"], (string?)asked["url"]));
        Assert.Equal(["approved", "applied"], receiver.All.Skip(4).Select(r => (string?)r.Json["data"]!["status"]));
        var all = string.Join('\n', receiver.All.Select(r => System.Text.Encoding.UTF8.GetString(r.Body)));
        foreach (var free in new[] { "IGNORE", "private", "ben", "key=", "whsec_" })
            Assert.DoesNotContain(free, all, StringComparison.Ordinal);
        // Each id is the entry's, and what was told is in the log, which tells nobody of that.
        Assert.Equal(receiver.All.Select(r => r.Id), receiver.All.Select(r => (string?)r.Json["data"]!["entry_id"]));
        Assert.Equal(6, (await it.VerbsAsync(hook.Id)).Count(v => v == "notice.deliver"));
        await PassAsync(Begin(it));
        Assert.Equal(6, receiver.All.Count);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Only_what_was_subscribed_to_and_happened_afterwards_is_told()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await it.RegisterAsync("before");
        await HookAsync(it, receiver, "version.registered", "token.created");
        await it.RegisterAsync("after");
        await it.TokenAsync("planner", "ana");
        Assert.NotNull((await it.Services.Intake.RegisterAsync(await it.AgentAsync(), new("after", "v1", null, [it.File("x")], Metadata()))).Refusal);
        await PassAsync(Begin(it));
        Assert.Equal(["version.registered", "token.created"], receiver.All.Select(r => r.Type));
        Assert.Equal("after", (string?)receiver.All[0].Json["data"]!["model"]);
    }

    [Fact]
    public async Task What_fails_is_tried_again_ever_less_often_and_holds_up_nothing_else()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver, "version.registered");
        receiver.Answers = (message, _) => Task.FromResult((string?)message.Json["data"]!["model"] == "poison" ? 500 : 200);
        await it.RegisterAsync("poison");
        await it.RegisterAsync("good");
        var round = Begin(it);
        await PassAsync(round);
        Assert.Equal([500, 200], receiver.All.Select(r => r.Status));
        await PassAsync(round);
        Assert.Equal(2, receiver.All.Count);

        await it.RegisterAsync("late");
        foreach (var seconds in new[] { 5, 30, 120 })
        {
            it.Clock.Advance(TimeSpan.FromSeconds(seconds - 1));
            await PassAsync(round);
            var before = receiver.All.Count(r => r.Status == 500);
            it.Clock.Advance(TimeSpan.FromSeconds(1.5));
            await PassAsync(round);
            Assert.Equal(before + 1, receiver.All.Count(r => r.Status == 500));
        }
        Assert.Equal(["good", "late"], receiver.Taken.Select(r => (string)r.Json["data"]!["model"]!));
        // The same id and body at every attempt.
        var tries = receiver.All.Where(r => r.Status == 500).ToList();
        Assert.Single(tries.Select(r => r.Id).Distinct());
        Assert.Single(tries.Select(r => Convert.ToHexString(r.Body)).Distinct());

        receiver.AnswerWith(200);
        it.Clock.Advance(TimeSpan.FromMinutes(11));
        await PassAsync(round);
        Assert.Equal(["good", "late", "poison"], receiver.Taken.Select(r => (string)r.Json["data"]!["model"]!));
        Assert.Empty(await it.RowsAsync("select * from notice_delivery"));
        Assert.Equal(["3|0"], await it.RowsAsync("select delivered, given_up from notice_endpoint"));
    }

    [Fact]
    public async Task Whoever_begins_anew_tells_what_is_left_and_nothing_twice()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver, "version.registered");
        receiver.Answers = (message, _) => Task.FromResult((string?)message.Json["data"]!["model"] == "poison" ? 500 : 200);
        foreach (var model in new[] { "a", "poison", "b", "c" })
            await it.RegisterAsync(model);
        await PassAsync(Begin(it));
        Assert.Equal(2, (await it.RowsAsync("select position from notice_delivery")).Count);
        await it.ReopenAsync();
        receiver.AnswerWith(200);
        await PassAsync(Begin(it));
        Assert.Equal(["a", "b", "c", "poison"], receiver.Taken.Select(r => (string)r.Json["data"]!["model"]!));
        Assert.Empty(await it.RowsAsync("select * from notice_delivery"));
    }

    [Fact]
    public async Task After_three_days_it_is_given_up_and_put_down()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var hook = await HookAsync(it, receiver, "version.registered");
        receiver.AnswerWith(500);
        await it.RegisterAsync();
        var round = Begin(it);
        await PassAsync(round);
        it.Clock.Advance(TimeSpan.FromDays(2.9));
        await PassAsync(round);
        Assert.DoesNotContain("notice.give_up", await it.VerbsAsync(hook.Id));
        it.Clock.Advance(TimeSpan.FromDays(0.2));
        await PassAsync(round);
        Assert.Equal(3, receiver.All.Count);
        Assert.Contains("notice.give_up", await it.VerbsAsync(hook.Id));
        Assert.Equal(1, Ok(await it.Services.Notices.WebhooksAsync(await it.AgentAsync())).Single().GivenUp);
        receiver.AnswerWith(200);
        it.Clock.Advance(TimeSpan.FromDays(1));
        await PassAsync(round);
        Assert.Equal(3, receiver.All.Count);
        // What nobody carried for longer than that is still tried once.
        await it.RegisterAsync();
        it.Clock.Advance(TimeSpan.FromDays(30));
        await PassAsync(Begin(it));
        Assert.Single(receiver.Taken);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_ends_and_the_others_go_on()
    {
        await using var it = await OpenAsync();
        await using var gone = await WebhookReceiver.StartAsync();
        await using var here = await WebhookReceiver.StartAsync();
        var ended = await HookAsync(it, gone, "version.registered");
        await HookAsync(it, here);
        gone.AnswerWith(410);
        await it.RegisterAsync();
        await it.RegisterAsync();
        var round = Begin(it);
        await PassAsync(round);
        await PassAsync(round);
        Assert.Single(gone.All);
        Assert.Equal(["webhook.added", "version.registered", "version.registered", "webhook.disabled"], here.All.Select(r => r.Type));
        Assert.Contains("webhook.disable", await it.VerbsAsync(ended.Id));
        var view = Ok(await it.Services.Notices.WebhooksAsync(await it.AgentAsync())).Single(w => w.Id == ended.Id);
        Assert.Equal(("gone", ""), (view.State, view.Address));
        Assert.Equal("webhook_ended", No(await it.Services.Notices.TestWebhookAsync((await it.PersonAsync("ana")).Actor, ended.Id)));
    }

    [Fact]
    public async Task An_endpoint_that_keeps_failing_rests_as_a_whole_and_one_that_asks_rests_as_long_as_it_asks()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver, "version.registered");
        receiver.AnswerWith(500);
        foreach (var i in Enumerable.Range(0, 10))
            await it.RegisterAsync($"m{i}");
        var round = Begin(it);
        await PassAsync(round);
        Assert.Equal(3, receiver.All.Count);
        receiver.Answers = (_, http) =>
        {
            http.Response.Headers.RetryAfter = "600";
            return Task.FromResult(503);
        };
        it.Clock.Advance(TimeSpan.FromSeconds(60));
        await PassAsync(round);
        Assert.Equal(4, receiver.All.Count);
        receiver.AnswerWith(200);
        it.Clock.Advance(TimeSpan.FromSeconds(599));
        await PassAsync(round);
        Assert.Equal(4, receiver.All.Count);
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        await PassAsync(round);
        Assert.Equal(10, receiver.Taken.Count);
    }

    [Fact]
    public async Task One_process_at_a_time_has_the_duty_and_the_next_takes_it_over()
    {
        await using var it = await OpenAsync();
        await using var one = await it.DatabaseAsync();
        await using var two = await it.DatabaseAsync();
        var duty = await one.TryTakeDutyAsync(default);
        Assert.NotNull(duty);
        Assert.True(await duty.IsHeldAsync());
        Assert.Null(await two.TryTakeDutyAsync(default));
        await duty.DisposeAsync();
        await using var next = await two.TryTakeDutyAsync(default);
        Assert.NotNull(next);
        Assert.Null(await one.TryTakeDutyAsync(default));
    }

    [Fact]
    public async Task Two_rounds_at_once_put_each_message_down_once()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var hook = await HookAsync(it, receiver, "version.registered");
        foreach (var i in Enumerable.Range(0, 5))
            await it.RegisterAsync($"m{i}");
        var (one, two) = (Begin(it), Begin(it));
        await Task.WhenAll(PassAsync(one), PassAsync(two));
        Assert.Equal(5, receiver.All.Select(r => r.Id).Distinct().Count());
        Assert.Equal(5, (await it.VerbsAsync(hook.Id)).Count(v => v == "notice.deliver"));
        Assert.Equal(["5|0"], await it.RowsAsync("select delivered, given_up from notice_endpoint"));
    }

    [Fact]
    public async Task A_promotion_nobody_looks_at_expires_and_that_is_told()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var watch = it.Services.Watch;
        Assert.Null(await watch.PassAsync(default));
        await HookAsync(it, receiver, "promotion.expired");
        var early = await it.ParkAsync("one");
        it.Clock.Advance(TimeSpan.FromHours(1));
        var late = await it.ParkAsync("two");
        Assert.Equal(early.ExpiresAt, await watch.PassAsync(default));
        it.Clock.Advance(early.ExpiresAt!.Value - it.Clock.GetUtcNow() - TimeSpan.FromSeconds(1));
        Assert.Equal(early.ExpiresAt, await watch.PassAsync(default));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(late.ExpiresAt, await watch.PassAsync(default));
        Assert.Equal("promotion.expire", (await it.VerbsAsync(early.PromotionId))[^1]);
        Assert.Equal("promotion.request", (await it.VerbsAsync(late.PromotionId))[^1]);
        await PassAsync(Begin(it));
        Assert.Equal((early.PromotionId, "expired"), ((string?)receiver.All.Single().Json["data"]!["promotion_id"], (string?)receiver.All[0].Json["data"]!["status"]));
        // Another watch that begins later finds the same.
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        Assert.Equal(late.ExpiresAt, await other.Watch.PassAsync(default));
        Ok(await it.DecideAsync("ben", late.PromotionId!, DecisionVerdict.Reject));
        Assert.Null(await watch.PassAsync(default));
        Assert.Null(await other.Watch.PassAsync(default));
    }

    [Fact]
    public async Task A_promotion_that_the_world_passed_by_is_superseded_although_nobody_looks_at_it()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await HookAsync(it, receiver, "promotion.superseded");
        var (left, other) = (await it.ParkAsync("one"), await it.ParkAsync("two"));
        var watch = it.Services.Watch;
        Assert.Equal(left.ExpiresAt, await watch.PassAsync(default));
        // Its version leaves the stage it would come from; that stage is not governed.
        Ok(await it.Services.Promotions.RequestAsync(TestRegistry.Robot, new("one", left.Version, "archived", "out of date")));
        Assert.Equal(other.ExpiresAt, await watch.PassAsync(default));
        Assert.Equal("promotion.supersede", (await it.VerbsAsync(left.PromotionId))[^1]);
        Assert.Equal("promotion.request", (await it.VerbsAsync(other.PromotionId))[^1]);
        await PassAsync(Begin(it));
        Assert.Equal(left.PromotionId, (string?)receiver.All.Single().Json["data"]!["promotion_id"]);
        // What is edited meanwhile waits for whoever looks: no mail for each word.
        Ok(await it.Services.Metadata.SetAsync(TestRegistry.Robot, new ModelRegistry.Catalog.MetadataEdit("two") { Description = "edited" }));
        Assert.Equal(other.ExpiresAt, await watch.PassAsync(default));
        Assert.Equal("promotion.request", (await it.VerbsAsync(other.PromotionId))[^1]);
    }
}

public sealed class SqliteNoticeTests : NoticeContract
{
    private protected override Task<TestRegistry> OpenAsync() => TestRegistry.OpenAsync();

    [Fact]
    public async Task Where_reading_begins_after_a_restart_moves_on_although_nothing_is_to_be_told()
    {
        await using var it = await TestRegistry.OpenAsync(inMemory: true);
        await using var receiver = await WebhookReceiver.StartAsync();
        Ok(await it.Services.Notices.AddWebhookAsync((await it.PersonAsync("ana")).Actor, receiver.Address.AbsoluteUri, ["policy.accepted"]));
        await using (var db = await it.DatabaseAsync())
            await Task.WhenAll(Enumerable.Range(0, 10_100).Select(i => db.WriteAsync<int>(Actor.Registry, new("test.change", "row", "x"), _ => new(new ModelRegistry.Storage.Written<int>(i, [new("test.change", "row", "x")], [])), default)));
        var round = it.Services.Deliverer.Begin();
        await round.PassAsync(default);
        Assert.True(long.Parse((await it.RowsAsync("select settled_to from notice_endpoint"))[0], System.Globalization.CultureInfo.InvariantCulture) >= 10_100);
        Assert.Single(await it.VerbsAsync(it.Services.Storage.RegistryId), v => v == "notice.skip");
        await round.PassAsync(default);
        Assert.Single(await it.VerbsAsync(it.Services.Storage.RegistryId), v => v == "notice.skip");
        Assert.Empty(receiver.All);
    }
}

public sealed class PostgresNoticeTests(PostgresCluster cluster) : NoticeContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await TestRegistry.OpenAsync(database: await cluster.NewDatabaseAsync());
}
