using ModelRegistry.Fuzz;
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
    [InlineData("cli", 3_000)]
    public async Task Whatever_comes_in_is_refused_or_done_and_never_a_failure(string face, int cases) => Sound(face, await MalformedRun.RunAsync(new MalformedOptions(face, InProcess: true, cases * Times, Seed)));

    [Theory]
    [InlineData("json-rpc", 2_000)]
    [InlineData("rest", 1_000)]
    [InlineData("multipart", 1_000)]
    [InlineData("mlflow", 1_000)]
    [InlineData("cli", 40)]
    [Attack(21, "mcp-stdio")]
    public async Task A_real_process_refuses_it_or_does_it_and_goes_on(string face, int cases) => Sound(face, await MalformedRun.RunAsync(new MalformedOptions(face, InProcess: false, cases * Times, Seed + 1)));

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

    private static void Sound(string face, Findings findings)
    {
        Assert.True(findings.Wrong == 0, $"{findings.Wrong} wrong\n{string.Join('\n', findings.Problems.Take(10))}");
        // Both what was refused and what was done has to be among it, or the input was no test.
        var (done, refused) = face == "cli" ? (findings.Of("exit 0"), findings.Of("exit 64") + findings.Of("exit 66") + findings.Of("exit 77"))
            : (findings.Of("200") + findings.Of("201") + findings.Of("stdio done"), findings.Of("400") + findings.Of("404"));
        Assert.True(done > findings.Cases / 25 && refused > findings.Cases / 25, findings.Told());
    }

    private static int Number(string variable, int usual) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var asked) ? asked : usual;
}
