using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Web;

/// <summary>The pages for people, under <c>/ui</c>.</summary>
/// <param name="stopping">Open pages are told to come back later.</param>
internal sealed class PagesDoor(RegistryServices registry, CallerLimits limits, HostGuard guard, CancellationToken stopping)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var pages = new PageRoutes(routes, registry, limits, guard);
        pages.OpenGet("/", visit => Replies.GoTo(visit.Http, "/ui/inbox"));
        pages.OpenGet("/ui", visit => Replies.GoTo(visit.Http, "/ui/inbox"));
        routes.MapGet("/ui/assets/{name}", PageAssets.SendAsync);
        SignInPages.Map(pages);
        InboxPages.Map(pages, stopping);
        DecidePages.Map(pages);
        GlassPages.Map(pages);
        PolicyChangePages.Map(pages);
        KeyPages.Map(pages);
        PeoplePages.Map(pages);
        NoticePages.Map(pages);
        ModelPages.Map(pages);
        AuditPages.Map(pages);
        PolicyPages.Map(pages);
        pages.OpenGet("/ui/{**rest}", visit => Replies.PageAsync(visit, Domain.Refusals.PathNotFound(visit.Path)));
    }
}
