using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Mcp.Tools;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Prompt files: what is read, and what is said of one that is none.</summary>
public sealed class PromptFileTests
{
    private const string Whole = """
        ---
        name: greet
        title: Greet: somebody
        description: Says hello.
        tools: [list_models, get_promotion]
        reads: [registry://models/{who}]
        arguments:
          - name: who
            description: Whom.
            required: true
            most: 10
            suggest: model
          - name: how
            description: How.
        ---

        Hello {{who}}, {{how}}; {not} {{ this }}.
        """;

    [Fact]
    public void A_prompt_is_read_whole()
    {
        var prompt = PromptFile.Parse(Whole.ReplaceLineEndings("\r\n"));
        Assert.Equal(("greet", "Greet: somebody", "Says hello."), (prompt.Name, prompt.Title, prompt.Description));
        Assert.Equal(["list_models", "get_promotion"], prompt.Tools);
        Assert.Equal(["registry://models/{who}"], prompt.Reads);
        Assert.Equal([("who", true, 10, Suggestion.Model), ("how", false, 256, Suggestion.None)], prompt.Inputs.Select(i => (i.Argument.Name, i.Argument.Required, i.Argument.Most, i.Suggestion)));
        Assert.Equal("Hello {{how}}, {{how}}; {not} {{ this }}.", prompt.Fill(_ => "{{how}}"));
    }

    [Theory]
    [InlineData("---\nname: greet", "name: greet", "line 1")]
    [InlineData("name: greet\n", "", "'name' is missing")]
    [InlineData("title: Greet: somebody\n", "", "'title' is missing")]
    [InlineData("title: Greet: somebody", "title:", "'title' is missing")]
    [InlineData("tools: [list_models, get_promotion]", "tools: list_models", "'tools' is a list")]
    [InlineData("tools: [", "tool: [", "line 5: 'tool' is not one of name, title")]
    [InlineData("title: Greet", "name: Greet", "line 3: 'name' is given twice")]
    [InlineData("    most: 10", "   most: 10", "line 11: not 'key: value'")]
    [InlineData("    most: 10", "    most: ten", "argument who: most is")]
    [InlineData("    suggest: model", "    suggest: 1", "argument who: suggest is")]
    [InlineData("    required: true", "    required: yes", "argument who: required is")]
    [InlineData("    required: true", "    requires: true", "line 10: 'requires' is not one of name, description")]
    [InlineData("arguments:\n", "", "stands under no 'arguments:'")]
    [InlineData("{{who}}", "{{whom}}", "'whom' stands in the text, but is no argument")]
    [InlineData("{{how}}", "", "argument how is not used")]
    [InlineData("name: greet", "name: Greet us", "'Greet us' is not a name")]
    [InlineData("name: how", "name: who", "two arguments have one name")]
    public void What_is_wrong_is_said(string was, string becomes, string said)
    {
        Assert.Contains(was, Whole.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        var problem = Assert.Throws<FormatException>(() => PromptFile.Parse(Whole.ReplaceLineEndings("\n").Replace(was, becomes, StringComparison.Ordinal)));
        Assert.Contains(said, problem.Message);
    }

    [Fact]
    public void One_file_that_is_no_prompt_costs_the_others_nothing_and_is_logged()
    {
        var folder = Directory.CreateTempSubdirectory("registry-prompts-").FullName;
        File.WriteAllText(Path.Combine(folder, "b.md"), Whole);
        File.WriteAllText(Path.Combine(folder, "a.md"), Whole.Replace("name: greet", "name: again", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "c.md"), Whole);
        File.WriteAllText(Path.Combine(folder, "broken.md"), "# No front matter");
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "no prompt");
        var log = new Lines();
        Assert.Equal(["again", "greet"], new PromptShelf(folder, log).Prompts.Select(p => p.Name));
        Assert.Equal(2, log.Said.Count);
        Assert.Contains(log.Said, line => line.Contains("broken.md is left out: line 1", StringComparison.Ordinal));
        Assert.Contains(log.Said, line => line.Contains("c.md is left out: another file", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
        Assert.Empty(new PromptShelf(folder, log).Prompts);
    }

    [Fact]
    public void Every_shipped_prompt_names_only_tools_that_are_and_says_which_it_needs()
    {
        var tools = ToolSurface.Select(new SurfaceSettings(false, ToolSurface.Toolsets, []), localFiles: true).Value.Tools.Select(t => t.Name).ToList();
        var prompts = new PromptShelf(PromptShelf.Folder, NullLogger.Instance).Prompts;
        Assert.Equal(6, prompts.Count);
        foreach (var prompt in prompts)
        {
            Assert.All(prompt.Tools.Concat(prompt.MayUse), tool => Assert.Contains(tool, tools));
            Assert.Equal(prompt.Tools.Concat(prompt.MayUse).Order(), tools.Where(tool => prompt.Body.Contains($"`{tool}`", StringComparison.Ordinal)).Order());
            Assert.InRange(prompt.Body.Length, 500, 3_500);
            Assert.InRange(prompt.Description.Length, 20, 200);
        }
        // What leads towards a decision says whose it is.
        Assert.All(prompts.Where(p => p.Name != "choose_model"), p => Assert.Contains("annot approve", p.Body));
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }
}
