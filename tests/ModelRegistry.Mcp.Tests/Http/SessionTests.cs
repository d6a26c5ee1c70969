using System.Net;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Sessions of the older era: whose they are, how they end, what their stream carries.</summary>
public sealed class SessionTests
{
    [Fact]
    [Attack(24, "mcp-http")]
    public async Task A_session_of_another_caller_is_not_there()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var owner = await HttpRawClient.StartAsync(registry, Era.Handshake, token: await registry.TokenAsync("planner"));
        await using var thief = await HttpRawClient.ConnectAsync(owner.Address, Era.Handshake, token: await registry.TokenAsync("thief"));
        thief.Session = owner.Session;
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete])
        {
            using var response = await thief.SendAsync(thief.Request(method));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
        using var call = await thief.PostCallAsync("list_models");
        Assert.Equal(HttpStatusCode.NotFound, call.StatusCode);
        Assert.False((await owner.CallAsync("list_models")).IsError);
        // Under another token of the same agent it is the same caller's.
        owner.Token = await registry.TokenAsync("planner");
        Assert.False((await owner.CallAsync("list_models")).IsError);
    }

    [Fact]
    [Attack(24, "mcp-http")]
    public async Task An_answer_smuggled_into_anothers_question_decides_nothing()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var owner = await HttpRawClient.StartAsync(registry, Era.Handshake, forms: true, token: await registry.TokenAsync("planner"));
        await using var thief = await HttpRawClient.ConnectAsync(owner.Address, Era.Handshake, forms: true, token: await registry.TokenAsync("thief"));
        var id = await registry.ProposeAsync();
        var statuses = new List<HttpStatusCode>();
        owner.Person = _ =>
        {
            // The question is open. Its id is guessed by whoever counts.
            foreach (var session in (string?[])[owner.Session, thief.Session])
                for (var guess = 0; guess < 5; guess++)
                {
                    thief.Session = session;
                    using var response = thief.PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = guess, ["result"] = ConfirmationContract.Accept("approve") }).Result;
                    statuses.Add(response.StatusCode);
                }
            return ConfirmationContract.Accept("reject", "mine");
        };
        var answer = await owner.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
        Assert.Equal("rejected", (string?)answer.Structured!["status"]);
        Assert.All(statuses.Take(5), status => Assert.Equal(HttpStatusCode.NotFound, status));
        Assert.Equal("v1", await registry.ServingAsync());
    }

    [Fact]
    public async Task A_session_that_was_ended_or_never_began_is_not_found_and_its_client_begins_again()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake);
        using (var ended = await client.SendAsync(client.Request(HttpMethod.Delete)))
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        foreach (var session in (string?[])[client.Session, "0000", new string('f', 64)])
        {
            client.Session = session;
            using var response = await client.PostCallAsync("list_models");
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
        await using var again = await HttpRawClient.ConnectAsync(client.Address, Era.Handshake);
        Assert.False((await again.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task Who_asks_for_more_sessions_than_there_are_loses_the_one_unused_for_longest()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var first = await HttpRawClient.StartAsync(registry, Era.Handshake, false, null, "--max-sessions", "6");
        await using var second = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake);
        await using var third = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake);
        Assert.False((await first.CallAsync("list_models")).IsError);
        await using var fourth = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake);
        using var lost = await second.PostCallAsync("list_models");
        Assert.Equal(HttpStatusCode.NotFound, lost.StatusCode);
        foreach (var kept in (HttpRawClient[])[first, third, fourth])
            Assert.False((await kept.CallAsync("list_models")).IsError);
        // Another caller's sessions are not the ones that make way.
        await using var other = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake, token: await registry.TokenAsync("planner"));
        Assert.False((await first.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task Callers_who_begin_very_many_sessions_at_once_keep_nobody_out()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var first = await HttpRawClient.StartAsync(registry, Era.Handshake, false, await registry.TokenAsync("one"), "--max-sessions", "4");
        foreach (var greedy in (string[])["one", "two"])
        {
            var token = await registry.TokenAsync(greedy);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
            {
                await using var client = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake, token: token, begin: false);
                await client.RequestAsync("initialize", new JsonObject { ["protocolVersion"] = "2025-11-25", ["capabilities"] = new JsonObject(), ["clientInfo"] = new JsonObject { ["name"] = "greedy", ["version"] = "1" } });
            }));
        }
        await using var third = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake, token: await registry.TokenAsync("three"));
        Assert.False((await third.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task A_stream_is_taken_over_by_the_connection_that_comes_after_it()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake);
        using var first = await client.SendAsync(client.Request(HttpMethod.Get));
        Assert.Equal("text/event-stream", first.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", Assert.Single(first.Headers.GetValues("X-Accel-Buffering")));
        using var second = await client.SendAsync(client.Request(HttpMethod.Get));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        // The first one ends; nothing was said on it.
        Assert.Equal("", await first.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Told_to_end_the_server_ends_its_streams_answers_what_it_was_asked_and_leaves_in_good_order()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake);
        using var stream = await client.SendAsync(client.Request(HttpMethod.Get));
        var calls = Enumerable.Range(0, 20).Select(_ => client.CallAsync("list_versions", new JsonObject { ["model_name"] = "churn" })).ToList();
        await Task.WhenAny(calls);
        Assert.Equal(0, await client.Server.EndAsync());
        Assert.Equal("", await stream.Content.ReadAsStringAsync());
        foreach (var call in calls)
            // Answered, or never taken: a connection that was not accepted any more.
            if (await call.ContinueWith(done => done.Exception?.InnerException) is { } none)
                Assert.IsType<HttpRequestException>(none);
        Assert.Contains(calls, call => call.IsCompletedSuccessfully);
        Assert.DoesNotContain("error", client.Server.Errors);
    }

    [Fact]
    public async Task A_server_told_which_tools_to_offer_offers_no_others_whatever_a_request_asks_for()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Stateless, false, null, "--tools", "list_models,get_serving_version");
        foreach (var (header, value) in ((string, string)[])[("X-MCP-Tools", "promote_model,list_models"), ("X-MCP-Toolsets", "default,registrar")])
        {
            client.Headers.Clear();
            client.Headers[header] = value;
            var tools = (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Select(t => (string)t!["name"]!);
            Assert.Subset(new HashSet<string> { "list_models", "get_serving_version" }, tools.ToHashSet());
        }
    }

    [Fact]
    public async Task An_address_that_is_taken_is_refused_by_name()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        var (code, errors) = await ServeProcess.RefusedAsync(registry.DataFolder, "--urls", client.Address.GetLeftPart(UriPartial.Authority));
        Assert.Equal(75, code);
        Assert.Contains("\naddress_unavailable: ", errors);
    }

    [Fact]
    public async Task A_caller_in_a_hurry_is_told_to_wait_and_others_are_not()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Stateless, false, null, "--rate-limit", "1");
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 40; i++)
        {
            using var response = await client.PostCallAsync("list_models");
            statuses.Add(response.StatusCode);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
                Assert.NotNull(response.Headers.RetryAfter);
        }
        Assert.Equal(HttpStatusCode.OK, statuses[0]);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        await using var other = await HttpRawClient.ConnectAsync(client.Address, token: await registry.TokenAsync("planner"));
        Assert.False((await other.CallAsync("list_models")).IsError);
    }
}
