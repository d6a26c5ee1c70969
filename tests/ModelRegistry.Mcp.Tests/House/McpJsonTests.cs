using System.Diagnostics;
using System.Text.Json;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.House;

/// <summary>The <c>mcp.json</c> at the top works from a clone that was never built, and stdout is the protocol's alone.</summary>
public class McpJsonTests
{
    private const string Initialize = """
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"fresh-clone","version":"1"}}}
        """;

    // Far beyond any build: it is there so that a hang ends.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    [Fact]
    public void Both_kinds_of_client_are_told_the_same_command()
    {
        var text = File.ReadAllText(Repository.At("mcp.json"));
        var (command, arguments) = FreshClone.Command(text, "mcpServers");
        var (other, otherArguments) = FreshClone.Command(text, "servers");
        Assert.Equal(command, other);
        Assert.Equal(arguments, otherArguments);
        Assert.Equal("stdio", arguments[^1]);
    }

    [Fact]
    public async Task A_clone_never_built_answers_and_every_byte_on_stdout_is_protocol()
    {
        using var clone = new FreshClone();
        using var server = clone.Start("mcpServers");
        using var patience = new CancellationTokenSource(Patience);
        var told = server.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await server.StandardInput.WriteLineAsync(Initialize.AsMemory(), patience.Token);
            await server.StandardInput.FlushAsync(patience.Token);

            var first = await server.StandardOutput.ReadLineAsync(patience.Token);
            Assert.True(first is not null, $"No answer. stderr: {(first is null ? await told : "")}");
            var answer = MessageIn(first!);
            Assert.Equal(1, answer.GetProperty("id").GetInt32());
            Assert.Equal("2025-06-18", answer.GetProperty("result").GetProperty("protocolVersion").GetString());

            server.StandardInput.Close();
            foreach (var line in (await server.StandardOutput.ReadToEndAsync(patience.Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                MessageIn(line);
            await server.WaitForExitAsync(patience.Token);
            Assert.Equal(0, server.ExitCode);
        }
        finally
        {
            End(server);
        }
    }

    [Fact]
    public async Task A_build_that_fails_says_so_on_stderr_and_nothing_on_stdout()
    {
        using var clone = new FreshClone();
        await File.AppendAllTextAsync(clone.At("src/ModelRegistry.Domain/Refusal.cs"), "this is not C#");
        using var server = clone.Start("servers");
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            server.StandardInput.Close();
            var told = server.StandardError.ReadToEndAsync(patience.Token);
            Assert.Equal("", await server.StandardOutput.ReadToEndAsync(patience.Token));
            await server.WaitForExitAsync(patience.Token);
            Assert.NotEqual(0, server.ExitCode);
            Assert.Contains("build failed", await told, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            End(server);
        }
    }

    private static JsonElement MessageIn(string line)
    {
        try
        {
            var message = JsonElement.Parse(line);
            Assert.Equal("2.0", message.GetProperty("jsonrpc").GetString());
            return message;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Assert.Fail($"Not a JSON-RPC message on stdout: {line}");
            throw;
        }
    }

    private static void End(Process server)
    {
        if (!server.HasExited)
            server.Kill(entireProcessTree: true);
    }
}
