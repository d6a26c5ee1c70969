using System.Diagnostics;
using ModelRegistry.Fuzz;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// Clients that send rubbish on every face, a great deal of it: seeded, so that a case can be had again. <c>bench/ModelRegistry.Faults</c>
/// sends more, and shows one case and its answer. MODELREGISTRY_FUZZ_SEED asks for other cases, MODELREGISTRY_FUZZ_TIMES for so many times as many.
/// </summary>
public sealed class MalformedTests
{
    private static int Seed { get; } = Number("MODELREGISTRY_FUZZ_SEED", MalformedRun.Seed);

    private static int Times { get; } = Number("MODELREGISTRY_FUZZ_TIMES", 1);

    [Theory]
    [InlineData("json-rpc", 30_000)]
    [InlineData("rest", 10_000)]
    [InlineData("multipart", 8_000)]
    [InlineData("mlflow", 10_000)]
    public async Task Whatever_comes_in_is_refused_or_done_and_never_a_failure(string face, int cases) => Sound(await MalformedRun.RunAsync(new MalformedOptions(face, InProcess: true, cases * Times, Seed)));

    [Theory]
    [InlineData("json-rpc", 2_000)]
    [InlineData("rest", 1_000)]
    [InlineData("multipart", 1_000)]
    [InlineData("mlflow", 1_000)]
    [InlineData("cli", 40)]
    [Attack(21, "mcp-stdio")]
    public async Task A_real_process_refuses_it_or_does_it_and_goes_on(string face, int cases) => Sound(await MalformedRun.RunAsync(new MalformedOptions(face, InProcess: false, cases * Times, Seed + 1)));

    [Fact]
    public async Task Whatever_is_typed_is_refused_or_done_and_never_a_failure()
    {
        // In a process of its own, since a process has one current folder, and the lines are run in folders that are theirs.
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ModelRegistry.Faults.dll"), "malformed", "--face", "cli", "--in-process", "--count", $"{3_000 * Times}", "--seed", $"{Seed}"]) { RedirectStandardOutput = true };
        using var campaign = Process.Start(ProgramProcess.WithoutSettings(start))!;
        var told = await campaign.StandardOutput.ReadToEndAsync();
        await campaign.WaitForExitAsync();
        Assert.True(campaign.ExitCode == 0, told);
    }

    [Fact]
    public void What_is_wrong_is_found()
    {
        var broken = "HTTP/1.1 500 Internal Server Error\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 0\r\n\r\n"u8.ToArray();
        Assert.Equal("a failure", HttpAnswers.Check("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), broken, []).Problem);
        var stray = "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 2\r\n\r\n{}}"u8.ToArray();
        Assert.StartsWith("stray bytes", HttpAnswers.Check("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), stray, []).Problem);
        var silent = "HTTP/1.1 400 Bad Request\r\nX-Content-Type-Options: nosniff\r\nContent-Type: application/problem+json\r\nContent-Length: 31\r\n\r\n{\"title\":\"It is no\",\"code\":\"no\"}"u8.ToArray();
        Assert.NotNull(HttpAnswers.Check("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), silent, []).Problem);
    }

    private static void Sound(Findings findings) => Assert.True(findings.Wrong == 0, $"{findings.Wrong} wrong\n{string.Join('\n', findings.Problems.Take(10))}");

    private static int Number(string variable, int usual) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var asked) ? asked : usual;
}
