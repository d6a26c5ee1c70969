using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>A person asked by an official client: their own answer decides, under a policy that takes it, and nothing else does.</summary>
public sealed class RealClientConfirmationTests
{
    public static TheoryData<Library, Door> Everybody => RealClientTests.Everybody;

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Only_what_the_person_chose_in_the_form_decides(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        await using var client = await reached.ConnectAsync(library);
        await client.InvokeAsync("listTools");
        async Task<string?> AnswersAsync(string id, string said, string suggested)
        {
            client.Person = _ => JsonNode.Parse(said)!.AsObject();
            var answer = await client.CallAsync("confirm_promotion", new JsonObject { ["promotion_id"] = id, ["decision"] = suggested });
            Assert.False(answer.IsError, answer.Text);
            var status = (string?)(await client.CallAsync("get_promotion", new JsonObject { ["promotion_id"] = id })).Structured!["status"];
            Assert.Equal(status, (string?)answer.Structured!["status"]);
            return status;
        }

        var first = await reached.Registry.ProposeAsync();
        Assert.Equal("pending", await AnswersAsync(first, """{"action":"decline"}""", "approve"));
        Assert.Equal("pending", await AnswersAsync(first, """{"action":"cancel"}""", "approve"));
        Assert.Equal("pending", await AnswersAsync(first, """{"action":"accept","content":{}}""", "approve"));
        Assert.Equal("rejected", await AnswersAsync(first, """{"action":"accept","content":{"decision":"reject","comment":"not yet"}}""", "approve"));
        Assert.Equal("v1", await reached.Registry.ServingAsync());

        var second = await reached.Registry.ProposeAsync();
        Assert.Equal("applied", await AnswersAsync(second, """{"action":"accept","content":{"decision":"approve","comment":"go ahead"}}""", "reject"));
        Assert.Equal("v2", await reached.Registry.ServingAsync());
        var decision = Assert.Single((await reached.Registry.PromotionAsync(second)).Decisions);
        Assert.Equal(("ana", "attested"), (decision.Person, decision.Assurance));
        Assert.Equal(5, client.Questions.Count);
        Assert.All(client.Questions, q => Assert.StartsWith("Promote churn v2 (number 2) from staging to production?", (string?)q["message"], StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Where_a_form_is_not_enough_nobody_is_asked_and_nothing_is_decided(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door, "team");
        await using var client = await reached.ConnectAsync(library);
        await client.InvokeAsync("listTools");
        var id = await reached.Registry.ProposeAsync();
        var answer = await client.CallAsync("confirm_promotion", new JsonObject { ["promotion_id"] = id, ["decision"] = "approve" });
        Assert.False(answer.IsError, answer.Text);
        Assert.Equal("pending", (string?)answer.Structured!["status"]);
        Assert.Contains("Nothing is decided", answer.Text, StringComparison.Ordinal);
        Assert.Empty(client.Questions);
        var after = (await client.CallAsync("get_promotion", new JsonObject { ["promotion_id"] = id })).Structured!;
        Assert.Equal("pending", (string?)after["status"]);
        Assert.Empty(after["decisions"]!.AsArray());
        Assert.Equal("v1", await reached.Registry.ServingAsync());
    }

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task An_approval_of_a_call_that_was_given_up_decides_nothing_and_the_call_can_be_made_again(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        await using var client = await reached.ConnectAsync(library);
        await client.InvokeAsync("listTools");
        var (id, asked) = (await reached.Registry.ProposeAsync(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        client.Person = _ =>
        {
            asked.SetResult();
            return null;
        };
        var call = client.Begin("callTool", new JsonObject { ["name"] = "confirm_promotion", ["arguments"] = ConfirmationContract.Arguments(id) });
        await asked.Task;
        await client.AbortAsync(call.Id);
        await client.AnswerAsync(1, ConfirmationContract.Accept("approve"));
        await Assert.ThrowsAsync<ClientException>(() => call.Answer);
        Assert.Equal("pending", (await reached.Registry.PromotionAsync(id)).Status);

        client.Person = _ => ConfirmationContract.Accept("approve");
        Assert.Equal("applied", (string?)(await client.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id))).Structured!["status"]);
    }
}
