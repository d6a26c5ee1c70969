using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Cli;

namespace ModelRegistry.Mcp.Demo;

/// <summary>What a verb of the command line came to.</summary>
/// <param name="Screen">What the person at the terminal saw.</param>
internal sealed record Said(string Command, int Exit, string Out, string Err, string Screen)
{
    /// <summary>The data of a verb that was run with <c>--output json</c>.</summary>
    public JsonNode Json => JsonNode.Parse(Out) ?? throw new StorySurpriseException($"'{Command}' answered with nothing");

    /// <summary>The refusal's code, message and remedy, as the registry wrote them to stderr.</summary>
    public RegistrysNo No => Err.TrimEnd().Split('\n', 2) is [var first, .. var rest] && first.Split(": ", 2) is [var code, var message]
        ? new RegistrysNo(code, message, rest is [var remedy] ? remedy.Trim() : "")
        : throw new StorySurpriseException($"'{Command}' was expected to be refused, and said '{Err.Trim()}'");

    /// <summary>This, if the verb ended as expected.</summary>
    public Said Ending(int exit) => Exit == exit
        ? this
        : throw new StorySurpriseException($"'{Command}' ended with {Exit} instead of {exit}: {(Err.Trim().Length > 0 ? Err.Trim() : Out.Trim())}");
}

/// <summary>A no in the registry's own words.</summary>
internal sealed record RegistrysNo(string Code, string Message, string Remedy);

/// <summary>
/// The command line of this same program, on one data folder: every verb the story runs goes the way it goes for anybody,
/// but for the terminal, where a <see cref="ScriptedPerson"/> sits. Settings of the environment do not reach it.
/// </summary>
internal sealed class CommandPrompt(string dataFolder, string user, IReadOnlyDictionary<string, string> passphrases, CancellationToken cancel)
{
    // Named one by one, so that no settings file can lead the story into a real registry.
    private readonly string[] _place = Place(dataFolder);

    public static string[] Place(string dataFolder) =>
        ["--data", dataFolder, "--database", $"sqlite:{Path.Combine(dataFolder, "registry.db")}", "--artifacts", $"file:{Path.Combine(dataFolder, "artifacts")}", "--policy", "team"];

    public async Task<Said> RunAsync(params string[] words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new ScriptedPerson(passphrases);
        var around = new Surroundings(output, error, terminal, FancyOut: false, ProgressOnErr: false, Width: 100, _ => null, user);
        var exit = await CommandLine.RunAsync([.. words, .. _place], around, cancel);
        cancel.ThrowIfCancellationRequested();
        return new Said(string.Join(' ', words), exit, output.ToString(), error.ToString(), terminal.Screen);
    }

    /// <summary>Runs a reading verb and gives its data.</summary>
    public async Task<JsonNode> ReadAsync(params string[] words) => (await RunAsync([.. words, "--output", "json"])).Ending(Replies.Exit.Done).Json;
}
