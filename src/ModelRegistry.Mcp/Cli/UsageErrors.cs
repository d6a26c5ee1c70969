using System.CommandLine;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Cli;

/// <summary>What is wrong with a line, with what was probably meant.</summary>
internal static class UsageErrors
{
    public static IReadOnlyList<string> Of(ParseResult parsed, IReadOnlyList<string> args)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count > 0)
            return [.. parsed.UnmatchedTokens.Select(t => Unknown(command, t))];
        // An argument that may be repeated would swallow a misspelt option as one more value.
        if (!args.Contains("--"))
        {
            var swallowed = parsed.CommandResult.Children.OfType<System.CommandLine.Parsing.ArgumentResult>().SelectMany(a => a.Tokens)
                .Select(t => t.Value).Where(v => v is ['-', '-', _, ..]).Select(v => Unknown(command, v)).ToList();
            if (swallowed.Count > 0)
                return swallowed;
        }
        if (command is not Verb { Work: not null })
            return ["Say which verb to run."];
        var missing = command.Arguments.Where(a => (parsed.GetResult(a)?.Tokens.Count ?? 0) < a.Arity.MinimumNumberOfValues).ToList();
        return missing.Count > 0
            ? [.. missing.Select(a => $"{a.Name} is missing: {a.Description}")]
            : [.. parsed.Errors.Select(e => e.Message).Distinct()];
    }

    public static int Tell(TextWriter err, ParseResult parsed, IReadOnlyList<string> errors)
    {
        foreach (var error in errors)
            err.WriteLine(VisibleText.Line(error));
        err.WriteLine($"See `{HelpPage.NameOf(parsed.CommandResult)} --help`.");
        return Replies.Exit.Usage;
    }

    private static string Unknown(Command command, string token)
    {
        var isOption = token.StartsWith('-') && token.Length > 1;
        var known = isOption ? HelpPage.OptionsOf(command).Select(o => o.Name) : command.Subcommands.Select(c => c.Name);
        var near = Nearest.Of(token.Split('=', ':')[0], known);
        var kind = isOption ? "option" : command.Subcommands.Count > 0 ? "verb" : "argument";
        return $"There is no {kind} '{token}' {(kind == "argument" ? "to take" : "here")}.{(near is null ? "" : $" Did you mean '{near}'?")}";
    }
}
