using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text;

namespace ModelRegistry.Mcp.Cli;

/// <summary>The help of one verb: what it does, how it is written, and examples that work as they stand.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const string Program = "modelregistry";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.Write(Of(parseResult.CommandResult.Command));
        return Replies.Exit.Done;
    }

    /// <summary>A verb as it is typed: <c>modelregistry person add</c>.</summary>
    public static string NameOf(CommandResult result) => NameOf(result.Command);

    /// <summary>Its own options, then those that every verb takes.</summary>
    public static IEnumerable<Option> OptionsOf(Command command)
    {
        for (Command? at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
            foreach (var option in at.Options.Where(o => at == command || o.Recursive))
                yield return option;
    }

    public static string Of(Command command)
    {
        var page = new StringBuilder();
        page.Append(command.Description).Append("\n\nUsage:\n  ").Append(Usage(command)).Append('\n');
        Section(page, "Verbs", command.Subcommands.Select(v => (Call(v), (string?)v.Description)));
        Section(page, "Arguments", command.Arguments.Select(a => (a.Name, a.Description)));
        Section(page, "Options", command.Options.Where(o => !o.Recursive).Select(o => (Call(o), (string?)(o.Description + (o.Required ? " Required." : "")))));
        Section(page, "Everywhere", OptionsOf(command).Where(o => o.Recursive).Select(o => (Call(o), o.Description)));
        if (command is Verb { Examples.Count: > 0 } verb)
            page.Append("\nExamples:\n").Append(string.Concat(verb.Examples.Select(e => $"  {Program} {e}\n")));
        if (command is RootCommand)
            page.Append($"\nExit codes: 0 done, 1 verification failed, 2 usage, 8 waiting for a person, 64 invalid, 65 policy unmet,\n66 not found, 70 a bug or an outage, 75 conflict, 77 forbidden.\n");
        return page.ToString();
    }

    private static string NameOf(Command command) =>
        command is RootCommand ? Program : $"{command.Parents.OfType<Command>().Select(NameOf).FirstOrDefault() ?? Program} {command.Name}";

    private static string Usage(Command command)
    {
        var usage = new StringBuilder(NameOf(command));
        foreach (var argument in command.Arguments)
            usage.Append(' ').Append(Placed(argument));
        if (command.Subcommands.Count > 0)
            usage.Append(" VERB");
        foreach (var option in command.Options.Where(o => o.Required))
            usage.Append(' ').Append(Call(option));
        return usage.Append(" [OPTIONS]").ToString();
    }

    private static string Placed(Argument argument)
    {
        var word = argument.Arity.MaximumNumberOfValues > 1 ? argument.Name + "…" : argument.Name;
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{word}]" : word;
    }

    private static string Call(Command verb) => string.Join(' ', new[] { verb.Name }.Concat(verb.Arguments.Select(Placed)));

    private static string Call(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name));
        return option.Arity.MaximumNumberOfValues == 0 || option is HelpOption or VersionOption || option.ValueType == typeof(bool) ? names : $"{names} {option.HelpName ?? "VALUE"}";
    }

    private static void Section(StringBuilder page, string title, IEnumerable<(string Call, string? Text)> rows)
    {
        var listed = rows.ToList();
        if (listed.Count == 0)
            return;
        var width = Math.Min(34, listed.Max(r => r.Call.Length));
        page.Append('\n').Append(title).Append(":\n");
        foreach (var (call, text) in listed)
            page.Append(call.Length > width ? $"  {call}\n  {new string(' ', width)}  {text}\n" : $"  {call.PadRight(width)}  {text}\n");
    }
}
