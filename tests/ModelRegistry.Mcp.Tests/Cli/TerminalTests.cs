using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>A passphrase is typed on the terminal itself, by whoever sits there, and by no other way.</summary>
public class TerminalTests
{
    private const string Passphrase = "correct horse battery staple";

    [Fact]
    [Attack(1, "cli")]
    public async Task A_passphrase_in_a_pipe_an_argument_or_the_environment_is_not_taken()
    {
        using var program = new ProgramProcess();
        var id = await WithPendingAsync(program);
        var piped = await program.RunAsync(["approve", id], input: Passphrase + "\n");
        Assert.Equal((77, ""), (piped.Exit, piped.Out));
        Assert.StartsWith("terminal_required: ", piped.Err, StringComparison.Ordinal);
        foreach (var name in new[] { "MODELREGISTRY_PASSPHRASE", "PASSPHRASE" })
            program.Environment[name] = Passphrase;
        Assert.Equal(77, (await program.RunAsync(["approve", id])).Exit);
        Assert.Equal(2, (await program.RunAsync(["approve", id, "--passphrase", Passphrase])).Exit);
        Assert.Equal(2, (await program.RunAsync(["approve", id, "--passphrase-file", program.File("p", Passphrase)])).Exit);

        var log = (await program.RunAsync(["audit", "list", "--subject", id, "--output", "json"])).Json["items"]!.AsArray();
        Assert.Equal(2, log.Count(e => (string?)e!["verb"] == "promotion.decide" && (string?)e["outcome"] == "refused"));
        Assert.Equal("pending", (string?)(await program.RunAsync(["get-promotion", id, "--output", "json"])).Json["status"]);
    }

    [Fact]
    public async Task What_is_typed_is_not_shown_and_Ctrl_C_ends_with_130_and_shows_it_again()
    {
        using var program = new ProgramProcess();
        var id = await WithPendingAsync(program);
        using var terminal = new PseudoTerminal();
        Assert.True(terminal.Echoes);
        using var process = program.StartAt(terminal, "", "approve", id);
        await terminal.ShowsAsync("passphrase of alice: ", process);
        Assert.False(terminal.Echoes);
        terminal.Type(Passphrase);
        terminal.Type("\u0003");
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        Assert.True(terminal.Echoes);
        Assert.DoesNotContain(Passphrase, await terminal.CloseAsync(), StringComparison.Ordinal);
        Assert.Equal("pending", (string?)(await program.RunAsync(["get-promotion", id, "--output", "json"])).Json["status"]);
    }

    [Fact]
    public async Task A_polite_kill_shows_what_is_typed_again()
    {
        using var program = new ProgramProcess();
        var id = await WithPendingAsync(program);
        using var terminal = new PseudoTerminal();
        using var process = program.StartAt(terminal, "", "approve", id);
        await terminal.ShowsAsync("passphrase of alice: ", process);
        using var kill = System.Diagnostics.Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
        Assert.Equal(143, process.ExitCode);
        Assert.True(terminal.Echoes);
    }

    [Fact]
    public async Task A_wrong_passphrase_decides_nothing()
    {
        using var program = new ProgramProcess();
        var id = await WithPendingAsync(program);
        var (ran, _) = await program.AtTerminalAsync(["not the passphrase"], "approve", id);
        Assert.Equal((77, ""), (ran.Exit, ran.Out));
        Assert.StartsWith("proof_failed: ", ran.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_is_drawn_on_unless_colours_are_not_wanted_and_a_pipe_never_is()
    {
        using var program = new ProgramProcess();
        await WithPendingAsync(program);
        Assert.Contains("\u001b[", await ScreenOfAsync(program), StringComparison.Ordinal);
        program.Environment["NO_COLOR"] = "1";
        Assert.DoesNotContain("\u001b[", Without(await ScreenOfAsync(program)), StringComparison.Ordinal);
        program.Environment.Remove("NO_COLOR");
        program.Environment["TERM"] = "dumb";
        Assert.DoesNotContain("\u001b[", await ScreenOfAsync(program), StringComparison.Ordinal);
        program.Environment.Remove("TERM");
        Assert.DoesNotContain('\u001b', (await program.RunAsync(["list-models"])).Out);
    }

    // The runtime sets the keypad's mode when a terminal is opened: no colour, and none of ours.
    private static string Without(string screen) => screen.Replace("\u001b[?1h\u001b=", "", StringComparison.Ordinal);

    private static async Task<string> ScreenOfAsync(ProgramProcess program)
    {
        using var terminal = new PseudoTerminal();
        using var process = program.StartAt(terminal, ">\"$0\" 2>\"$0\"", "list-models");
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return await terminal.CloseAsync();
    }

    private static async Task<string> WithPendingAsync(ProgramProcess program)
    {
        Assert.Equal(0, (await program.RunAsync(["init", "--person", "alice", "--passphrase-file", program.File("alice", Passphrase)])).Exit);
        Assert.Equal(0, (await program.RunAsync(["register", "digits", "--file", program.File("one.onnx", "one")])).Exit);
        return (string)(await program.RunAsync(["promote", "digits", "1", "production", "--output", "json"])).Json["promotion_id"]!;
    }
}
