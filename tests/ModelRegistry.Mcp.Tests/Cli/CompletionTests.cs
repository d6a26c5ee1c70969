using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>What Tab offers.</summary>
public class CompletionTests
{
    [Fact]
    public async Task Verbs_options_stages_models_versions_and_promotions_are_offered()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9, "--alias", "candidate");
        await desk.RunAsync("promote", "digits", "1", "production");
        var id = await desk.PendingAsync();
        await OffersAsync(desk, "prom", "promote");
        await OffersAsync(desk, "person ", "add", "list", "disable");
        await OffersAsync(desk, "list-models --st", "--stage");
        await OffersAsync(desk, "list-models --stage ", "production", "staging");
        await OffersAsync(desk, $"get-model --data {desk.Data} ", "digits");
        await OffersAsync(desk, $"promote --data {desk.Data} digits ", "v1", "@candidate", "latest");
        await OffersAsync(desk, $"promote --data {desk.Data} digits v1 ", "production");
        await OffersAsync(desk, $"approve --data {desk.Data} ", id);
    }

    [Fact]
    public async Task Only_what_comes_next_is_offered()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9);
        Assert.Equal("digits\n", (await SuggestAsync(desk, $"promote --data {desk.Data} ")).Out.ReplaceLineEndings("\n"));
        Assert.Equal("digits\n", (await SuggestAsync(desk, $"promote --data {desk.Data} dig")).Out.ReplaceLineEndings("\n"));
        Assert.DoesNotContain("digits", (await SuggestAsync(desk, $"promote --data {desk.Data} digits ")).Out, StringComparison.Ordinal);
        Assert.Contains("--reason", (await SuggestAsync(desk, $"promote --data {desk.Data} digits v1 production ")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_no_registry_nothing_is_said_and_nothing_is_made()
    {
        using var desk = new CommandDesk();
        var ran = await SuggestAsync(desk, $"get-model --data {desk.Data} ");
        Assert.Equal((0, ""), (ran.Exit, ran.Err));
        Assert.False(Directory.Exists(desk.Data));
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _modelregistry modelregistry")]
    [InlineData("zsh", "compdef _modelregistry modelregistry")]
    [InlineData("fish", "complete -c modelregistry")]
    public async Task Each_shell_has_its_script(string shell, string holds)
    {
        using var desk = new CommandDesk();
        Assert.Contains(holds, (await desk.DoneAsync("completion", shell)).Out, StringComparison.Ordinal);
    }

    private static Task<Ran> SuggestAsync(CommandDesk desk, string line) => desk.RunAsync($"[suggest:{line.Length}]", line);

    private static async Task OffersAsync(CommandDesk desk, string line, params string[] items)
    {
        var ran = await SuggestAsync(desk, line);
        var offered = ran.Out.Split('\n', StringSplitOptions.TrimEntries);
        Assert.All(items, item => Assert.Contains(item, offered));
    }
}
