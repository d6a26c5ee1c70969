using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ModelRegistry.Bench;

/// <summary>The least a server can do with a file that comes in: receive it, hash it, write it. Nothing is checked. Run as a process of its own.</summary>
internal static class BareSink
{
    /// <param name="flushes">Whether the file outlives a power cut once the answer is sent.</param>
    public static async Task<int> RunAsync(string folder, int bufferBytes, bool flushes)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0));
        await using var app = builder.Build();
        var buffer = new byte[bufferBytes];
        var turn = 0;
        app.Run(async http =>
        {
            http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var file = File.OpenHandle(Path.Combine(folder, $"{turn++}"), FileMode.CreateNew, FileAccess.Write))
            {
                var at = 0L;
                int read;
                while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
                {
                    hash.AppendData(buffer, 0, read);
                    RandomAccess.Write(file, buffer.AsSpan(0, read), at);
                    at += read;
                }
                if (flushes)
                    RandomAccess.FlushToDisk(file);
            }
            http.Response.StatusCode = StatusCodes.Status201Created;
            http.Response.Headers.ETag = Convert.ToHexStringLower(hash.GetHashAndReset());
        });
        await app.StartAsync();
        await Console.Out.WriteLineAsync(app.Urls.First());
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
