using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Mlflow;
using ModelRegistry.Notices;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Notices;

public sealed class SqliteMlflowNoticeTests : MlflowNoticeContract
{
    private protected override Task<TestRegistry> OpenAsync() => TestRegistry.OpenAsync();
}

public sealed class PostgresMlflowNoticeTests(PostgresCluster cluster) : MlflowNoticeContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await TestRegistry.OpenAsync(database: await cluster.NewDatabaseAsync());
}

/// <summary>Webhooks that MLflow's clients make: what a real receiver is told, and who decides where they lead.</summary>
public abstract class MlflowNoticeContract
{
    private const string Secret = "of the receiver's own";

    private protected abstract Task<TestRegistry> OpenAsync();

    private static MlflowWebhookWish Wish(WebhookReceiver receiver, params string[] events) =>
        new("pipeline", "Tells the pipeline.", receiver.Address.AbsoluteUri + "hook?key=of-the-receiver", events.Length == 0 ? MlflowEvents.All : events, Secret, null);

    private static readonly MlflowWebhookWish Same = new(null, null, null, [], null, null);

    private static async Task<string> ConfirmedAsync(TestRegistry it, Actor by, MlflowWebhookWish wish)
    {
        Assert.Equal("webhook_unconfirmed", No(await it.Services.MlflowWebhooks.CreateAsync(by, wish)));
        var id = Ok(await it.Services.Notices.WebhooksAsync(by)).Single(w => w.State == "waiting").Id;
        Assert.Equal("active", Ok(await ConfirmAsync(it, "ana", id, wish.Url!)).State);
        return id;
    }

    private static async Task<Outcome<WebhookView>> ConfirmAsync(TestRegistry it, string person, string id, string url) => await it.Services.Notices.ConfirmWebhookAsync((await it.PersonAsync(person)).Actor, id, url);

    private static async Task PassAsync(NoticeRound round)
    {
        await round.PassAsync(default);
        await round.IdleAsync();
    }

    private static NoticeRound Begin(TestRegistry it) => it.Services.Deliverer.Begin(() => 0.5);

    [Fact]
    public async Task Whatever_changes_by_any_door_is_told_in_the_words_of_mlflow_once_an_admin_has_confirmed_it()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var agent = await it.AgentAsync();
        await ConfirmedAsync(it, agent, Wish(receiver));
        Ok(await it.Services.Mlflow.CreateModelAsync(agent, "fraud", "Finds fraud.", new Dictionary<string, string> { ["team"] = "risk" }));
        Ok(await it.Services.Mlflow.CreateVersionAsync(agent, new MlflowRegistration("fraud", "runs:/r1/model", "http://localhost", "r1", "", "", "The first.", new Dictionary<string, string> { ["k"] = "" })));
        var longer = new string('x', 5_000);
        Ok(await it.Services.Mlflow.SetVersionTagAsync(agent, "fraud", "1", "note", longer));
        Ok(await it.Services.Mlflow.DeleteVersionTagAsync(agent, "fraud", "1", "k"));
        Ok(await it.Services.Mlflow.SetModelTagAsync(agent, "fraud", "team", "other"));
        Ok(await it.Services.Mlflow.SetAliasAsync(agent, "fraud", "candidate", "1"));
        Ok(await it.Services.Mlflow.DeleteAliasAsync(agent, "fraud", "candidate"));
        // What another door does is told the same; and so is the alias that follows what serves.
        var promotion = await it.ParkAsync();
        Ok(await it.DecideAsync("ben", promotion.PromotionId!));

