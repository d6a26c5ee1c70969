using System.Diagnostics;
using System.Text.Json;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.House;

/// <summary>A copy of the project as a clone has it: the source, and nothing that was ever built. Gone with the test.</summary>
internal sealed class FreshClone : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("registry-clone-");

    public FreshClone()
    {
        foreach (var path in SourcePaths().Where(path => File.Exists(Repository.At(path))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
            File.Copy(Repository.At(path), At(path));
        }
    }

    /// <param name="relative">A path below its top, with forward slashes.</param>
    public string At(string relative) => Path.Combine([_folder.FullName, "source", .. relative.Split('/')]);

    /// <summary>Starts what <c>mcp.json</c> says for a kind of client, in the top folder as clients do, on a registry of its own.</summary>
    public Process Start(string kind)
    {
        var (command, arguments) = Command(File.ReadAllText(At("mcp.json")), kind);
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = At(""),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What a client's user has: nothing of the dotnet that runs this test, and no settings that make it quiet.
        foreach (var inherited in start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || key is "DOTNET_NOLOGO" or "DOTNET_CLI_UI_LANGUAGE").ToList())
            start.Environment.Remove(inherited);
        // Only so that no build server outlives the test.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["MODELREGISTRY_DATA"] = Path.Combine(_folder.FullName, "data");
        return Process.Start(start)!;
    }

    /// <summary>The command line under <c>mcpServers</c> or <c>servers</c>.</summary>
    public static (string Command, string[] Arguments) Command(string mcpJson, string kind)
    {
        using var document = JsonDocument.Parse(mcpJson);
        var server = document.RootElement.GetProperty(kind).EnumerateObject().Single().Value;
        return (server.GetProperty("command").GetString()!, [.. server.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!)]);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>What is tracked, and what is new and not ignored.</summary>
    private static string[] SourcePaths()
    {
        var git = new ProcessStartInfo(Needs.Program("git", "it knows which files are the source"),
            ["-c", "safe.directory=*", "-C", Repository.Root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        { RedirectStandardOutput = true };
        using var process = Process.Start(git)!;
        var paths = process.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0 ? paths : throw new InvalidOperationException($"git ls-files ended with {process.ExitCode}.");
    }
}
