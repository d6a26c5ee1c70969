namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- through a server -----------------------------------------------------------------------------------------

    /// <param name="server">The address as it was given.</param>
    public static Refusal ServerNotSecure(string server) => new(RefusalKind.Invalid, "server_not_secure",
        $"'{Shown(server)}' is plain http to another machine: whoever is in between could read the token and what is typed.",
        "Name an https address with --server; plain http is for this machine (http://localhost:PORT).", new Dictionary<string, string> { ["server"] = "https, or http on this machine" });

    /// <param name="verb">What was asked for, as it is typed.</param>
    /// <param name="remedy">The sentence that says where it is done.</param>
    public static Refusal NotOverServer(string verb, string remedy) => new(RefusalKind.Invalid, "not_over_server",
        $"`{Shown(verb)}` is not done through a server.", Shown(remedy));

    /// <summary>A row of the table that a server's registry has, as it told it: its own words, whatever its version.</summary>
    public static Outcome<T> OfServer<T>(RefusalKind kind, string code, string message, string remedy, IReadOnlyDictionary<string, string>? fields) => new Refusal(kind, code, message, remedy, fields);

    public static Refusal TooManyRequests(int most) => new(RefusalKind.Limited, "too_many_requests",
        $"{most} requests wait for the server's answer already.", "Wait for some of them, then ask again.");
}
