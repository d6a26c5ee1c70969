using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>Lines that make no sense end with 2 and say what was probably meant.</summary>
public class UsageTests
{
    [Theory]
    [InlineData("lst-models", "Did you mean 'list-models'?")]
    [InlineData("aprove x", "Did you mean 'approve'?")]
    [InlineData("person ad bob", "Did you mean 'add'?")]
    [InlineData("list-models --serach x", "Did you mean '--search'?")]
    [InlineData("promote m 1 production --reson=x", "Did you mean '--reason'?")]
    [InlineData("compare m 1 2 --ouput json", "Did you mean '--output'?")]
    [InlineData("compare m", "V")]
    [InlineData("get-model", "MODEL")]
    [InlineData("register m", "--file")]
    [InlineData("register m --file x --metric accuracy", "'accuracy' is not of the form name=number")]
    [InlineData("register m --file x --metric accuracy=high", "'accuracy=high' is not of the form name=number")]
    [InlineData("register m --file x --tag =y", "'=y' is not of the form key=value")]
    [InlineData("register m --file x --bump huge", "huge")]
    [InlineData("list-models --limit many", "'many' is not a whole number")]
    [InlineData("serving m --at yesterday", "'yesterday' is not a time")]
    [InlineData("serving m --at 5", "'5' is not a time")]
    [InlineData("set-metadata m --active perhaps", "perhaps")]
    [InlineData("list-models --output yaml", "yaml")]
    [InlineData("completion tcsh", "tcsh")]
    [InlineData("person", "Say which verb to run.")]
    [InlineData("", "Say which verb to run.")]
    [InlineData("list-models extra", "There is no argument 'extra' to take.")]
    public async Task A_line_that_cannot_be_read_ends_with_2_and_says_why(string line, string told)
    {
        using var desk = new CommandDesk();
        var ran = await desk.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, ran.Exit);
        Assert.Contains(told, ran.Err, StringComparison.Ordinal);
        Assert.Contains("--help`", ran.Err, StringComparison.Ordinal);
        Assert.Empty(ran.Out);
        Assert.False(Directory.Exists(desk.Data));
    }

    [Fact]
    public async Task An_alias_is_a_version_and_not_a_file_of_arguments()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9, "--alias", "candidate");
        Assert.Equal("v1", (string?)(await desk.DoneAsync("get-model", "digits", "--version", "@candidate", "--output", "json")).Json["version"]!["version"]);
    }

    [Fact]
    public async Task What_is_typed_is_repeated_without_its_escape_sequences()
    {
        using var desk = new CommandDesk();
        var ran = await desk.RunAsync("list\u001b[31m-models\u202e");
        Assert.Equal(2, ran.Exit);
        Assert.DoesNotContain('\u001b', ran.Err);
        Assert.DoesNotContain('\u202e', ran.Err);
    }
}
