using ModelRegistry.Mlflow;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>Registered models, their tags and aliases.</summary>
internal static class RegisteredModelRoutes
{
    private const string Root = "mlflow/registered-models/";

    public static void Map(MlflowRoutes routes)
    {
        routes.Map("POST", Root + "create", call => (Name: call.Given.Need("name"), Description: call.Given.Text("description"), Tags: call.Given.Tags()),
            (call, asked) => call.Registry.Mlflow.CreateModelAsync(call.By, asked.Name, asked.Description, asked.Tags, call.Cancel), Model);
        routes.Map("GET", Root + "get", call => call.Given.Need("name"), (call, name) => call.Registry.Mlflow.GetModelAsync(call.By, name, call.Cancel), Model);
        routes.Map("PATCH", Root + "update", call => (Name: call.Given.Need("name"), Description: call.Given.Text("description")),
            (call, asked) => call.Registry.Mlflow.UpdateModelAsync(call.By, asked.Name, asked.Description, call.Cancel), Model);
        routes.Map("POST", Root + "rename", call => (Name: call.Given.Need("name"), NewName: call.Given.Need("new_name")),
            (call, asked) => call.Registry.Mlflow.RenameModelAsync(call.By, asked.Name, asked.NewName, call.Cancel), Model);
        routes.Map("DELETE", Root + "delete", call => call.Given.Need("name"), (call, name) => call.Registry.Mlflow.DeleteModelAsync(call.By, name, call.Cancel), Nothing);
        routes.Map("GET", Root + "search", Search, (call, search) => call.Registry.Mlflow.SearchModelsAsync(call.By, search, call.Cancel), view => view);
        // A question that older clients post, and newer ones ask for.
        foreach (var method in (string[])["POST", "GET"])
            routes.Map(method, Root + "get-latest-versions", call => (Name: call.Given.Need("name"), Stages: call.Given.Texts("stages")),
                (call, asked) => call.Registry.Mlflow.LatestVersionsAsync(call.By, asked.Name, asked.Stages, call.Cancel), versions => new { ModelVersions = versions });
        routes.Map("POST", Root + "set-tag", call => (Name: call.Given.Need("name"), Key: call.Given.Need("key"), Value: call.Given.Text("value") ?? ""),
            (call, asked) => call.Registry.Mlflow.SetModelTagAsync(call.By, asked.Name, asked.Key, asked.Value, call.Cancel), Nothing);
        routes.Map("DELETE", Root + "delete-tag", call => (Name: call.Given.Need("name"), Key: call.Given.Need("key")),
            (call, asked) => call.Registry.Mlflow.DeleteModelTagAsync(call.By, asked.Name, asked.Key, call.Cancel), Nothing);

        routes.Move("POST", Root + "alias", call => (Name: call.Given.Need("name"), Alias: call.Given.Need("alias"), Version: call.Given.Need("version")),
            (call, asked) => call.Registry.Mlflow.SetAliasAsync(call.By, asked.Name, asked.Alias, asked.Version, call.Cancel), Nothing);
        routes.Map("DELETE", Root + "alias", call => (Name: call.Given.Need("name"), Alias: call.Given.Need("alias")),
            (call, asked) => call.Registry.Mlflow.DeleteAliasAsync(call.By, asked.Name, asked.Alias, call.Cancel), Nothing);
        routes.Map("GET", Root + "alias", call => (Name: call.Given.Need("name"), Alias: call.Given.Need("alias")),
            (call, asked) => call.Registry.Mlflow.ByAliasAsync(call.By, asked.Name, asked.Alias, call.Cancel), view => new { ModelVersion = view });
    }

    public static MlflowSearch Search(MlflowCall call) => new(call.Given.Text("filter"), call.Given.Texts("order_by"), call.Given.Text("max_results"), call.Given.Text("page_token"));

    private static object Model(MlflowModelView view) => new { RegisteredModel = view };

    private static object Nothing<T>(T _) => new { };
}
