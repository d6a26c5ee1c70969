namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- faces --------------------------------------------------------------------------------------------------

    public static Refusal ToolsetUnknown(string asked, IReadOnlyList<string> known) => new(RefusalKind.Invalid, "toolset_unknown",
        $"There is no toolset '{Shown(asked)}'.{(Nearest.Of(asked, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use {string.Join(" or ", known)}.",
        new Dictionary<string, string> { ["toolsets"] = string.Join(", ", known) });

    public static Refusal ToolUnknown(string asked, IReadOnlyList<string> known) => new(RefusalKind.Invalid, "tool_unknown",
        $"There is no tool '{Shown(asked)}'.{(Nearest.Of(asked, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use some of {string.Join(", ", known)}.",
        new Dictionary<string, string> { ["tools"] = string.Join(", ", known) });

    /// <param name="policy">Name of the policy in force.</param>
    /// <param name="url">The address that others can reach.</param>
    public static Refusal ServeExposed(string policy, string url) => new(RefusalKind.PolicyUnmet, "serve_exposed",
        $"Under the policy '{policy}' whoever reaches the server without a token may propose and register, so it listens on loopback only; {Shown(url)} is more than that.",
        "Listen on http://localhost:PORT, or let an admin accept a policy such as `team` (policy accept), under which every caller needs a token.");

    /// <param name="urls">Where it was to listen.</param>
    /// <param name="why">What the system said.</param>
    public static Refusal AddressUnavailable(string urls, string why) => new(RefusalKind.Conflict, "address_unavailable",
        $"It cannot listen on {Shown(urls)} ({Shown(why.TrimEnd('.'))}).", "Name another address with --urls, or end the process that has this one.");

    public static Refusal HostNotAllowed(string? host) => new(RefusalKind.Forbidden, "host_not_allowed",
        $"This server is not '{Shown(host)}'.", "Use the address it is published under; an operator adds names with --allowed-hosts.");

    public static Refusal OriginNotAllowed(string? origin) => new(RefusalKind.Forbidden, "origin_not_allowed",
        $"Pages of '{Shown(origin)}' may not call this server.", "An operator adds origins with --allowed-origins.");

    public static Refusal PathNotFound(string? path) => new(RefusalKind.NotFound, "path_not_found",
        $"There is nothing at '{Shown(path)}'.", "MCP is at /mcp; see the documentation for what else there is.");

    public static Refusal RequestAmbiguous => new(RefusalKind.Invalid, "request_ambiguous",
        "Where this request ends can be read in two ways.", "Say its length once: by Content-Length, or by Transfer-Encoding: chunked in HTTP/1.1.");

    public static Refusal RateLimited(int seconds) => new(RefusalKind.Limited, "rate_limited",
        "This caller sends more requests than the server takes from one.", $"Wait {seconds} s, then go on more slowly.");

    public static Refusal TooManySessions => new(RefusalKind.Limited, "too_many_sessions",
        "All sessions are taken.", "Close sessions that are not needed (DELETE), or try again later; an operator raises --max-sessions.");

    public static Refusal BodyTooLarge(long most) => new(RefusalKind.TooLarge, "body_too_large",
        $"A request takes at most {most} bytes.", "Send less.", new Dictionary<string, string> { ["body"] = $"at most {most} bytes" });

    /// <param name="allowed">The methods that are taken, as the header <c>Allow</c> names them.</param>
    public static Refusal MethodNotAllowed(string method, string allowed) => new(RefusalKind.WrongMethod, "method_not_allowed",
        $"'{Shown(method)}' is not done here.", $"Use {allowed}.");

    public static Refusal ContentTypeNotTaken(string? type) => new(RefusalKind.WrongType, "content_type_not_taken",
        $"A body of the type '{Shown(type)}' is not taken.", "Send JSON, with `Content-Type: application/json`.");

    /// <param name="problem">What is wrong, as the end of the sentence "…: it is too deep".</param>
    public static Refusal BodyInvalid(string problem) => new(RefusalKind.Invalid, "body_invalid",
        $"The body cannot be taken: {Shown(problem)}.", "Send one JSON object in UTF-8: well-formed Unicode, at most 32 levels deep, no member twice.");

    public static Refusal ResourceNotFound(string? uri) => new(RefusalKind.NotFound, "resource_not_found",
        $"There is no resource '{Shown(uri)}'.", "See resources/list and resources/templates/list; names within a URI are percent-encoded, once.");

    public static Refusal TooManySubscriptions(int most) => new(RefusalKind.Conflict, "too_many_subscriptions",
        $"There are {most} subscriptions already.", "Give up one that is not needed any more; registry://promotions/pending tells of every promotion at once.");

    public static Refusal PromptUnknown(string? name, IReadOnlyList<string> known) => new(RefusalKind.NotFound, "prompt_unknown",
        $"There is no prompt '{Shown(name)}' here.{(name is not null && Nearest.Of(name, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use one of {string.Join(", ", known)}.");

    public static Refusal FormInvalid => new(RefusalKind.Forbidden, "form_invalid",
        "This form was not made by a page of this server for whoever is signed in here now.", "Load the page again and send it from there.");
}
