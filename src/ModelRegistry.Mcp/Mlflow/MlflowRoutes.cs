using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>
/// The ways to the routes: each settles who asks, counts the request and reads what was sent; then the route has its three moves.
/// Every route stands twice, as MLflow's pages call theirs by another prefix.
/// </summary>
internal sealed class MlflowRoutes(IEndpointRouteBuilder routes, RegistryServices registry, CallerGate gate, Uri? published)
{
    public const string Door = Callers.BasicDoor;

    private static readonly Func<HttpContext, Task<Outcome<MlflowFields>>> Query = http => Task.FromResult<Outcome<MlflowFields>>(new MlflowFields(http.Request.Query));

    // What is deleted by its path needs no body.
    private static readonly Func<HttpContext, Task<Outcome<MlflowFields>>> Body = async http => HttpMethods.IsDelete(http.Request.Method) && http.Request.ContentLength is null or 0 && http.Request.Headers.TransferEncoding.Count == 0 ? await Query(http) : (await JsonBody.ReadAsync(http)).Then<MlflowFields>(body => new MlflowFields(body.Object));

    private static readonly string[] Prefixes = ["/api/2.0/", "/ajax-api/2.0/"];

    /// <summary>A route that answers with JSON.</summary>
    /// <param name="path">Behind the prefix, such as <c>mlflow/registered-models/get</c>.</param>
    /// <param name="read">What is asked; what is missing or no good is found here.</param>
    /// <param name="reply">How a value is written.</param>
    public void Map<TAsked, TView>(string method, string path, Func<MlflowCall, TAsked> read, Func<MlflowCall, TAsked, Task<Outcome<TView>>> use, Func<TView, object> reply) =>
        Entered(method, path, async call =>
        {
            var asked = read(call);
            if (call.Given.Problem is { } misfit)
                await Replies.MlflowAsync(call.Http, misfit);
            else
                await Replies.MlflowAsync(call.Http, await use(call, asked), reply, call.Given.Text("name"), call.Given.Text("version"));
        });

    /// <summary>A route that moves something, or parks the wish to.</summary>
    public void Move<TAsked>(string method, string path, Func<MlflowCall, TAsked> read, Func<MlflowCall, TAsked, Task<Outcome<ModelRegistry.Mlflow.MlflowMoveView>>> use, Func<ModelRegistry.Mlflow.MlflowMoveView, object> reply) =>
        Entered(method, path, async call =>
        {
            var asked = read(call);
            if (call.Given.Problem is { } misfit)
                await Replies.MlflowAsync(call.Http, misfit);
            else
                await Replies.MlflowMovedAsync(call.Http, await use(call, asked), reply, call.Given.Text("name"), call.Given.Text("version"));
        });

    /// <summary>A route whose body or answer is a file.</summary>
    public void Stream(string[] methods, string path, Func<MlflowCall, Task> answer)
    {
        foreach (var prefix in Prefixes)
            routes.MapMethods(prefix + path, methods, http => EnterAsync(http, Query, answer));
    }

    private void Entered(string method, string path, Func<MlflowCall, Task> answer)
    {
        var fields = method == "GET" ? Query : Body;
        foreach (var prefix in Prefixes)
            routes.MapMethods(prefix + path, [method], http => EnterAsync(http, fields, answer));
    }

    private async Task EnterAsync(HttpContext http, Func<HttpContext, Task<Outcome<MlflowFields>>> fields, Func<MlflowCall, Task> answer)
    {
        var entered = await gate.EnterAsync(http, Door);
        if (entered.Refusal is { } no)
        {
            await Replies.MlflowAsync(http, no);
            return;
        }
        using var entry = entered.Value;
        var given = await fields(http);
        if (given.Refusal is { } unread)
            await Replies.MlflowAsync(http, unread);
        else
            await answer(new MlflowCall(http, registry, entry.Caller, given.Value, MlflowCall.AddressOf(http.Request, published)));
    }
}
