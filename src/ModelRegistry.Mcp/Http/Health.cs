using System.Text.Json;

namespace ModelRegistry.Mcp.Http;

/// <summary>What a supervisor asks. It needs no credential and tells nothing that one would protect.</summary>
internal static class Health
{
    /// <summary>The process runs and answers.</summary>
    public static Task AliveAsync(HttpContext http) => AnswerAsync(http, 200, new { Status = "ok" });

    /// <summary>It can also do its work: database and files answer, and it is not about to end.</summary>
    public static async Task ReadyAsync(HttpContext http, RegistryServices registry, CancellationToken stopping)
    {
        if (stopping.IsCancellationRequested)
        {
            await AnswerAsync(http, 503, new { Status = "stopping" });
            return;
        }
        var ready = await registry.Readiness.LookAsync();
        if (ready.All)
            await AnswerAsync(http, 200, new { Status = "ready" });
        else
            await AnswerAsync(http, 503, new { Status = "storage_unavailable", ready.Database, ready.Artifacts });
    }

    private static Task AnswerAsync<T>(HttpContext http, int status, T answer)
    {
        http.Response.StatusCode = status;
        return Replies.JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(answer, Replies.Json));
    }
}
