using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>The pictures of the README: taken by the tests, and kept where <c>MODELREGISTRY_UPDATE_SCREENSHOTS</c> is set.</summary>
internal static class Screenshot
{
    public static async Task OfAsync(BrowserPage page, string name, bool whole = false)
    {
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SCREENSHOTS") is "1")
            await page.ShotAsync(Repository.At($"docs/images/{name}.png"), whole);
    }
}
