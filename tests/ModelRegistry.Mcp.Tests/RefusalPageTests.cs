using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The page of refusals, as a file: a row that changes is seen as a difference, and the page is never behind the code.</summary>
public class RefusalPageTests
{
    private const string Page = "docs/refusals.md";

    [Fact]
    public void The_page_says_what_the_code_says()
    {
        var now = RefusalPage.Write();
        var path = Repository.At(Page);
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, now);
        }
        Assert.True(File.ReadAllText(path) == now, $"The refusals differ from {Page}. If that is meant, run this test with MODELREGISTRY_UPDATE_SNAPSHOTS=1 and commit the file.");
    }

    [Fact]
    public void It_has_every_code_and_names_what_it_leaves_open()
    {
        var now = RefusalPage.Write();
        foreach (var row in RefusalRows.All.SelectMany(row => RefusalRows.Call(row, p => RefusalRows.Of(p, "x"))))
            Assert.Contains($"| `{row.Code}` |", now, StringComparison.Ordinal);
        // Numbers and moments that stand for others.
        Assert.DoesNotContain("4242", now, StringComparison.Ordinal);
        Assert.DoesNotContain("424,2", now, StringComparison.Ordinal);
        Assert.DoesNotContain("2026-01-02", now, StringComparison.Ordinal);
    }
}
