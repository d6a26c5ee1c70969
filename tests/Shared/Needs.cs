using Xunit;

namespace ModelRegistry.Tests;

/// <summary>
/// What a test needs of the machine. Where it is missing the test is skipped and says why; where
/// <c>MODELREGISTRY_TESTS_FORBID_SKIPS=1</c> is set, as <c>.ci/run</c> does, it fails instead.
/// </summary>
internal static class Needs
{
    private static readonly bool SkipsForbidden = Environment.GetEnvironmentVariable("MODELREGISTRY_TESTS_FORBID_SKIPS") == "1";

    /// <summary>The folder of PostgreSQL's server programs (<c>initdb</c>, <c>pg_ctl</c>); null where there are none.</summary>
    public static string? PostgreSqlPrograms => Storage.PostgresServer.Programs;

    /// <summary>A PostgreSQL that tests can start themselves; gives <see cref="PostgreSqlPrograms"/>.</summary>
    public static string PostgreSql()
    {
        That(PostgreSqlPrograms is not null, "PostgreSQL's server programs (initdb, pg_ctl) are not installed here.");
        return PostgreSqlPrograms!;
    }

    /// <param name="why">The end of the sentence "This needs Linux: …".</param>
    public static void Linux(string why) => That(OperatingSystem.IsLinux(), $"This needs Linux: {why}.");

    /// <summary>A program on the PATH; gives its full path.</summary>
    /// <param name="name">Such as <c>script</c>.</param>
    /// <param name="why">The end of the sentence "script is not installed here: …".</param>
    public static string Program(string name, string why)
    {
        var path = Folders().Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        That(path is not null, $"{name} is not installed here: {why}.");
        return path!;
    }

    /// <summary>Skips the test, or fails it where skips are forbidden, unless what it needs is there.</summary>
    public static void That(bool present, string reason)
    {
        if (!present && SkipsForbidden)
            Assert.Fail($"Skips are forbidden here, and this test cannot run: {reason}");
        Assert.SkipUnless(present, reason);
    }

    private static string[] Folders() => Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
}
