using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>A web site of somebody else's, on an origin of its own: an empty page, and the modules of a folder.</summary>
internal sealed class ModulePages : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModulePages(WebApplication app) => (_app, Origin) = (app, new Uri(app.Urls.Single()));

    public Uri Origin { get; }

    public static async Task<ModulePages> StartAsync(string folder)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async http =>
        {
            var file = Path.Combine(folder, Path.GetFileName(http.Request.Path.Value!));
            http.Response.ContentType = File.Exists(file) ? "text/javascript" : "text/html";
            await http.Response.WriteAsync(File.Exists(file) ? await File.ReadAllTextAsync(file) : "<!doctype html><title>A page</title><link rel=icon href=data:,>");
        });
        await app.StartAsync();
        return new ModulePages(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
