using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>
/// The registry as MLflow's clients speak to it (MLflow REST API 2.0, "Registered Models", "Model Versions" and "Webhooks"), with
/// the proxy for artifacts. What needs a person is told as <c>PERMISSION_DENIED</c>: a client takes any other answer for yes, or tries again.
/// </summary>
internal sealed class MlflowDoor(RegistryServices registry, CallerGate gate, Uri? published)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        var routes = new MlflowRoutes(endpoints, registry, gate, published);
        RegisteredModelRoutes.Map(routes);
        ModelVersionRoutes.Map(routes);
        ArtifactRoutes.Map(routes);
        MultipartRoutes.Map(routes);
        WebhookRoutes.Map(routes);
    }
}
