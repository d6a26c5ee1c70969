using System.Globalization;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

/// <summary>
/// Another process on the same database.
/// <list type="bullet">
/// <item><c>add PREFIX N WRITERS</c> waits for a line on stdin, then adds N lines from so many writers at once, and ends.</item>
/// <item><c>tell WRITERS</c> adds lines from so many writers at once, telling each on stdout once it is acknowledged, until
/// it is killed.</item>
/// <item><c>open</c> waits for a line on stdin, then opens the database and says the registry's id.</item>
/// <item><c>hang</c> adds the line <c>kept</c>, then begins to add <c>lost</c> and stops inside that transaction; says so
/// on stdout and waits to be killed.</item>
/// </list>
/// </summary>
internal static class StorageChild
{
    public const string Verb = "storage-child";

    public static ChildProcess Start(StorageOptions options, params string[] command) => ChildProcess.Start(Verb, [options.DataFolder, options.Database ?? "", .. command]);

    /// <summary>What the other process does.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var options = new StorageOptions(args[0], args[1] is { Length: > 0 } database ? database : null);
        if (args[2] == "open")
        {
            Console.WriteLine("ready");
            await Console.In.ReadLineAsync();
        }
        await using var db = await Ledger.OpenAsync(options);
        switch (args[2..])
        {
            case ["add", var prefix, var lines, var writers]:
                Console.WriteLine("open");
                await Console.In.ReadLineAsync();
                var next = 0;
                var last = int.Parse(lines, CultureInfo.InvariantCulture);
                await Task.WhenAll(Enumerable.Range(0, int.Parse(writers, CultureInfo.InvariantCulture)).Select(_ => Task.Run(async () =>
                {
                    while (Interlocked.Increment(ref next) is var i && i <= last)
                        Assert.Null((await db.AddAsync($"{prefix}-{i:000}")).Refusal);
                })));
                return 0;
            case ["tell", var writers]:
                await Task.WhenAll(Enumerable.Range(0, int.Parse(writers, CultureInfo.InvariantCulture)).Select(w => Task.Run(async () =>
                {
                    for (var i = 0; ; i++)
                        Console.WriteLine((await db.AddAsync($"{w}-{i}")).Value);
                })));
                return 0;
            case ["open"]:
                Console.WriteLine(db.RegistryId);
                return 0;
            case ["hang"]:
                _ = (await db.AddAsync("kept")).Value;
                await db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("lost"), async session =>
                {
                    await Ledger.InsertAsync(session, "lost");
                    Console.WriteLine("inside");
                    await Task.Delay(Timeout.Infinite);
                    return Ledger.No;
                }, default);
                return 0;
            default:
                return 64;
        }
    }
}
