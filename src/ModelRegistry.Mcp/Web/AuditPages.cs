using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Web.Pages;

namespace ModelRegistry.Mcp.Web;

/// <summary>What happened, and the proof that the record of it is whole.</summary>
internal static class AuditPages
{
    private const int PageOfEntries = 50;

    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/audit", visit => ShowAsync(visit, null, null));
        pages.Get("/ui/audit/verify", visit => Replies.GoTo(visit.Http, "/ui/audit"));
        // It reads the whole log, so it takes a form: no link and no crawler starts it.
        pages.Post("/ui/audit/verify", async (visit, _) =>
        {
            var report = await visit.Registry.Audit.VerifyAsync(visit.Person, null, visit.Cancel);
            await ShowAsync(visit, report.Refusal, report.Refusal is null ? report.Value : null);
        });
    }

    private static async Task ShowAsync(Visit visit, Refusal? refusal, AuditReportView? report)
    {
        var query = new AuditQuery(visit.Asked("model"), visit.Asked("subject"), visit.Asked("actor"), PageOfEntries, visit.Asked("cursor"), visit.Asked("verb"), visit.Asked("outcome"));
        var found = await visit.Registry.Audit.ListAsync(visit.Person, query, visit.Cancel);
        var checkpoint = await visit.Registry.Audit.CheckpointAsync(visit.Person, visit.Cancel);
        if (found.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<AuditPage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Found", found.Value), ("Query", query), ("Refusal", refusal), ("Report", report),
                ("Checkpoint", checkpoint.Refusal is null ? checkpoint.Value : null));
    }
}
