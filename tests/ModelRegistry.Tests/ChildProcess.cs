using System.Diagnostics;
using Xunit;

namespace ModelRegistry.Tests;

/// <summary>Another process: this test assembly, started with <c>dotnet exec</c> and a verb that says what it is to do.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public static ChildProcess Start(string verb, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["exec", typeof(ChildProcess).Assembly.Location, verb, .. arguments])
            start.ArgumentList.Add(argument);
        return new ChildProcess(Process.Start(start)!);
    }

    public Task SayAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    public ValueTask<string?> HearAsync() => new(_process.StandardOutput.ReadLineAsync());

    public async Task ExpectAsync(string line) => Assert.Equal(line, await HearAsync());

    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: no handler runs, nothing is closed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for a line and kills it there.</summary>
    public async Task KillAtAsync(string line)
    {
        while (await HearAsync() is var said && said != line)
            Assert.NotNull(said);
        await KillAsync();
    }

    /// <summary>Reads so many lines, kills it where it stands, and reads what it had still said.</summary>
    public async Task<List<string>> KillAfterAsync(int lines)
    {
        var said = new List<string>();
        while (said.Count < lines)
            said.Add(await HearAsync() ?? throw new InvalidOperationException("It ended by itself: " + string.Join("\n", said.TakeLast(5))));
        _process.Kill();
        while (await HearAsync() is { } line)
            said.Add(line);
        await _process.WaitForExitAsync();
        return said;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>Called in the other process, where nothing is said to it: should the tests themselves be killed, it does not go on for ever.</summary>
    public static void EndWithTests() => Task.Run(async () =>
    {
        await Console.In.ReadToEndAsync();
        Environment.Exit(0);
    });
}
