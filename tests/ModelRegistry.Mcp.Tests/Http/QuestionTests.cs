using System.Net;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>A question that is open at one client, over HTTP: whose answer counts, and until when.</summary>
public sealed class QuestionTests
{
    [Fact]
    public async Task A_question_of_one_session_is_not_answered_in_another_of_the_same_caller()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        var token = await registry.TokenAsync("planner");
        await using var asked = await HttpRawClient.StartAsync(registry, Era.Handshake, forms: true, token: token);
        await using var other = await HttpRawClient.ConnectAsync(asked.Address, Era.Handshake, forms: true, token: token);
        var id = await registry.ProposeAsync();
        asked.Person = _ =>
        {
            AnswerEveryId(other, "approve");
            return ConfirmationContract.Accept("reject");
        };
        Assert.Equal("rejected", (string?)(await asked.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id))).Structured!["status"]);
        Assert.Equal("v1", await registry.ServingAsync());
        Assert.DoesNotContain("promotion.apply", await registry.VerbsAsync(id));
    }

    [Fact]
    public async Task A_question_answered_twice_is_answered_once()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var asked = await HttpRawClient.StartAsync(registry, Era.Handshake, forms: true);
        var id = await registry.ProposeAsync();
        asked.Person = _ =>
        {
            AnswerEveryId(asked, "reject");
            return ConfirmationContract.Accept("approve");
        };
        Assert.Equal("rejected", (string?)(await asked.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id))).Structured!["status"]);
        AnswerEveryId(asked, "approve");
        Assert.Equal("v1", await registry.ServingAsync());
        Assert.Single(await registry.VerbsAsync(id), v => v == "promotion.decide");
    }

    public enum End { Withdrawn, Rejected, Approved, Superseded, Expired }

    [Theory]
    [InlineData(End.Withdrawn, "withdrawn")]
    [InlineData(End.Rejected, "rejected")]
    [InlineData(End.Approved, "applied")]
    [InlineData(End.Superseded, "superseded")]
    [InlineData(End.Expired, "expired")]
    public async Task An_answer_that_comes_after_the_end_changes_nothing(End end, string status)
    {
        foreach (var era in Enum.GetValues<Era>())
        {
            // What is proposed for a day was proposed almost a day ago.
            await using var registry = end == End.Expired ? await SeededRegistry.OpenAsync(time: new Shifted(TimeSpan.FromSeconds(25) - TimeSpan.FromDays(1))) : await SeededRegistry.OpenChurnAsync();
            if (end == End.Expired)
                await registry.ChurnAsync();
            if (end == End.Superseded)
            {
                // So that there is something to go back to.
                await registry.MoveAsync("v2", "production");
                await registry.RegisterAsync(accuracy: 0.97);
            }
            var version = end == End.Superseded ? "v3" : "v2";
            var id = await registry.ProposeAsync(version);
            var serving = end == End.Approved ? "v2" : "v1";
            await using var client = await HttpRawClient.StartAsync(registry, era, forms: true);
            client.Person = _ =>
            {
                EndAsync(registry, id, end).GetAwaiter().GetResult();
                return ConfirmationContract.Accept(end == End.Approved ? "reject" : "approve");
            };
            var answer = await client.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
            Assert.Single(client.Questions);
            Assert.True(answer.IsError, answer.Text);
            Assert.Equal(status, (string?)(await client.CallAsync("get_promotion", new JsonObject { ["promotion_id"] = id })).Structured!["status"]);
            Assert.Equal(serving, await registry.ServingAsync());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_begins_its_session_anew_while_it_is_asked_decides_at_most_once_and_goes_on(bool forms)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake, forms: true);
        var id = await registry.ProposeAsync();
        client.Person = _ =>
        {
            var anew = new JsonObject
            {
                ["protocolVersion"] = "2025-11-25", ["capabilities"] = forms ? new JsonObject { ["elicitation"] = new JsonObject() } : [],
                ["clientInfo"] = new JsonObject { ["name"] = "somebody else", ["version"] = "1" },
            };
            using var begun = client.PostAsync(client.Message("initialize", anew, 900)).GetAwaiter().GetResult();
            Assert.True((int)begun.StatusCode < 500);
            return ConfirmationContract.Accept("reject");
        };
        var answer = await client.RequestAsync("tools/call", new JsonObject { ["name"] = "confirm_promotion", ["arguments"] = ConfirmationContract.Arguments(id) });
        Assert.True(answer["result"] is not null || answer["error"] is not null);
        Assert.Contains((await registry.PromotionAsync(id)).Status, (string[])["pending", "rejected"]);
        Assert.Equal("v1", await registry.ServingAsync());
        Assert.False((await client.CallAsync("list_models")).IsError);
        Assert.DoesNotContain("promotion.apply", await registry.VerbsAsync(id));
    }

    [Fact]
    public async Task A_state_counts_for_its_caller_alone_once_whatever_era_or_process_it_comes_back_by()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        var id = await registry.ProposeAsync();
        await using var asked = await HttpRawClient.StartAsync(registry, forms: true, token: await registry.TokenAsync("planner"));
        await using var elsewhere = await ServeProcess.StartAsync(registry.DataFolder);
        var question = await asked.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
        var state = (string)question["result"]!["requestState"]!;
        var yes = new JsonObject { ["decision"] = ConfirmationContract.Accept("approve") };
        foreach (var era in Enum.GetValues<Era>())
            foreach (var address in (Uri[])[asked.Address, elsewhere.Address])
            {
                await using var thief = await HttpRawClient.ConnectAsync(address, era, forms: true, token: await registry.TokenAsync("thief"));
                var stolen = RawClient.Read(await thief.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), yes, state));
                Assert.StartsWith("error: request_state_invalid", stolen.Text);
                Assert.Equal("v1", await registry.ServingAsync());
            }
        // Its own caller may bring it to any process, in either era; used in one place it is used in all.
        await using var own = await HttpRawClient.ConnectAsync(elsewhere.Address, Era.Handshake, forms: true, token: await registry.TokenAsync("planner"));
        var taken = RawClient.Read(await own.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), yes, state));
        Assert.Equal("applied", (string?)taken.Structured?["status"]);
        var again = RawClient.Read(await asked.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), yes, state));
        Assert.StartsWith("error: request_state_invalid", again.Text);
        Assert.Single(await registry.VerbsAsync(id), v => v == "promotion.apply");
    }

    [Fact]
    public async Task A_server_told_to_end_does_not_wait_for_a_person()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        var id = await registry.ProposeAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake, forms: true);
        using var question = await client.PostCallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
        var open = question.Content.ReadAsStringAsync();
        var began = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(0, await client.Server.EndAsync());
        Assert.InRange(began.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.DoesNotContain("\"result\"", await open);
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);
    }

    // The id of a question is guessed by whoever counts.
    private static void AnswerEveryId(HttpRawClient client, string decision)
    {
        for (var guess = 0; guess < 5; guess++)
        {
            using var response = client.PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = guess, ["result"] = ConfirmationContract.Accept(decision) }).GetAwaiter().GetResult();
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }
    }

    private static async Task EndAsync(SeededRegistry registry, string id, End end)
    {
        switch (end)
        {
            case End.Withdrawn:
                SeededRegistry.Ok(await registry.Services.Promotions.WithdrawAsync(await registry.AgentAsync(), id, "changed my mind"));
                break;
            case End.Superseded:
                var back = SeededRegistry.Ok(await registry.Services.Promotions.RollbackAsync(await registry.AgentAsync(), new RollbackRequest("churn", Reason: "urgent")));
                SeededRegistry.Ok(await registry.DecideAsync(back.PromotionId!, DecisionVerdict.Approve));
                break;
            case End.Expired:
                var left = (await registry.PromotionAsync(id)).ExpiresAt!.Value - DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1);
                await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
                break;
            default:
                SeededRegistry.Ok(await registry.DecideAsync(id, end == End.Approved ? DecisionVerdict.Approve : DecisionVerdict.Reject));
                break;
        }
    }
}
