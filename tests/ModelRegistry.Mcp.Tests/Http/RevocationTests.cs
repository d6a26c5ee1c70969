using System.Net;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>A credential that ends while something of its caller's is open: nothing is said to it beyond the next look at it.</summary>
public sealed class RevocationTests
{
    // The look comes every fifteen seconds.
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_open_ends_with_its_token_and_an_open_question_decides_nothing(bool revoked)
    {
        // The token that expires was made almost a day ago, and so was everything else.
        await using var registry = await SeededRegistry.OpenAsync(time: revoked ? null : new Shifted(TimeSpan.FromSeconds(25) - TimeSpan.FromDays(1)));
        await registry.ChurnAsync();
        var id = await registry.ProposeAsync();
        var token = revoked ? await registry.NewTokenAsync("planner") : await ForADayAsync(registry);
        await using var asked = await HttpRawClient.StartAsync(registry, Era.Handshake, forms: true, token: token.Secret);
        await using var alone = await HttpRawClient.ConnectAsync(asked.Address, token: token.Secret);
        using var standing = await asked.SendAsync(asked.Request(HttpMethod.Get));
        using var listening = await alone.PostAsync(alone.Message("subscriptions/listen", new JsonObject { ["notifications"] = new JsonObject { ["resourcesListChanged"] = true } }, 1));
        using var question = await asked.PostCallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
        Assert.All((HttpResponseMessage[])[standing, listening, question], r => Assert.Equal("text/event-stream", r.Content.Headers.ContentType?.MediaType));
        var open = new[] { standing, listening, question }.Select(r => r.Content.ReadAsStringAsync()).ToList();
        if (revoked)
            await registry.RevokeAsync(token.Id);

        var heard = await Task.WhenAll(open).WaitAsync(NextLook);
        Assert.DoesNotContain("data:", heard[0]);
        Assert.Contains("acknowledged", heard[1]);
        Assert.DoesNotContain("\"result\"", heard[1]);
        Assert.Contains("elicitation/create", heard[2]);
        Assert.DoesNotContain("\"result\"", heard[2]);
        // The answer of whoever still knows the session comes too late, for every id it could have.
        for (var guess = 0; guess < 5; guess++)
        {
            using var late = await asked.PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = guess, ["result"] = ConfirmationContract.Accept("approve") });
            Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        }
        // What was proposed a day ago may have run out of time with it.
        var promotion = await registry.PromotionAsync(id);
        Assert.True(promotion.Status is "pending" or "expired", promotion.Status);
        Assert.Empty(promotion.Decisions);
        Assert.Equal("v1", await registry.ServingAsync());
    }

    private static async Task<NewTokenView> ForADayAsync(SeededRegistry registry)
    {
        var ana = SeededRegistry.Ok(await registry.Services.People.ProveAsync("ana", SeededRegistry.Passphrase, "terminal")).Actor;
        return SeededRegistry.Ok(await registry.Services.Tokens.CreateAsync(ana, new NewToken("planner", null, "ana", Permissions.MachineRoles, [], 1)));
    }
}
