using Xunit;

namespace ModelRegistry.Tests;

/// <summary>How a broken rule of the house is told.</summary>
internal static class HouseRule
{
    /// <summary>Fails with the rule and every place that breaks it.</summary>
    /// <param name="rule">What holds, and what to do instead.</param>
    public static void Holds(string rule, IEnumerable<string> offenders)
    {
        var found = offenders.Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(found.Count == 0, $"{rule}\n{found.Count} place(s) break this:\n  {string.Join("\n  ", found)}");
    }
}
