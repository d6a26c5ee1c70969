using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Rest;

/// <summary>The registry as REST: JSON in, JSON out, problem details for every no.</summary>
/// <param name="stopping">Whoever waits is told how it stands.</param>
internal sealed class RestDoor(RegistryServices registry, CallerGate gate, CallerLimits limits, CancellationToken stopping)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        var routes = new RestRoutes(endpoints, registry, gate, limits);
        ModelRoutes.Map(routes, stopping);
        VersionRoutes.Map(routes);
        MetadataRoutes.Map(routes);
        BlobRoutes.Map(routes);
        FileRoutes.Map(routes);
        PromotionRoutes.Map(routes, stopping);
        DeploymentRoutes.Map(routes);
        GlassRoutes.Map(routes);
        PeopleRoutes.Map(routes);
        NoticeRoutes.Map(routes);
        RecordRoutes.Map(routes);
        // Made when it is first asked for; it gives nothing away, and is the same for everybody.
        var document = new Lazy<byte[]>(() => OpenApiDocument.Write(routes.Described, registry));
        endpoints.MapGet("/openapi/v1.json", http => Replies.BytesUnderTagAsync(http, document.Value));
    }
}
