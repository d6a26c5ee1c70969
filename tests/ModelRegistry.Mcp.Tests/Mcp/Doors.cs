using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The contracts of deciding, forging and subscribing, over standard input and output.</summary>
public sealed class StdioConfirmationTests : ConfirmationContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms, bool pages) => await StdioClient.StartAsync(registry.DataFolder, era, forms, pages: pages);
}

public sealed class StdioForgeryTests : ForgeryContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms, params string[] options) => await StdioClient.StartAsync(registry.DataFolder, era, forms, "test-client", false, options);

    // Over stdio the agent is who its client says it is.
    private protected override Task BecomeAnotherAsync(SeededRegistry registry, RawClient client)
    {
        client.Name = "thief";
        return Task.CompletedTask;
    }

    private protected override Task<Actor> ActorAsync(SeededRegistry registry, RawClient client) => registry.Services.Actors.StdioAsync(Environment.UserName, client.Name);
}

public sealed class StdioDeploymentTests : DeploymentContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms) => await StdioClient.StartAsync(registry.DataFolder, era, forms);
}

public sealed class RelayDeploymentTests : DeploymentContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms) => await StdioClient.ThroughServerAsync(registry, era, forms);
}

public sealed class HttpDeploymentTests : DeploymentContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms) => await HttpRawClient.StartAsync(registry, era, forms, await registry.TokenAsync("planner"));
}

public sealed class StdioSubscriptionTests : SubscriptionContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era) => await StdioClient.StartAsync(registry.DataFolder, era);
}

public sealed class HttpSubscriptionTests : SubscriptionContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era) => await HttpRawClient.StartAsync(registry, era, token: await registry.TokenAsync("planner"));
}

/// <summary>The same over stdio through a server: the agent's process has a token, and nothing of the registry.</summary>
public sealed class RelayConfirmationTests : ConfirmationContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms, bool pages) => await StdioClient.ThroughServerAsync(registry, era, forms, pages);
}

public sealed class RelayForgeryTests : ForgeryContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms, params string[] options) => await StdioClient.ThroughServerAsync(registry, era, forms, false, options);

    private protected override async Task BecomeAnotherAsync(SeededRegistry registry, RawClient client) => await ((StdioClient)client).BecomeAsync(await registry.TokenAsync("thief"));

    private protected override async Task<Actor> ActorAsync(SeededRegistry registry, RawClient client) =>
        SeededRegistry.Ok(await registry.Services.Tokens.AuthenticateAsync(((StdioClient)client).Token!, "mcp-http", null));
}

public sealed class RelaySubscriptionTests : SubscriptionContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era) => await StdioClient.ThroughServerAsync(registry, era);
}

/// <summary>The same over HTTP, with a bearer token.</summary>
public sealed class HttpConfirmationTests : ConfirmationContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms, bool pages) =>
        await HttpRawClient.StartAsync(registry, era, forms, pages, await registry.TokenAsync("planner"));
}

public sealed class HttpForgeryTests : ForgeryContract
{
    private protected override async Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms, params string[] options) =>
        await HttpRawClient.StartAsync(registry, era, forms, await registry.TokenAsync("planner"), options);

    private protected override async Task BecomeAnotherAsync(SeededRegistry registry, RawClient client) => ((HttpRawClient)client).Token = await registry.TokenAsync("thief");

    private protected override async Task<Actor> ActorAsync(SeededRegistry registry, RawClient client) =>
        SeededRegistry.Ok(await registry.Services.Tokens.AuthenticateAsync(((HttpRawClient)client).Token!, "mcp-http", null));
}