        await PassAsync(Begin(it));
        Assert.Equal(
        [
            """registered_model.created {"name":"fraud","tags":{"team":"other"},"description":"Finds fraud."}""",
            """model_version.created {"name":"fraud","version":"1","source":"runs:/r1/model","run_id":"r1","tags":{"note":"…"},"description":"The first."}""",
            """model_version_tag.set {"name":"fraud","version":"1","key":"note","value":"…"}""",
            """model_version_tag.deleted {"name":"fraud","version":"1","key":"k"}""",
            """model_version_alias.created {"name":"fraud","alias":"candidate","version":"1"}""",
            """model_version_alias.deleted {"name":"fraud","alias":"candidate"}""",
            """registered_model.created {"name":"digits","tags":{},"description":""}""",
            """model_version.created {"name":"digits","version":"1","source":"","run_id":null,"tags":{},"description":null}""",
            """model_version_alias.created {"name":"digits","alias":"champion","version":"1"}""",
        ], receiver.All.Select(r => $"{r.Type} {r.Json["data"]!.ToJsonString().Replace(longer, "…", StringComparison.Ordinal)}"));
        Assert.All(receiver.All, r => Assert.True(r.VerifiesAsMlflow(Secret)));
        Assert.Equal(receiver.All.Count, receiver.All.Select(r => r.Id).Distinct().Count());
        Assert.Equal(["timestamp"], receiver.All[0].Json.AsObject().Select(m => m.Key).Except(["entity", "action", "data"]));
        await PassAsync(Begin(it));
        Assert.Equal(9, receiver.All.Count);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Of_several_changes_at_once_those_that_were_taken_are_not_told_again()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var agent = await it.AgentAsync();
        await it.RegisterAsync();
        await ConfirmedAsync(it, agent, Wish(receiver, MlflowEvents.TagSet));
        receiver.Answers = (message, _) => Task.FromResult((string?)message.Json["data"]!["key"] == "b" ? 500 : 200);
        Ok(await it.Services.Metadata.SetAsync(agent, new ModelRegistry.Catalog.MetadataEdit("digits") { Version = "1", Tags = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2", ["c"] = "3" } }));
        var round = Begin(it);
        await PassAsync(round);
        Assert.Equal([200, 500], receiver.All.Select(r => r.Status));
        receiver.AnswerWith(200);
        it.Clock.Advance(TimeSpan.FromSeconds(7));
        await PassAsync(round);
        Assert.Equal(["a", "b", "c"], receiver.Taken.Select(r => (string?)r.Json["data"]!["key"]));
        Assert.Equal(receiver.All[1].Id, receiver.Taken[1].Id);
        Assert.Equal(["1|0"], await it.RowsAsync("select delivered, given_up from notice_endpoint"));
    }

    [Fact]
    public async Task A_webhook_of_an_admins_is_told_nothing_in_others_words()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var other = await WebhookReceiver.StartAsync();
        Ok(await it.Services.Notices.AddWebhookAsync((await it.PersonAsync("ana")).Actor, other.Address.AbsoluteUri, []));
        await ConfirmedAsync(it, await it.AgentAsync(), Wish(receiver));
        await it.CreateAsync("fraud");
        await PassAsync(Begin(it));
        Assert.Equal(["registered_model.created"], receiver.All.Select(r => r.Type));
        Assert.Equal(["webhook.added", "webhook.requested", "webhook.added"], other.All.Select(r => r.Type));
    }

    [Fact]
    [Attack(1, "mlflow")]
    public async Task Nothing_is_told_before_an_admin_says_so_and_nothing_elsewhere_than_they_said()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var (agent, hooks) = (await it.AgentAsync(), it.Services.MlflowWebhooks);
        var wish = Wish(receiver);
        Assert.Equal("webhook_unconfirmed", No(await hooks.CreateAsync(agent, wish)));
        // The same call is the same webhook; another status does not help.
        Assert.Equal("webhook_unconfirmed", No(await hooks.CreateAsync(agent, wish)));
        var id = Assert.Single(Ok(await it.Services.Notices.WebhooksAsync(agent))).Id;
        Assert.Equal("webhook_unconfirmed", No(await hooks.UpdateAsync(agent, id, Same with { Status = "ACTIVE", Name = "other" })));
        foreach (var change in (MlflowWebhookWish[])[Same with { Url = "https://example.org/" }, Same with { Secret = "mine" }, Same with { Events = [MlflowEvents.TagSet] }])
            Assert.Equal("webhook_fixed", No(await hooks.UpdateAsync(agent, id, change)));
        Assert.Equal("webhook_unconfirmed", No(await hooks.TestAsync(agent, id, null)));
        Assert.Equal("DISABLED", Ok(await hooks.GetAsync(agent, id)).Status);
        await it.RegisterAsync();
        await PassAsync(Begin(it));
        Assert.Empty(receiver.All);
        Assert.Equal("person_required", No(await it.Services.Notices.ConfirmWebhookAsync(agent, id, wish.Url!)));
        Assert.Equal("role_missing", No(await ConfirmAsync(it, "ben", id, wish.Url!)));
        // What was changed between the look and the click is not what was looked at; and only an admin sees it whole.
        foreach (var meant in (string[])[wish.Url! + "2", receiver.Address.AbsoluteUri, "", "nothing"])
            Assert.Equal("webhook_leads_elsewhere", No(await ConfirmAsync(it, "ana", id, meant)));
        Assert.Equal(wish.Url, Assert.Single(Ok(await it.Services.Notices.WebhooksAsync((await it.PersonAsync("ana")).Actor))).Address);
        Assert.DoesNotContain("key", Assert.Single(Ok(await it.Services.Notices.WebhooksAsync((await it.PersonAsync("ben")).Actor))).Address, StringComparison.Ordinal);

        Ok(await ConfirmAsync(it, "ana", id, wish.Url!));
        Assert.Equal("ACTIVE", Ok(await hooks.UpdateAsync(agent, id, Same with { Name = "pipeline" })).Status);
        Assert.Equal(id, Ok(await hooks.CreateAsync(agent, wish)).WebhookId);
        var test = Ok(await hooks.TestAsync(agent, id, MlflowEvents.AliasDeleted));
        Assert.Equal((true, 204, ""), (test.Success, test.ResponseStatus, test.ResponseBody));
        Assert.Equal("model_version_alias.deleted", Assert.Single(receiver.All).Type);
        Assert.True(receiver.All[0].VerifiesAsMlflow(Secret));
        // What was before the confirmation is not told.
        await PassAsync(Begin(it));
        Assert.Single(receiver.All);
        foreach (var change in (MlflowWebhookWish[])[Same with { Url = receiver.Address.AbsoluteUri + "elsewhere" }, Same with { Secret = "mine" }, Same with { Events = [MlflowEvents.TagSet] }])
        {
            Assert.Equal("webhook_unconfirmed", No(await hooks.UpdateAsync(agent, id, change)));
            await it.RegisterAsync();
            await PassAsync(Begin(it));
            Assert.Single(receiver.All);
            Ok(await ConfirmAsync(it, "ana", id, Ok(await hooks.GetAsync(agent, id)).Url));
            Ok(await hooks.UpdateAsync(agent, id, change));
        }
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_machine_pauses_changes_and_removes_its_own_and_of_others_sees_no_more_than_where_they_lead()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var (agent, other, hooks) = (await it.AgentAsync(), await it.TokenAsync("other", "ana", Permissions.MachineRoles), it.Services.MlflowWebhooks);
        var id = await ConfirmedAsync(it, agent, Wish(receiver, MlflowEvents.VersionCreated));
        Assert.EndsWith("hook?key=of-the-receiver", Ok(await hooks.GetAsync(agent, id)).Url, StringComparison.Ordinal);
        Assert.DoesNotContain("key", Ok(await hooks.GetAsync(other, id)).Url, StringComparison.Ordinal);
        Assert.Equal("webhook_of_another", No(await hooks.UpdateAsync(other, id, Same with { Status = "DISABLED" })));
        Assert.Equal("webhook_of_another", No(await hooks.TestAsync(other, id, null)));
        Assert.Equal("webhook_of_another", No(await hooks.DeleteAsync(other, id)));
        var viewer = await it.TokenAsync("viewer", "ana", [Permissions.Viewer]);
        Assert.Equal("role_missing", No(await hooks.CreateAsync(viewer, Wish(receiver))));

        await it.RegisterAsync("told");
        var round = Begin(it);
        await PassAsync(round);
        Assert.Equal("DISABLED", Ok(await hooks.UpdateAsync(agent, id, Same with { Status = "disabled" })).Status);
        await it.RegisterAsync("not-told");
        await PassAsync(round);
        Assert.Equal("ACTIVE", Ok(await hooks.UpdateAsync(agent, id, Same with { Status = "ACTIVE" })).Status);
        await it.RegisterAsync("told-again");
        await PassAsync(round);
        Assert.Equal(["told", "told-again"], receiver.All.Select(r => (string?)r.Json["data"]!["name"]));
        Ok(await hooks.DeleteAsync(agent, id));
        Assert.Equal("webhook_not_found", No(await hooks.GetAsync(agent, id)));
        Assert.Empty(Ok(await hooks.ListAsync(agent, null, null)).Webhooks);
        await it.RegisterAsync("after");
        await PassAsync(round);
        Assert.Equal(2, receiver.All.Count);
    }

