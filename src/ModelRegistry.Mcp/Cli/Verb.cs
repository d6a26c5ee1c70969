using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>One verb: its arguments and options, examples for its help, and the work it does.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines for the help, without the program's name.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>What it does; null for a verb that only has verbs below it.</summary>
    public Func<CliRun, Task<int>>? Work { get; private set; }

    /// <summary>Whether it takes <c>--output</c>.</summary>
    public Option<string?>? Output { get; private set; }

    /// <summary>Declares what it does, on nothing but its own arguments.</summary>
    public Verb Do(Func<CliRun, Task<int>> work)
    {
        Work = work;
        return this;
    }

    /// <summary>Declares what it does, and that its answer is data: it takes <c>--output</c>.</summary>
    public Verb Answers(Func<CliRun, Task<int>> work)
    {
        Output = Choice("--output", "table (default) or json.", "table", "json");
        return Do(work);
    }

    /// <summary>The same for a question to the registry, wherever it is.</summary>
    public Verb Asks<T>(Func<CliRun, Question<T>> question, Func<T, Sheet> draw) => Over(async (run, registry) => run.Answer(await registry.AskAsync(question(run), run.Cancel), draw));

    /// <summary>The same for a question that is answered page by page.</summary>
    public Verb Lists<T>(Func<CliRun, Question<Page<T>>> question, Func<IReadOnlyList<T>, Sheet> draw) => Over(async (run, registry) => run.Answer(await registry.AskAsync(question(run), run.Cancel), draw));

    /// <summary>The same for more than one question, and what a person does.</summary>
    public Verb Over(Func<CliRun, IRegistry, Task<int>> work) => Answers(run => run.OnAsync(registry => work(run, registry)));

    /// <summary>The same for work on a registry that has to be opened here, as the agent <c>cli</c>.</summary>
    public Verb On(Func<CliRun, RegistryServices, Domain.Actor, Task<int>> work) => Answers(run => run.OnRegistryAsync((registry, me) => work(run, registry, me)));

    public Argument<string> Word(string name, string description, Func<CompletionContext, IEnumerable<CompletionItem>>? complete = null)
    {
        var argument = new Argument<string>(name) { Description = description };
        return Completed(argument, complete);
    }

    public Argument<string?> OptionalWord(string name, string description, Func<CompletionContext, IEnumerable<CompletionItem>>? complete = null) =>
        Completed(new Argument<string?>(name) { Description = description, Arity = ArgumentArity.ZeroOrOne }, complete);

    public Argument<string[]> Words(string name, string description, int least, Func<CompletionContext, IEnumerable<CompletionItem>>? complete = null) =>
        Completed(new Argument<string[]>(name) { Description = description, Arity = new ArgumentArity(least, 100) }, complete);

    public Option<string?> Text(string name, string value, string description, Func<CompletionContext, IEnumerable<CompletionItem>>? complete = null) =>
        Added(new Option<string?>(name) { Description = description, HelpName = value }, complete);

    public Option<string> Required(string name, string value, string description) =>
        Added(new Option<string>(name) { Description = description, HelpName = value, Required = true }, null);

    public Option<string[]> Many(string name, string value, string description, bool required = false, Func<CompletionContext, IEnumerable<CompletionItem>>? complete = null) =>
        Added(new Option<string[]>(name) { Description = description + " May be repeated.", HelpName = value, Required = required, Arity = new ArgumentArity(required ? 1 : 0, 10_000) }, complete);

    public Option<bool> Flag(string name, string description) => Added(new Option<bool>(name) { Description = description, Arity = ArgumentArity.Zero }, null);

    /// <summary>A flag that can be set and taken away; <see cref="CliRun.YesNo"/> reads it.</summary>
    public Option<string?> YesNo(string name, string description) => Choice(name, description, "true", "false");

    public Option<int?> Number(string name, string description) => Added(new Option<int?>(name) { Description = description, HelpName = "N", CustomParser = ReadNumber }, null);

    public Option<string?> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', choices) };
        option.AcceptOnlyFromAmong(choices);
        // An option in the place of the value is taken for it, and is not held against the choices.
        option.Validators.Add(result =>
        {
            if (result.Tokens is [.., { Value: ['-', ..] value }])
                result.AddError($"Argument '{value}' not recognized. Must be one of: {string.Join(", ", choices.Select(c => $"'{c}'"))}.");
        });
        return Added(option, null);
    }

    /// <summary>A moment: RFC 3339, or a date, which is its first moment in UTC.</summary>
    public Option<DateTimeOffset?> Time(string name, string description) => Added(
        new Option<DateTimeOffset?>(name) { Description = description, HelpName = "TIME", CustomParser = ReadTime }, null);

    /// <summary>Repeatable pairs <c>key=value</c>; the last of a key wins.</summary>
    public Option<Dictionary<string, string>?> Pairs(string name, string value, string description) => Added(
        new Option<Dictionary<string, string>?>(name) { Description = description + " May be repeated.", HelpName = value, Arity = new ArgumentArity(0, 10_000), CustomParser = result => ReadPairs<string>(result, text => text) }, null);

    /// <summary>Repeatable pairs <c>key=number</c>.</summary>
    public Option<Dictionary<string, double>?> Numbers(string name, string value, string description) => Added(
        new Option<Dictionary<string, double>?>(name)
        {
            Description = description + " May be repeated.", HelpName = value, Arity = new ArgumentArity(0, 10_000),
            CustomParser = result => ReadPairs<double>(result, text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null),
        }, null);

    private TOption Added<TOption>(TOption option, Func<CompletionContext, IEnumerable<CompletionItem>>? complete) where TOption : Option
    {
        if (complete is not null)
            option.CompletionSources.Add(complete);
        Add(option);
        return option;
    }

    private TArgument Completed<TArgument>(TArgument argument, Func<CompletionContext, IEnumerable<CompletionItem>>? complete) where TArgument : Argument
    {
        if (complete is not null)
            argument.CompletionSources.Add(context => IsNext(argument, context) ? complete(context) : []);
        Add(argument);
        return argument;
    }

    // Only the argument whose turn it is has anything to offer: no stage where a model is still to be named.
    private bool IsNext(Argument argument, CompletionContext context)
    {
        foreach (var at in Arguments)
        {
            var tokens = context.ParseResult.GetResult(at)?.Tokens ?? [];
            var filled = tokens.Count - (tokens is [.., var last] && last.Value == context.WordToComplete ? 1 : 0);
            if (filled < at.Arity.MaximumNumberOfValues)
                return at == argument;
        }
        return false;
    }

    private static string Only(ArgumentResult result) => result.Tokens is [var token, ..] ? token.Value : "";

    private static int? ReadNumber(ArgumentResult result)
    {
        var text = Only(result);
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;
        result.AddError($"'{text}' is not a whole number.");
        return null;
    }

    private static DateTimeOffset? ReadTime(ArgumentResult result)
    {
        var text = Only(result);
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && char.IsAsciiDigit(text.FirstOrDefault()) && text.Contains('-', StringComparison.Ordinal))
            return time;
        result.AddError($"'{text}' is not a time: write 2026-01-31 or 2026-01-31T12:00:00Z.");
        return null;
    }

    private static Dictionary<string, T>? ReadPairs<T>(ArgumentResult result, Func<string, object?> read)
    {
        var pairs = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var token in result.Tokens)
        {
            var at = token.Value.IndexOf('=');
            if (at > 0 && read(token.Value[(at + 1)..]) is T value)
                pairs[token.Value[..at]] = value;
            else
                result.AddError($"'{token.Value}' is not of the form {(typeof(T) == typeof(double) ? "name=number, such as accuracy=0.93" : "key=value")}.");
        }
        return pairs;
    }
}
