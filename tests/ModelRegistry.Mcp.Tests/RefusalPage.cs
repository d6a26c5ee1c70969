using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The page that lists every way this registry says no, written from the table in the code.</summary>
internal static partial class RefusalPage
{
    // Stands for a number until its name does; no text has it otherwise.
    private const int Number = 424_200;

    private static readonly DateTimeOffset Moment = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>The whole page, in Markdown.</summary>
    public static string Write()
    {
        var page = new StringBuilder($"""
            # Every way to say no

            Written by a test from the table in the code (`Refusals*.cs`); `{"{…}"}` stands for what the request or the registry says.
            A code is stable and the same on every face:

            - **Command line**: `code: message` and the remedy on stderr, and the exit code of its kind.
            - **MCP**: the result of the tool, with `isError` and the text `error: code`, the message, `Next: ` and the remedy.
              Of a resource, prompt or completion: a JSON-RPC error with `code: message`
              and the remedy as its message.
            - **HTTP**: what is refused before MCP reads the message has the status of its kind, and is a JSON-RPC error with
              `code` and `remedy` as its data; elsewhere than at `/mcp`, problem details (RFC 9457) with the same members.


            """);
        foreach (var kind in Enum.GetValues<RefusalKind>())
            Section(page, kind);
        page.Append($"""
            ## What is no refusal

            | answer | exit code | over MCP |
            |---|---|---|
            | A promotion that waits: `pending` | {Replies.Exit.Parked} | no error; status `pending`, with the command a person types |
            | A promotion that a gate stops: `blocked` | {Replies.Exit.PolicyUnmet} | no error; status `blocked`, with every gate |
            | `storage_unavailable`: the disk is full, rights are missing, the database does not answer. The same request succeeds once its remedy was applied | {Replies.Exit.Broken} | tool error; before a tool, HTTP 503 with `Retry-After` |
            | `registry_moved`: the registry was moved to another database, and lives there; `registry_arriving`: its move to this one has not ended. Both say where it is | {Replies.Exit.Broken} | tool error; before a tool, HTTP 503 with `Retry-After` |
            | `server_unreachable`, `server_lost`, `server_unreadable`, `server_redirects`, `server_failed`: the server named with `--server` is not there, went away in between, or is no registry | {Replies.Exit.Broken} | of `stdio --server`: a JSON-RPC error with `code` and `remedy` as its data |
            | `internal_error`: a bug. Nothing half-done stays | {Replies.Exit.Broken} | tool error; before a tool, HTTP 500 |
            | A line that cannot be read: an unknown verb or option, a missing argument, `--limit five` | {Replies.Exit.Usage}, with a hint | `invalid_arguments`, for a call that does not fit the tool's schema |
            | An unknown tool | | JSON-RPC error -32602, with the nearest name |
            | A message that is none | | JSON-RPC errors -32700, -32600, -32601; over HTTP also -32020 (headers and body differ) and -32022 (version not spoken) |
            | `audit verify` or `doctor` found something | {Replies.Exit.Unverified} | |
            | Cancelled | 130 | no answer |

            """);
        return page.ToString();
    }

    private static void Section(StringBuilder page, RefusalKind kind)
    {
        var rows = RefusalRows.All.SelectMany(Shapes).Where(r => r.Kind == kind).DistinctBy(r => (r.Code, r.Message, r.Remedy)).OrderBy(r => r.Code, StringComparer.Ordinal).ToList();
        if (rows.Count == 0)
            return;
        var (http, exit) = Replies.Sign(kind);
        page.Append(CultureInfo.InvariantCulture, $"## {Spaced(kind.ToString())}: HTTP {http}, exit {exit}\n\n| code | message | remedy |\n|---|---|---|\n");
        foreach (var row in rows)
            page.Append($"| `{row.Code}` | {Cell(row.Message)} | {Cell(row.Remedy)} |\n");
        page.Append('\n');
    }

    /// <summary>A row with the names of its parameters in the places of their values; several where its remedy depends on a state.</summary>
    private static IEnumerable<Refusal> Shapes(MemberInfo row)
    {
        var parameters = row is MethodInfo method ? method.GetParameters() : [];
        return RefusalRows.Calls(row, Given).GroupBy(call => call.Refusal.Remedy)
            .Select(alike => alike.FirstOrDefault(call => Unmistakable(call, parameters), alike.First()))
            .Select(call => call.Refusal with { Message = Named(call.Refusal.Message, parameters, call.Given), Remedy = Named(call.Refusal.Remedy, parameters, call.Given) });
    }

    private static object? Given(ParameterInfo parameter) => parameter.ParameterType switch
    {
        var t when t == typeof(int) || t == typeof(long) => Convert.ChangeType(Number + parameter.Position, t, CultureInfo.InvariantCulture),
        var t when t == typeof(DateTimeOffset) => Moment,
        var t when t == typeof(Digest) => Digest.Of(parameter.Name!),
        var t when t == typeof(IReadOnlyDictionary<string, string>) => new Dictionary<string, string> { ["{field}"] = "{problem}" },
        var t when t == typeof(IReadOnlyList<string>) => new[] { Braced(parameter) },
        _ => RefusalRows.Of(parameter, Braced(parameter)),
    };

    private static string Named(string text, ParameterInfo[] parameters, object?[] given)
    {
        foreach (var (parameter, value) in parameters.Zip(given))
            text = value switch
            {
                int or long => text.Replace(Convert.ToString(value, CultureInfo.InvariantCulture)!, Braced(parameter), StringComparison.Ordinal),
                DateTimeOffset moment => text.Replace(Times.Text(moment), Braced(parameter), StringComparison.Ordinal),
                Digest digest => text.Replace(digest.ToString(), Braced(parameter), StringComparison.Ordinal),
                Enum state when Word(state).Count(text) == Alike(state, given) => Word(state).Replace(text, Braced(parameter), 1),
                _ => text,
            };
        return text;
    }

    // The message has the words of its states, and each only where it stands for the state.
    private static bool Unmistakable((Refusal Refusal, object?[] Given) call, ParameterInfo[] parameters) =>
        parameters.Zip(call.Given).All(p => p.Second is not Enum state || Word(state).Count(call.Refusal.Message) == Alike(state, call.Given));

    private static int Alike(Enum state, object?[] given) => given.Count(state.Equals);

    private static Regex Word(Enum state) => new($@"\b{state.ToString().ToLowerInvariant()}\b");

    private static string Braced(ParameterInfo parameter) => $"{{{Capital().Replace(parameter.Name!, m => "_" + m.Value.ToLowerInvariant())}}}";

    private static string Spaced(string name) => name[..1] + Capital().Replace(name[1..], m => " " + m.Value.ToLowerInvariant());

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
