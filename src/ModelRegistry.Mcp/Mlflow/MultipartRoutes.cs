using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;
using ModelRegistry.Mlflow;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>
/// Uploads in parts through the proxy for artifacts: begun and ended with the client's credential. Its parts it sends without one, as it
/// would to a bucket.
/// </summary>
internal static class MultipartRoutes
{
    private const string Root = "mlflow-artifacts/mpu/", Seal = "seal";

    // Each part is named with its tag, and newer clients add where they sent it.
    private const int MostOfCompletion = 8 << 20;

    private sealed record Begun(string Here, MlflowUploadView Upload);

    public static void Map(MlflowRoutes routes)
    {
        routes.Map("POST", Root + "create/{**path}", call => (Name: call.Given.Need("path"), Parts: call.Given.Text("num_parts")),
            async (call, asked) => (await call.Registry.MlflowUploads.BeginAsync(call.By, FolderOf(call), asked.Name, asked.Parts, call.Cancel)).Then<Begun>(upload => new Begun(call.Here, upload)), Credentials);
        routes.Map("POST", Root + "complete/{**path}", call => (Name: call.Given.Need("path"), Upload: call.Given.Need("upload_id"), Parts: call.Given.Parts()),
            (call, asked) => call.Registry.MlflowUploads.CompleteAsync(call.By, FolderOf(call), asked.Name, asked.Upload, asked.Parts, call.Cancel), Nothing, MostOfCompletion);
        routes.Map("POST", Root + "abort/{**path}", call => (Name: call.Given.Need("path"), Upload: call.Given.Need("upload_id")),
            (call, asked) => call.Registry.MlflowUploads.AbortAsync(call.By, FolderOf(call), asked.Name, asked.Upload, call.Cancel), Nothing);
        routes.ByAddress(["PUT"], Root + "part/{upload}/{number}", BearerAsync, async call =>
        {
            JsonBody.Unbound(call.Http);
            var taken = await call.Registry.MlflowUploads.PutPartAsync(call.By, Step(call.Http, "upload"), Step(call.Http, "number"), call.Http.Request.Body, call.Cancel);
            if (taken.Refusal is null)
                call.Http.Response.Headers.ETag = $"\"{taken.Value}\"";
            await Replies.MlflowAsync(call.Http, taken, Nothing, null, null);
        });
    }

    /// <summary>Whose the address of a part is.</summary>
    private static Task<Outcome<Actor>> BearerAsync(HttpContext http, RegistryServices registry) =>
        registry.MlflowUploads.BearerAsync(Step(http, "upload"), Step(http, "number"), http.Request.Query[Seal], Environment.UserName, MlflowRoutes.Door, http.RequestAborted);

    private static object Credentials(Begun begun) => new
    {
        begun.Upload.UploadId,
        Credentials = begun.Upload.Seals.Select((seal, i) => new
        {
            Url = $"{begun.Here}/api/2.0/{Root}part/{begun.Upload.UploadId}/{i + 1}?{Seal}={seal}",
            PartNumber = i + 1,
            Headers = new Dictionary<string, string>(),
        }),
    };

    private static object Nothing(string _) => new { };

    private static string FolderOf(MlflowCall call) => (string?)call.Http.Request.RouteValues["path"] ?? "";

    private static string Step(HttpContext http, string name) => (string?)http.Request.RouteValues[name] ?? "";
}
