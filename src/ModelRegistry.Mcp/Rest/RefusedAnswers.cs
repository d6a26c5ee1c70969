using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Rest;

/// <summary>
/// How routes say no, by status: problem details (RFC 9457), as <see cref="Replies"/> writes them. Which of them a route may give
/// follows from what it takes; the examples are rows of the table of refusals.
/// </summary>
internal static class RefusedAnswers
{
    private const string Media = "application/problem+json", Default = "Problem", Outage = "Unavailable";

    private sealed record Answer(string Meaning, IReadOnlyList<string> Headers, params IReadOnlyList<Refusal> Examples);

    private static readonly SortedDictionary<RefusalKind, Answer> Answers = new()
    {
        [RefusalKind.Invalid] = new("The request makes no sense as it stands; of fields, `errors` says what is wrong with which.", [],
            Refusals.InvalidArguments(new Dictionary<string, string> { ["limit"] = "must be a whole number from 1 to 100" }), Refusals.BodyInvalid("it is not an object")),
        [RefusalKind.NotFound] = new("What it names is not there.", [], Refusals.ModelNotFound("digit", "digits")),
        [RefusalKind.Conflict] = new("It clashes with what is there, or what is there is not what was registered; looking again helps.", [], Refusals.ModelExists("digits"), Refusals.IdempotencyKeyReused("run-17")),
        [RefusalKind.Outdated] = new("It has changed since the caller saw it (If-Match).", [], Refusals.RevisionChanged("digits", "v2")),
        [RefusalKind.Forbidden] = new("This caller may not, with this credential, from this page or by this name of the server.", [], Refusals.RoleMissing("trainer", ["registrar"]), Refusals.PersonRequired(Permission.Decide)),
        [RefusalKind.PolicyUnmet] = new("The policy in force says no; what gates stop at once is `blocked`, with their report in `promotion`.", [], Refusals.GatesUnmet("prm_1", "accuracy is 0.9278, at least 0.95 is asked for")),
        [RefusalKind.Unauthenticated] = new("Nobody knows who calls.", ["WWW-Authenticate"], Refusals.TokenRequired, Refusals.TokenInvalid),
        [RefusalKind.Limited] = new("Too much at once; nothing was done, and the same request succeeds later.", ["Retry-After"], Refusals.RateLimited(1)),
        [RefusalKind.TooLarge] = new("More than is taken in one request, or given in one answer.", [], Refusals.BodyTooLarge(JsonBody.MostBytes)),
        [RefusalKind.WrongType] = new("A body of this type is not taken.", [], Refusals.ContentTypeNotTaken("text/plain")),
    };

    /// <summary>What a route may say no with, each status with a reference to its answer.</summary>
    public static IEnumerable<(string Status, JsonObject Answer)> Of(RouteDescription route, RestFields asked)
    {
        foreach (var status in Answers.Where(a => May(a.Key, route, asked)).Select(a => (Replies.Sign(a.Key).Http, Name: a.Key.ToString())).Append((StatusCodes.Status503ServiceUnavailable, Outage)).OrderBy(s => s.Item1))
            yield return ($"{status.Item1}", Reference(status.Item2));
        yield return ("default", Reference(Default));
    }

    private static bool May(RefusalKind kind, RouteDescription route, RestFields asked)
    {
        var (reads, body) = (route.Method is "GET" or "HEAD", route.HasBody || route.Stream is { Bodies.Count: > 0 });
        return kind switch
        {
            RefusalKind.Unauthenticated => route.Access != RouteAccess.Anybody,
            RefusalKind.NotFound => route.Path.Contains('{', StringComparison.Ordinal) || asked.Asked.Count > 0 || body,
            // Contents are held against their digests when they are read, and the log against itself.
            RefusalKind.Conflict => !reads || route.Stream is not null || route.Reply == RestReply.Export || route.Reply == RestReply.Text,
            RefusalKind.Outdated => asked.Headers.Contains("If-Match"),
            RefusalKind.PolicyUnmet => !reads && (route.Method == "DELETE" || route.View == typeof(PromotionView) || route.View == typeof(Policies.PolicyView)),
            RefusalKind.TooLarge => body || route.Reply == RestReply.Export,
            RefusalKind.WrongType => route.HasBody || route.Stream?.Bodies.Any(b => b.Media == "application/json") == true,
            _ => true,
        };
    }

    /// <summary>The answers themselves.</summary>
    /// <param name="problem">A reference to the schema of problem details.</param>
    public static JsonObject All(JsonObject problem)
    {
        var all = new JsonObject();
        foreach (var (kind, answer) in Answers)
            all[kind.ToString()] = Described(answer, problem);
        all[Outage] = Described(new Answer("The storage is away; what may be sent twice succeeds later.", ["Retry-After"]), problem);
        all[Default] = Described(new Answer("It was not done: `code` says why, `remedy` what to do next.", []), problem);
        return all;
    }

    private static JsonObject Described(Answer answer, JsonObject problem)
    {
        var content = new JsonObject { ["schema"] = problem.DeepClone() };
        if (answer.Examples.Count > 0)
            content["examples"] = new JsonObject(answer.Examples.Select(no => KeyValuePair.Create(no.Code, (JsonNode?)new JsonObject { ["value"] = JsonNode.Parse(Replies.ProblemOf(no)) })));
        var described = new JsonObject { ["description"] = answer.Meaning, ["content"] = new JsonObject { [Media] = content } };
        if (AnswerHeaders.Of(answer.Headers) is { } headers)
            described["headers"] = headers;
        return described;
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/responses/{name}" };
}
