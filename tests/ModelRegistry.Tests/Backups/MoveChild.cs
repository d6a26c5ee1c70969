using ModelRegistry.Backups;
using ModelRegistry.Catalog;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Backups;

/// <summary>
/// Another process while a registry is moved.
/// <list type="bullet">
/// <item><c>move TO STEP</c> moves it, says each step, and stops at the one named until it is killed.</item>
/// <item><c>write</c> registers versions until it is refused: <c>kept LABEL DIGEST</c> for each, then <c>refused CODE MESSAGE</c>.</item>
/// </list>
/// </summary>
internal static class MoveChild
{
    public const string Verb = "move-child";

    public static ChildProcess Start(RegistryOptions options, params string[] command) => ChildProcess.Start(Verb, [options.DataFolder, options.Database ?? "", .. command]);

    /// <summary>What the other process does.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        ChildProcess.EndWithTests();
        var options = new RegistryOptions { DataFolder = args[0], Database = args[1] is { Length: > 0 } database ? database : null };
        switch (args[2..])
        {
            case ["move", var to, var step]:
                Ok(await RegistryMove.MoveAsync(options, to, null, "ana", TimeProvider.System, new StopAt(step)));
                return 0;
            case ["write"]:
                return await WriteAsync(options);
            default:
                return 64;
        }
    }

    private static async Task<int> WriteAsync(RegistryOptions options)
    {
        await using var services = Ok(await RegistryServices.OpenAsync(options, TimeProvider.System));
        try
        {
            while (true)
            {
                var source = Path.Combine(Directory.CreateDirectory(Path.Combine(options.DataFolder, "in", Guid.NewGuid().ToString("N"))).FullName, "model.onnx");
                await File.WriteAllTextAsync(source, $"weights {Guid.NewGuid()}");
                var view = Ok(await services.Intake.RegisterAsync(Robot, new Registration("busy", null, null, [source], Metadata())));
                Console.WriteLine($"kept {view.Version} {view.Digest}");
            }
        }
        catch (StorageUnavailableException e)
        {
            Console.WriteLine($"refused {e.Code} {e.Message} {e.Remedy}");
            return 0;
        }
    }

    private sealed class StopAt(string step) : IProgress<MoveStep>
    {
        public void Report(MoveStep value)
        {
            Console.WriteLine(value);
            if (value.ToString() != step)
                return;
            // Until it is killed.
            using var never = new ManualResetEventSlim();
            never.Wait();
        }
    }
}
