using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Tests;

internal static class Program
{
    /// <summary>Runs the tests; or, started by one of them, is the other process it needs.</summary>
    public static Task<int> Main(string[] args) =>
        args is [StorageChild.Verb, .. var rest] ? StorageChild.RunAsync(rest)
        : args is [Crashes.RegistryChild.Verb, .. var work] ? Crashes.RegistryChild.RunAsync(work)
        : args is [Backups.MoveChild.Verb, .. var moving] ? Backups.MoveChild.RunAsync(moving)
        : args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
}
