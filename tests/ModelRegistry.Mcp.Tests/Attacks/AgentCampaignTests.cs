using System.Globalization;
using System.Text.Json.Nodes;
using ModelRegistry.Promotions;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Attacks;

/// <summary>Whatever an agent does with all that it can reach, it does not add up to an approval.</summary>
public sealed class AgentCampaignTests
{
    // MODELREGISTRY_CAMPAIGN_CALLS asks for longer ones.
    private static readonly int Calls = int.Parse(Environment.GetEnvironmentVariable("MODELREGISTRY_CAMPAIGN_CALLS") ?? "2000", CultureInfo.InvariantCulture);

    [Theory]
    [Attack(1, "mcp-http", "rest", "web")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Thousands_of_calls_in_any_order_move_nothing_that_is_governed(int seed)
    {
        await using var registry = await OpenChurnAsync("team");
        var token = await registry.TokenAsync("agent");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--rate-limit", "0", "--toolsets", "registrar");
        await using var mcp = await HttpRawClient.ConnectAsync(server.Address, Era.Stateless, forms: true, token);
        var tools = (await mcp.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray();
        var before = await StandingAsync(registry);

        using var campaign = new AgentCampaign(mcp, server.Pages, token, tools, seed);
        await campaign.RunAsync(Calls);

        Assert.True(campaign.Faults.Count == 0, string.Join("\n", [.. campaign.Faults.Take(3), server.Errors]));
        var after = await StandingAsync(registry);
        Assert.True(before == after, $"before: {before}\nafter:  {after}");
        Assert.True(Ok(await registry.Services.Audit.VerifyAsync(await registry.AgentAsync(), null)).Verified);
        Assert.Equal(0, await server.EndAsync());
    }

    /// <summary>All that takes a person: what serves and since when, decisions, who there is, the rules, the tokens.</summary>
    private static async Task<string> StandingAsync(SeededRegistry registry)
    {
        var (services, me) = (registry.Services, await registry.AgentAsync());
        var serving = Ok(await services.Catalog.ServingAsync(me, "churn", "production", null));
        var decided = Ok(await services.Promotions.ListAsync(me, new PromotionQuery("applied", "churn", 100))).Items
            // What serves may be put on a target that is not governed by whoever may ask for it.
            .Where(p => (p.ToStage == "production" || p.FromStage == "production") && p.Deployment is not { Stage: not "production" });
        return new JsonObject
        {
            ["serving"] = $"{serving.Version} since {serving.Since:O} by {serving.PromotionId}",
            ["decided"] = string.Join(' ', decided.Select(p => $"{p.PromotionId}:{p.Kind}:{p.Version}:{p.FromStage}>{p.ToStage}:{p.Deployment?.Target}")),
            ["deployed"] = string.Join(' ', Ok(await services.Deployments.ListAsync(me, new ModelRegistry.Deployments.DeploymentQuery(Target: "production", Limit: 100))).Items.Where(d => d.StartedAt is not null).Select(d => $"{d.DeploymentId}:{d.Status}")),
            ["champion"] = Ok(await services.Catalog.GetAsync(me, "churn", "@champion")).Version!.Version,
            ["people"] = string.Join(' ', Ok(await services.People.ListAsync(me)).Select(p => $"{p.Name}:{string.Join(',', p.Roles)}:{p.Disabled}")),
            ["keys"] = Ok(await services.Passkeys.ListAsync(me, "ana")).Count + Ok(await services.Passkeys.ListAsync(me, "ben")).Count,
            ["tokens"] = string.Join(' ', Ok(await services.Tokens.ListAsync(me)).Select(t => $"{t.Id}:{t.RevokedAt}")),
            ["passphrases"] = Ok(await services.Audit.ListAsync(me, new ModelRegistry.Audit.AuditQuery(Verb: "passphrase.change", Outcome: "done"))).Items.Count,
            ["webhooks"] = Ok(await services.Notices.WebhooksAsync(me)).Count(w => w.State == "active"),
            ["policy"] = Ok(await services.Policies.ShowAsync(me)).Digest,
        }.ToJsonString();
    }
}
