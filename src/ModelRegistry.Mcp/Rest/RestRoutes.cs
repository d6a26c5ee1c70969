using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Rest;

/// <summary>
/// The ways to the routes. Each settles who asks, counts the request and reads what was sent; then the route has its three moves:
/// what is asked, the use case, the reply. Cookies are never looked at: they are the pages'.
/// </summary>
internal sealed class RestRoutes(IEndpointRouteBuilder routes, RegistryServices registry, CallerGate gate, CallerLimits limits)
{
    public const string Door = "rest";

    private readonly List<RouteDescription> _described = [];

    /// <summary>Every route, in the order in which they were mapped.</summary>
    public IReadOnlyList<RouteDescription> Described => _described;

    private static readonly string[] Reads = ["GET", "HEAD"];

    /// <summary>A route that reads, for who has a token.</summary>
    public void Get<TAsked, TView>(string path, string says, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply = null) =>
        Told<TAsked, TView>("GET", path, says, RouteAccess.Token, read, reply).MapMethods(path, Reads, http => OfCallerAsync(http, QueryAsync, read, use, reply));

    /// <summary>A route that asks for something, for who has a token. Sent twice with the same <c>Idempotency-Key</c>, it is done once.</summary>
    public void Post<TAsked, TView>(string path, string says, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply = null) =>
        Told<TAsked, TView>("POST", path, says, RouteAccess.Token, read, reply).MapPost(path, http => OfCallerAsync(http, RestBody.ReadAsync, read, use, reply));

    /// <summary>The same where the use case itself keeps the keys of its requests: the header is the member <c>idempotency_key</c>.</summary>
    public void Ask<TAsked, TView>(string path, string says, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply = null) =>
        Told<TAsked, TView>("POST", path, says, RouteAccess.Token, read, reply).MapPost(path, http => OfCallerAsync(http, RestBody.ReadAsync, read, use, reply, ownKeys: true));

    /// <summary>A route that changes or takes away what its address names, for who has a token.</summary>
    /// <param name="method"><c>PATCH</c> or <c>DELETE</c>; the latter has no body.</param>
    public void Change<TAsked, TView>(string method, string path, string says, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply = null) =>
        Told<TAsked, TView>(method, path, says, RouteAccess.Token, read, reply).MapMethods(path, [method], http => OfCallerAsync(http, method == "DELETE" ? QueryAsync : RestBody.ReadAsync, read, use, reply));

    /// <summary>A route whose body or answer is a stream of any length, for who has a token. It reads and answers for itself.</summary>
    /// <param name="ask">Lets it ask for its parameters, for the description; null: it has none.</param>
    public void Stream(string[] methods, string path, string says, StreamShape shape, Func<RestCall, Task> answer, Action<RestCall>? ask = null) => Told(methods, path, says, shape, ask).MapMethods(path, methods, async http =>
    {
        var entered = await gate.EnterAsync(http, Door);
        if (entered.Refusal is { } no)
        {
            await Replies.ProblemAsync(http, no);
            return;
        }
        using var entry = entered.Value;
        var query = await QueryAsync(http);
        if ((Unnamed(http) ?? query.Refusal) is { } unread)
            await Replies.ProblemAsync(http, unread);
        else
            await answer(new RestCall(http, registry, entry.Caller, null, query.Value, http.RequestAborted));
    });

    /// <summary>A route that anybody may ask: it gives nothing away. Counted by where it comes from.</summary>
    public void Open<TAsked, TView>(string path, string says, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use) => Told<TAsked, TView>("POST", path, says, RouteAccess.Anybody, read, null).MapPost(path, async http =>
    {
        if (!limits.Fail(http.Connection.RemoteIpAddress))
            await Replies.ProblemAsync(http, Refusals.RateLimited(1));
        else
            await ReadAndAnswerAsync(http, Actor.Registry, await RestBody.ReadAsync(http), read, use, null);
    });

