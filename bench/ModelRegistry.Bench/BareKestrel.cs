using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace ModelRegistry.Bench;

/// <summary>The least a server can do for the same exchange: read a JSON request, answer the same bytes. Run as a process of its own.</summary>
internal static class BareKestrel
{
    public static async Task<int> RunAsync(int port, string answerFile)
    {
        var answer = await File.ReadAllBytesAsync(answerFile);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, port));
        await using var app = builder.Build();
        app.Run(async http =>
        {
            using var request = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            http.Response.StatusCode = request.RootElement.TryGetProperty("id", out _) ? 200 : 400;
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = answer.Length;
            await http.Response.Body.WriteAsync(answer, http.RequestAborted);
        });
        await app.StartAsync();
        await Console.Out.WriteLineAsync(app.Urls.First());
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
