using System.Diagnostics;
using ModelRegistry.Faults;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Faults;

/// <summary>Every campaign of faults, with few rounds; the long ones are run by hand.</summary>
public sealed class CampaignTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("kills", "--rounds", "4")]
    [InlineData("kills", "--database", "postgres", "--rounds", "5")]
    [InlineData("races", "--rounds", "12")]
    [InlineData("races", "--database", "postgres", "--processes", "2", "--rounds", "12")]
    [InlineData("storage", "--fault", "full", "--seconds", "1")]
    [InlineData("storage", "--fault", "vanished", "--seconds", "1")]
    public async Task Nothing_is_violated_by(params string[] campaign)
    {
        if (campaign.Contains("postgres"))
            Needs.PostgreSql();
        if (campaign[0] == "storage")
            Needs.That(Environment.UserName == "root" && OperatingSystem.IsLinux(), "Volumes in memory are mounted by root, on Linux.");
        var (code, said) = await RunAsync([.. campaign, "--seed", "1"]);
        Assert.True(code == 0, said);
        Assert.Contains("nothing was violated", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kills", "--rounds", "many")]
    [InlineData("races", "--processes", "9")]
    [InlineData("storage", "--unknown", "1")]
    [InlineData("nothing")]
    public async Task What_cannot_be_read_is_said(params string[] line) => Assert.Equal(2, (await RunAsync(line)).Code);

    private static async Task<(int Code, string Said)> RunAsync(string[] line)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(Campaign).Assembly.Location, .. line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
            return (process.ExitCode, string.Join("\n", await said));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
