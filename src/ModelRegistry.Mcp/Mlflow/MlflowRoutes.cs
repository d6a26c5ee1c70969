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

    private static readonly Func<HttpContext, Task<Outcome<MlflowFields>>> Body = http => BodyAsync(http, JsonBody.MostBytes);


    private static readonly string[] Prefixes = ["/api/2.0/", "/ajax-api/2.0/"];

    // What is deleted by its path needs no body.
    private static async Task<Outcome<MlflowFields>> BodyAsync(HttpContext http, int most) =>
        HttpMethods.IsDelete(http.Request.Method) && http.Request.ContentLength is null or 0 && http.Request.Headers.TransferEncoding.Count == 0 ? await Query(http) : (await JsonBody.ReadAsync(http, most)).Then<MlflowFields>(body => new MlflowFields(body.Object));

    /// <summary>A route that answers with JSON.</summary>
    /// <param name="path">Behind the prefix, such as <c>mlflow/registered-models/get</c>.</param>
    /// <param name="read">What is asked; what is missing or no good is found here.</param>
    /// <param name="reply">How a value is written.</param>
    /// <param name="most">Bytes that a body has at most.</param>
    public void Map<TAsked, TView>(string method, string path, Func<MlflowCall, TAsked> read, Func<MlflowCall, TAsked, Task<Outcome<TView>>> use, Func<TView, object> reply, int most = JsonBody.MostBytes) =>
        Entered(method, path, most, async call =>
        {
            var asked = read(call);
            if (call.Given.Problem is { } misfit)
                await Replies.MlflowAsync(call.Http, misfit);
            else
                await Replies.MlflowAsync(call.Http, await use(call, asked), reply, call.Given.Text("name"), call.Given.Text("version"));
        });

    /// <summary>A route that moves something, or parks the wish to.</summary>
    public void Move<TAsked>(string method, string path, Func<MlflowCall, TAsked> read, Func<MlflowCall, TAsked, Task<Outcome<ModelRegistry.Mlflow.MlflowMoveView>>> use, Func<ModelRegistry.Mlflow.MlflowMoveView, object> reply) =>
        Entered(method, path, JsonBody.MostBytes, async call =>
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

    /// <summary>The same, where the address by itself says who asks.</summary>
    public void ByAddress(string[] methods, string path, Func<HttpContext, RegistryServices, Task<Outcome<Actor>>> bearer, Func<MlflowCall, Task> answer)
    {
        foreach (var prefix in Prefixes)
            routes.MapMethods(prefix + path, methods, http => EnterByAddressAsync(http, bearer, answer));
    }

    private async Task EnterByAddressAsync(HttpContext http, Func<HttpContext, RegistryServices, Task<Outcome<Actor>>> bearer, Func<MlflowCall, Task> answer) =>
        await EnterAsync(http, await gate.EnterAsync(http, () => bearer(http, registry)), Query, answer);

    private void Entered(string method, string path, int most, Func<MlflowCall, Task> answer)
    {
        var fields = method == "GET" ? Query : most == JsonBody.MostBytes ? Body : http => BodyAsync(http, most);
        foreach (var prefix in Prefixes)
            routes.MapMethods(prefix + path, [method], http => EnterAsync(http, fields, answer));
    }

    private async Task EnterAsync(HttpContext http, Func<HttpContext, Task<Outcome<MlflowFields>>> fields, Func<MlflowCall, Task> answer) =>
        await EnterAsync(http, await gate.EnterAsync(http, Door), fields, answer);

    private async Task EnterAsync(HttpContext http, Outcome<Entry> entered, Func<HttpContext, Task<Outcome<MlflowFields>>> fields, Func<MlflowCall, Task> answer)
    {
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