    [Fact]
    public async Task What_machines_confirmed_for_themselves_waits_for_an_admin_once_a_stage_is_governed()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await it.AcceptAsync("open");
        var agent = await it.AgentAsync();
        Assert.Equal("ACTIVE", Ok(await it.Services.MlflowWebhooks.CreateAsync(agent, Wish(receiver))).Status);
        var round = Begin(it);
        await it.CreateAsync("told");
        await PassAsync(round);
        Assert.Equal("told", (string?)Assert.Single(receiver.All).Json["data"]!["name"]);
        await it.AcceptAsync("team");
        Assert.Equal("waiting", Assert.Single(Ok(await it.Services.Notices.WebhooksAsync(agent))).State);
        await it.CreateAsync("untold");
        await PassAsync(round);
        Assert.Single(receiver.All);
    }

    [Fact]
    public async Task Whoever_asks_again_and_again_is_heard_once()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var admins = await WebhookReceiver.StartAsync();
        Ok(await it.Services.Notices.AddWebhookAsync((await it.PersonAsync("ana")).Actor, admins.Address.AbsoluteUri, ["webhook.requested", "webhook.removed"]));
        var (agent, hooks) = (await it.AgentAsync(), it.Services.MlflowWebhooks);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("webhook_unconfirmed", No(await hooks.CreateAsync(agent, Wish(receiver))));
            Ok(await hooks.DeleteAsync(agent, Ok(await it.Services.Notices.WebhooksAsync(agent)).Single(w => w.State == "waiting").Id));
        }
        await PassAsync(Begin(it));
        Assert.Equal(["webhook.requested"], admins.All.Select(r => r.Type));
    }

    [Fact]
    public async Task A_webhook_that_was_removed_or_changed_hears_nothing_more_of_what_was_waiting()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var (agent, hooks) = (await it.AgentAsync(), it.Services.MlflowWebhooks);
        var id = await ConfirmedAsync(it, agent, Wish(receiver, MlflowEvents.TagSet));
        await it.RegisterAsync();
        receiver.Answers = async (message, _) =>
        {
            // Changed while it hears the first of three.
            if ((string?)message.Json["data"]!["key"] == "a")
                Assert.Equal("webhook_unconfirmed", No(await hooks.UpdateAsync(agent, id, Same with { Secret = "another" })));
            return 200;
        };
        Ok(await it.Services.Metadata.SetAsync(agent, new ModelRegistry.Catalog.MetadataEdit("digits") { Version = "1", Tags = new Dictionary<string, string> { ["a"] = "1" } }));
        Ok(await it.Services.Metadata.SetAsync(agent, new ModelRegistry.Catalog.MetadataEdit("digits") { Version = "1", Tags = new Dictionary<string, string> { ["b"] = "2" } }));
        var round = Begin(it);
        await round.PassAsync(default);
        await receiver.WaitAsync(all => all.Count >= 1);
        await round.PassAsync(default);
        await round.EndAsync();
        Assert.InRange(receiver.All.Count, 1, 2);
        Assert.Empty(await it.RowsAsync("select position from notice_delivery"));
        Assert.Equal(["0"], await it.RowsAsync("select delivered from notice_endpoint"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Lists_come_in_pages_and_what_waits_for_admins_is_bounded()
    {
        await using var it = await OpenAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var (agent, hooks) = (await it.AgentAsync(), it.Services.MlflowWebhooks);
        for (var i = 0; i < 10; i++)
            Assert.Equal("webhook_unconfirmed", No(await hooks.CreateAsync(agent, Wish(receiver) with { Name = $"n{i}" })));
        Assert.Equal("webhooks_waiting", No(await hooks.CreateAsync(agent, Wish(receiver) with { Name = "more" })));
        var names = new List<string>();
        for (string? token = null; token != "";)
        {
            var page = Ok(await hooks.ListAsync(agent, "4", token));
            names.AddRange(page.Webhooks.Select(w => w.Name));
            token = page.NextPageToken;
        }
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"n{i}"), names);
        Assert.Equal("page_token_invalid", No(await hooks.ListAsync(agent, null, "' or 1=1")));
        Assert.Equal("max_results_invalid", No(await hooks.ListAsync(agent, "0", null)));
        foreach (var unfit in (MlflowWebhookWish[])[Wish(receiver) with { Name = "a b" }, Wish(receiver) with { Url = "file:///etc/passwd" }, Wish(receiver) with { Url = "http://169.254.169.254/" }, Wish(receiver) with { Status = "DELETED" }, Wish(receiver) with { Secret = new string('x', 501) }])
            Assert.NotEqual("webhook_unconfirmed", No(await hooks.CreateAsync(agent, unfit)));
    }
}