    /// <summary>
    /// A route that takes a person's power: with their proof in the body, whatever token comes along. Without a proof it is
    /// whoever the token says, and the use case tells them what it takes.
    /// </summary>
    /// <param name="where">The member that has <c>person</c> and <c>proof</c>; null: the body itself.</param>
    /// <param name="use">What a passkey's challenge was for.</param>
    /// <param name="byToken">Whether a token alone may do; where it may not, who has neither is told of the proof.</param>
    /// <param name="failed">What is done, in place of what was asked, when a machine sends a proof that is none; null: it is told so, as anybody is.</param>
    public void Proven<TAsked, TView>(string path, string says, string? where, PasskeyUse use, bool byToken, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> work,
        Func<RestCall, TAsked, Task<Outcome<TView>>>? failed = null, RestReply? reply = null) => Told<TAsked, TView>("POST", path, says, RouteAccess.Person, call =>
    {
        _ = RestProof.Read(where is null ? call.Given : call.Given.Object(where));
        return read(call);
    }, reply).MapPost(path, async http =>
    {
        var body = await RestBody.ReadAsync(http);
        if (body.Refusal is { } unread)
        {
            await Replies.ProblemAsync(http, limits.Fail(http.Connection.RemoteIpAddress) ? unread : Refusals.RateLimited(1));
            return;
        }
        var call = new RestCall(http, registry, Actor.Registry, null, body.Value, http.RequestAborted);
        var proof = RestProof.Read(where is null ? body.Value : body.Value.Object(where));
        var asked = read(call);
        if ((Unnamed(http) ?? body.Value.Problem) is { } misfit)
        {
            await Replies.ProblemAsync(http, limits.Fail(http.Connection.RemoteIpAddress) ? misfit : Refusals.RateLimited(1));
            return;
        }
        // Before anything is looked up: a proof costs the server far more than whoever makes one up.
        if (proof is not null && !limits.Prove(http.Connection.RemoteIpAddress))
        {
            await Replies.ProblemAsync(http, Refusals.RateLimited(1));
            return;
        }
        var proven = proof is null ? (Outcome<ProvenPerson>)Refusals.ProofRequired : await proof.CheckAsync(registry, use, http.RequestAborted);
        if (proven.Refusal is null)
        {
            await AnswerAsync(call with { By = proven.Value.Actor, Proof = proven.Value.Proof }, asked, work, reply);
            return;
        }
        if (proof is not null && (failed is null || http.Request.Headers.Authorization.Count == 0))
        {
            await Replies.ProblemAsync(http, proven.Refusal);
            return;
        }
        var machine = await gate.EnterAsync(http, Door);
        if (machine.Refusal is { } stranger)
        {
            // Who sent a proof is told of that, and who has neither of what it takes.
            await Replies.ProblemAsync(http, stranger.Kind == RefusalKind.Limited || (proof is null && (byToken || http.Request.Headers.Authorization.Count > 0)) ? stranger : proven.Refusal);
            return;
        }
        using var entry = machine.Value;
        var keyed = RequestKeys.Of(http, entry.Caller, body.Value.Body);
        if (keyed.Refusal is { } unfit)
            await Replies.ProblemAsync(http, unfit);
        else
            await AnswerAsync(call with { By = keyed.Value }, asked, failed ?? work, reply);
    });

    private IEndpointRouteBuilder Told<TAsked, TView>(string method, string path, string says, RouteAccess access, Func<RestCall, TAsked> read, RestReply? reply)
    {
        _described.Add(new RouteDescription(method, path, says, access, call => read(call), typeof(TView), reply ?? RestReply.View));
        return routes;
    }

    private IEndpointRouteBuilder Told(string[] methods, string path, string says, StreamShape shape, Action<RestCall>? ask)
    {
        foreach (var method in methods)
            _described.Add(new RouteDescription(method, path, says, RouteAccess.Token, ask ?? (_ => { }), typeof(void), RestReply.View) { Stream = shape });
        return routes;
    }

    private async Task OfCallerAsync<TAsked, TView>(HttpContext http, Func<HttpContext, Task<Outcome<RestFields>>> fields, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply, bool ownKeys = false)
    {
        var entered = await gate.EnterAsync(http, Door);
        if (entered.Refusal is { } no)
        {
            await Replies.ProblemAsync(http, no);
            return;
        }
        using var entry = entered.Value;
        await ReadAndAnswerAsync(http, entry.Caller, await fields(http), read, use, reply, ownKeys);
    }

    private async Task ReadAndAnswerAsync<TAsked, TView>(HttpContext http, Actor by, Outcome<RestFields> given, Func<RestCall, TAsked> read, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply, bool ownKeys = false)
    {
        // A key is for what changes something.
        var keyed = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? by : RequestKeys.Of(http, by, given.Refusal is null ? given.Value.Body : null);
        if ((given.Refusal ?? keyed.Refusal) is { } unread)
        {
            await Replies.ProblemAsync(http, unread);
            return;
        }
        var call = new RestCall(http, registry, ownKeys ? by : keyed.Value, null, given.Value, http.RequestAborted) { Key = keyed.Value.Once?.Key };
        var asked = read(call);
        if ((Unnamed(http) ?? given.Value.Problem) is { } misfit)
            await Replies.ProblemAsync(http, misfit);
        else
            await AnswerAsync(call, asked, use, reply);
    }

    /// <summary>A part of the address that is nothing but blanks names nothing, least of all what is meant where none is named.</summary>
    private static Refusal? Unnamed(HttpContext http)
    {
        foreach (var (part, value) in http.Request.RouteValues)
            if (value is string { Length: > 0 } text && string.IsNullOrWhiteSpace(text))
                return Refusals.InvalidArgument(part, "the address has only blanks in its place");
        return null;
    }

    private static Task<Outcome<RestFields>> QueryAsync(HttpContext http) => Task.FromResult(RestFields.Of(http.Request.Query));

    /// <summary>Whether whoever asked may still have the answer, after they waited for it.</summary>
    public Task<Refusal?> StillAsync(RestCall call) => gate.LeftAsync(call.Http, Door, call.By, call.Http.RequestAborted);

    private static async Task AnswerAsync<TAsked, TView>(RestCall call, TAsked asked, Func<RestCall, TAsked, Task<Outcome<TView>>> use, RestReply? reply)
    {
        var outcome = await use(call, asked);
        await (reply ?? RestReply.View).SendAsync(call, outcome);
    }
}
