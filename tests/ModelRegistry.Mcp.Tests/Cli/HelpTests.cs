using System.CommandLine;
using System.Text;
using ModelRegistry.Mcp.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>The help, as a file: a verb or option that changes is seen as a difference.</summary>
public class HelpTests
{
    private const string Snapshot = "tests/ModelRegistry.Mcp.Tests/Snapshots/cli-help.txt";

    [Fact]
    public void The_help_of_every_verb_is_as_in_the_snapshot()
    {
        var now = new StringBuilder();
        foreach (var command in Everything(CommandLine.Root()))
            now.Append($"===== {string.Join(' ', Names(command))}\n{HelpPage.Of(command)}\n");
        var path = Repository.At(Snapshot);
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SNAPSHOTS") == "1")
            File.WriteAllText(path, now.ToString());
        Assert.True(File.ReadAllText(path) == now.ToString(), $"The help differs from {Snapshot}. If that is meant, run this test with MODELREGISTRY_UPDATE_SNAPSHOTS=1 and commit the file.");
    }

    [Fact]
    public void Every_verb_says_what_it_does_in_one_line_and_how_it_is_used()
    {
        var verbs = Everything(CommandLine.Root()).OfType<Verb>().ToList();
        Assert.All(verbs, verb => Assert.False(string.IsNullOrWhiteSpace(verb.Description) || verb.Description.Contains('\n', StringComparison.Ordinal), verb.Name));
        Assert.All(verbs.Where(v => v.Work is not null), verb => Assert.NotEmpty(verb.Examples));
        Assert.All(verbs.SelectMany(v => v.Options), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
    }

    [Fact]
    public void Every_example_is_a_line_that_can_be_read()
    {
        var root = CommandLine.Root();
        foreach (var example in Everything(root).OfType<Verb>().SelectMany(v => v.Examples))
        {
            // Quotation marks and redirections are the shell's.
            var words = example.Split(" > ")[0].Replace("'", "\"", StringComparison.Ordinal);
            var args = System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(words).ToList();
            var parsed = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
            Assert.True(UsageErrors.Of(parsed, args).Count == 0, example);
        }
    }

    [Fact]
    public async Task Help_is_data_and_needs_no_registry()
    {
        using var desk = new CommandDesk();
        var ran = await desk.RunAsync("token", "create", "--help");
        Assert.Equal((0, ""), (ran.Exit, ran.Err));
        Assert.StartsWith("Makes a token", ran.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(desk.Data));
    }

    private static IEnumerable<Command> Everything(Command command) => [command, .. command.Subcommands.SelectMany(Everything)];

    private static IEnumerable<string> Names(Command command) =>
        command is RootCommand ? ["modelregistry"] : [.. Names(command.Parents.OfType<Command>().First()), command.Name];
}
