using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Web;

/// <summary>
/// The ways to a page. Each counts its requests, finds out who is signed in, and lets nothing be changed but by a form that one
/// of our own pages made for that sign-in.
/// </summary>
internal sealed class PageRoutes(IEndpointRouteBuilder routes, RegistryServices registry, CallerLimits limits, HostGuard guard)
{
    private const long MostFormBytes = 1_048_576;

    /// <summary>Live pages of one person at once, on all their devices.</summary>
    private const int MostStreams = 50;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> _open = new();

    /// <summary>A page for who is signed in; others are led to the sign-in and back.</summary>
    public void Get(string path, Func<Visit, Task> show) => routes.MapGet(path, http => CountedAsync(http, visit =>
        visit.Signed is not null ? show(visit) : Replies.GoTo(http, $"/ui/sign-in?next={Uri.EscapeDataString(http.Request.Path + http.Request.QueryString)}")));

    /// <summary>
    /// A stream for who is signed in, which stays open. Streams are counted apart: whoever opens as many as they may keeps nobody
    /// from the pages.
    /// </summary>
    public void Live(string path, Func<Visit, Task> tell) => routes.MapGet(path, async http =>
    {
        var visit = await Visit.OfAsync(http, registry);
        if (visit.Signed is not { } person)
        {
            await Replies.PageAsync(visit, limits.Fail(http.Connection.RemoteIpAddress) ? Refusals.SignInRequired : Refusals.RateLimited(1));
            return;
        }
        // Each opening looks into the database, however soon it is closed.
        using var lease = limits.Enter($"live:{person.Id}");
        var open = _open.AddOrUpdate(person.Id, 1, (_, count) => count + 1);
        try
        {
            if (lease.IsAcquired && open <= MostStreams)
                await tell(visit);
            else
                await Replies.PageAsync(visit, Refusals.RateLimited(1));
        }
        finally
        {
            _open.AddOrUpdate(person.Id, 0, (_, count) => count - 1);
        }
    });

    /// <summary>A form of who is signed in.</summary>
    public void Post(string path, Func<Visit, IFormCollection, Task> take) => routes.MapPost(path, http => CountedAsync(http, async visit =>
    {
        if (await FormAsync(http) is not { } form)
            await Replies.PageAsync(visit, Refusals.FormInvalid);
        else if (OneTooMany(http, form))
            await Replies.PageAsync(visit, Refusals.RateLimited(1));
        else if (visit.Signed is null)
            await Replies.PageAsync(visit, Refusals.SignInRequired);
        else if (!visit.Belongs(form["csrf"]))
            await Replies.PageAsync(visit, Refusals.FormInvalid);
        else
            await take(visit, form);
    }));

    /// <summary>A page that anybody may see.</summary>
    public void OpenGet(string path, Func<Visit, Task> show) => routes.MapGet(path, http => CountedAsync(http, show));

    /// <summary>A form that anybody may send, from our own pages.</summary>
    public void OpenPost(string path, Func<Visit, IFormCollection, Task> take) => routes.MapPost(path, http => CountedAsync(http, async visit =>
    {
        if (await FormAsync(http) is not { } form)
            await Replies.PageAsync(visit, Refusals.FormInvalid);
        else if (OneTooMany(http, form))
            await Replies.PageAsync(visit, Refusals.RateLimited(1));
        else
            await take(visit, form);
    }));

    /// <summary>What a field that takes several was given: one a line, separated by commas, or in several fields of one name.</summary>
    public static string[] Words(Microsoft.Extensions.Primitives.StringValues values) =>
        [.. values.SelectMany(v => (v ?? "").Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private bool OneTooMany(HttpContext http, IFormCollection form) =>
        (form.ContainsKey("passphrase") || form.ContainsKey("passkey_credential")) && !limits.Prove(http.Connection.RemoteIpAddress);

    private async Task CountedAsync(HttpContext http, Func<Visit, Task> answer)
    {
        var visit = await Visit.OfAsync(http, registry);
        using var lease = limits.Enter(visit.Signed is { } person ? $"page:{person.Id}" : $"page:{CallerLimits.Stranger(http.Connection.RemoteIpAddress)}");
        if (lease.IsAcquired)
            await answer(visit);
        else
            await Replies.PageAsync(visit, Refusals.RateLimited(1));
    }

    // A browser names the origin of every form it sends; what does not is no browser.
    private async Task<IFormCollection?> FormAsync(HttpContext http)
    {
        if (!guard.IsOwn(http.Request) || !http.Request.HasFormContentType || http.Request.ContentLength > MostFormBytes)
            return null;
        try
        {
            return await http.Request.ReadFormAsync(new Microsoft.AspNetCore.Http.Features.FormOptions { ValueCountLimit = 64, ValueLengthLimit = (int)MostFormBytes, BufferBodyLengthLimit = MostFormBytes, MultipartBodyLengthLimit = MostFormBytes }, http.RequestAborted);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
