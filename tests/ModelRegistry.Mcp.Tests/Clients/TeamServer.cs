using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Rest;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>One registry under <c>team</c>, served for all tests of a class: each has models of its own in it.</summary>
public sealed class TeamServer : IAsyncLifetime
{
    internal ServedRest Rest { get; private set; } = null!;

    /// <summary>What the gates of <c>team</c> ask of a version.</summary>
    internal static JsonObject Known => new() { ["format"] = "onnx", ["dataset"] = "digits@1", ["code_commit"] = "0123abc", ["card"] = "# Digits\n\n## Intended use\n\nReading digits.\n" };

    public async ValueTask InitializeAsync() => Rest = await ServedRest.OpenAsync("team", churn: false);

    public ValueTask DisposeAsync() => Rest.DisposeAsync();

    /// <summary>ben says yes, with his passphrase over REST; no token comes along.</summary>
    internal async Task ApproveAsync(string promotionId)
    {
        var decided = await Rest.DecideAsync(promotionId, ServedRest.Decision(), ("Authorization", ""));
        Assert.True(decided.Status == 200, decided.Body);
        Assert.Equal("applied", decided["status"]);
    }

    /// <summary>The one promotion of a model that waits, once there is one.</summary>
    internal async Task<string> WaitingAsync(string model)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if ((await Rest.GetAsync($"/promotions?status=live&model={model}")) is { Status: 200 } listed && listed.Json["items"]!.AsArray() is [{ } only])
                return (string)only["promotion_id"]!;
            await Task.Delay(100, patience.Token);
        }
    }
}
