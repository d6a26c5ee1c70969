namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>A registry with a real server, and a browser in which persons sit down at its pages.</summary>
internal sealed class ServedPages : IAsyncDisposable
{
    private readonly Browser _browser;

    private ServedPages(Browser browser, SeededRegistry registry, ServeProcess server) => (_browser, Registry, Server) = (browser, registry, server);

    public SeededRegistry Registry { get; }

    public ServeProcess Server { get; }

    /// <summary>The base of the pages.</summary>
    public Uri At => Server.Pages;

    /// <summary>With ana and ben, and churn: v1 serves production, v2 is the better one.</summary>
    public static async Task<ServedPages> ChurnAsync(string policy = "team")
    {
        var registry = await SeededRegistry.OpenChurnAsync(policy);
        return await OfAsync(registry);
    }

    /// <summary>Serves a registry, which ends with it.</summary>
    public static async Task<ServedPages> OfAsync(SeededRegistry registry)
    {
        try
        {
            return new ServedPages(Browser.Start(), registry, await ServeProcess.StartAsync(registry.DataFolder));
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a browser for somebody who is not signed in yet.</summary>
    /// <param name="touch">A phone instead of a desk.</param>
    /// <param name="script">Whether it runs scripts.</param>
    public Task<BrowserPage> OpenAsync(string name, bool touch = false, bool script = true) => _browser.OpenAsync(name, At, touch, script);

    /// <summary>Opens a browser for a person, who signs in with the passphrase.</summary>
    public async Task<BrowserPage> SignInAsync(string name, bool touch = false)
    {
        var page = await OpenAsync(name, touch);
        await page.SignInAsync(name);
        return page;
    }

    /// <summary>A person who has signed in and enrolled the authenticator of their browser.</summary>
    public async Task<BrowserPage> EnrolledAsync(string name, bool touch = false)
    {
        var page = await SignInAsync(name, touch);
        await page.EnrolAsync();
        return page;
    }

    /// <summary>A real agent at <c>/mcp</c>.</summary>
    public Task<HttpRawClient> AgentAsync(string token) => HttpRawClient.ConnectAsync(Server.Address, token: token);

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        await Server.DisposeAsync();
        await Registry.DisposeAsync();
    }
}
