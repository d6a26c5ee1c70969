using System.Text.Json;

namespace ModelRegistry.Mcp.Http;

/// <summary>What a supervisor asks. It needs no credential and tells nothing that one would protect.</summary>
internal static class Health
{
    /// <summary>The process runs and answers.</summary>
    public static Task AliveAsync(HttpContext http) => AnswerAsync(http, 200, "ok");

    /// <summary>It can also do its work: database and files answer, and it is not about to end.</summary>
    public static async Task ReadyAsync(HttpContext http, RegistryServices registry, CancellationToken stopping)
    {
        if (stopping.IsCancellationRequested)
        {
            await AnswerAsync(http, 503, "stopping");
            return;
        }
        try
        {
            await registry.CheckAsync(http.RequestAborted);
            await AnswerAsync(http, 200, "ready");
        }
        catch (StorageUnavailableException)
        {
            await AnswerAsync(http, 503, "storage_unavailable");
        }
    }

    private static Task AnswerAsync(HttpContext http, int status, string word)
    {
        http.Response.StatusCode = status;
        return Replies.JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(new { Status = word }, Replies.Json));
    }
}
