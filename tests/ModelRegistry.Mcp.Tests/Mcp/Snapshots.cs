using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>What clients are told, on file: a change of it becomes a diff. <c>MODELREGISTRY_UPDATE_SNAPSHOTS=1</c> writes the files anew.</summary>
internal static class Snapshots
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task MatchAsync(string file, JsonNode said, [CallerFilePath] string here = "")
    {
        var (path, text) = (Path.Combine(Path.GetDirectoryName(here)!, "..", "Snapshots", file), said.ToJsonString(Indented) + "\n");
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SNAPSHOTS") == "1")
            await File.WriteAllTextAsync(path, text);
        Assert.Equal(await File.ReadAllTextAsync(path), text);
    }
}
