using System.Collections.Concurrent;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(SeededFolders))]

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// Data folders as seeding leaves them: each kind is made once in a run, by the same deeds, and copied for every test. Passphrases are
/// slow to hash and meant to be. Copies are one registry, with one identity: a test that compares two makes the second anew.
/// </summary>
public sealed class SeededFolders : IDisposable
{
    private static readonly ConcurrentDictionary<(string Policy, bool Churn), Lazy<Task<Kind>>> Kinds = new();

    /// <summary>A folder to copy from, which nothing has open, and the person who proved there that she is ana.</summary>
    private sealed record Kind(string Folder, Actor Ana);

    /// <summary>Copies a kind of data folder to where there is none yet; gives ana.</summary>
    internal static async Task<Actor> CopyAsync(string policy, bool churn, string to)
    {
        var kind = await Kinds.GetOrAdd((policy, churn), _ => new Lazy<Task<Kind>>(async () =>
        {
            var folder = Directory.CreateTempSubdirectory("registry-seeded-").FullName;
            await using var registry = await SeededRegistry.OpenAnewAsync(policy, TimeProvider.System);
            if (churn)
                await registry.ChurnAsync();
            await registry.Services.DisposeAsync();
            Copy(registry.DataFolder, Path.Combine(folder, "data"));
            return new Kind(folder, registry.Ana);
        })).Value;
        Copy(Path.Combine(kind.Folder, "data"), to);
        return kind.Ana;
    }

    public void Dispose()
    {
        foreach (var made in Kinds.Values.Where(k => k.Value.IsCompletedSuccessfully))
            Directory.Delete(made.Value.Result.Folder, recursive: true);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to, File.GetUnixFileMode(from));
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
