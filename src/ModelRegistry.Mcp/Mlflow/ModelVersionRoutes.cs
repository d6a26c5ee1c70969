using ModelRegistry.Mlflow;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>Model versions, their tags and stages.</summary>
internal static class ModelVersionRoutes
{
    private const string Root = "mlflow/model-versions/";

    public static void Map(MlflowRoutes routes)
    {
        routes.Map("POST", Root + "create", call => new MlflowRegistration(call.Given.Need("name"), call.Given.Need("source"), call.Here, call.Given.Text("run_id") ?? "", call.Given.Text("run_link") ?? "",
                call.Given.Text("model_id") ?? "", call.Given.Text("description") ?? "", call.Given.Tags()),
            (call, asked) => call.Registry.Mlflow.CreateVersionAsync(call.By, asked, call.Cancel), Version);
        routes.Map("GET", Root + "get", Named, (call, asked) => call.Registry.Mlflow.GetVersionAsync(call.By, asked.Name, asked.Version, call.Cancel), Version);
        routes.Map("PATCH", Root + "update", call => (Named: Named(call), Description: call.Given.Text("description")),
            (call, asked) => call.Registry.Mlflow.UpdateVersionAsync(call.By, asked.Named.Name, asked.Named.Version, asked.Description, call.Cancel), Version);
        routes.Map("DELETE", Root + "delete", Named, (call, asked) => call.Registry.Mlflow.DeleteVersionAsync(call.By, asked.Name, asked.Version, call.Cancel), Nothing);
        routes.Map("GET", Root + "search", RegisteredModelRoutes.Search, (call, search) => call.Registry.Mlflow.SearchVersionsAsync(call.By, search, call.Cancel), view => view);
        routes.Move("POST", Root + "transition-stage", call => (Named: Named(call), Stage: call.Given.Need("stage"), Archive: call.Given.Flag("archive_existing_versions"), Comment: call.Given.Text("comment")),
            (call, asked) => call.Registry.Mlflow.TransitionAsync(call.By, asked.Named.Name, asked.Named.Version, asked.Stage, asked.Archive, asked.Comment, call.Cancel), view => Version(view.Version));
        routes.Map("POST", Root + "set-tag", call => (Named: Named(call), Key: call.Given.Need("key"), Value: call.Given.Text("value") ?? ""),
            (call, asked) => call.Registry.Mlflow.SetVersionTagAsync(call.By, asked.Named.Name, asked.Named.Version, asked.Key, asked.Value, call.Cancel), Nothing);
        routes.Map("DELETE", Root + "delete-tag", call => (Named: Named(call), Key: call.Given.Need("key")),
            (call, asked) => call.Registry.Mlflow.DeleteVersionTagAsync(call.By, asked.Named.Name, asked.Named.Version, asked.Key, call.Cancel), Nothing);
        routes.Map("GET", Root + "get-download-uri", Named, (call, asked) => call.Registry.Mlflow.DownloadUriAsync(call.By, asked.Name, asked.Version, call.Here, call.Cancel), uri => new { ArtifactUri = uri });
    }

    private static (string Name, string Version) Named(MlflowCall call) => (call.Given.Need("name"), call.Given.Need("version"));

    private static object Version(MlflowVersionView view) => new { ModelVersion = view };

    private static object Nothing<T>(T _) => new { };
}
