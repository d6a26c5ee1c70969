using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Cli;

namespace ModelRegistry.Mcp.Demo;

/// <summary>
/// The registry's whole story in a minute, on a fresh folder: two real models, an agent over MCP, two people at their
/// terminals. Nothing is faked; every step holds what came out against what it tells and stops at the first surprise.
/// </summary>
internal sealed partial class DemoStory
{
    private const string Model = "digits";

    private readonly Narration _story;
    private readonly CommandPrompt _prompt;
    private readonly CancellationToken _cancel;
    private readonly string _folder;
    private readonly string _data;

    // The first person owns the agents; the second is another than the user of the operating system, whose agents they would be.
    private readonly string _ana = "ana", _ben;

    private DemoStory(string folder, Narration story, string ben, IReadOnlyDictionary<string, string> passphrases, CancellationToken cancel)
    {
        (_folder, _data, _story, _ben, _cancel) = (folder, Path.Combine(folder, "data"), story, ben, cancel);
        _prompt = new CommandPrompt(_data, _ana, passphrases, cancel);
    }

    /// <summary>Runs the story and tells it on stdout.</summary>
    /// <param name="keep">Leaves the registry there and says how to go on with it; otherwise nothing is left.</param>
    /// <returns>0 when every step came out as told; 1 when one did not, which stderr names; 130 when cancelled.</returns>
    public static async Task<int> RunAsync(Surroundings around, bool keep, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var story = new Narration(around.Out, around.FancyOut, around.Width);
        var folder = MakeFolder();
        var ben = string.Equals(around.OsUser, "ben", StringComparison.OrdinalIgnoreCase) ? "cleo" : "ben";
        var passphrases = new Dictionary<string, string> { ["ana"] = Passphrase(), [ben] = Passphrase() };
        var told = false;
        try
        {
            await new DemoStory(folder, story, ben, passphrases, cancel).TellAsync();
            told = true;
            story.Plain("");
            story.Title(string.Create(CultureInfo.InvariantCulture, $"Every step came out as told, in {clock.Elapsed.TotalSeconds:0.0} s."));
            Epilogue(story, keep ? folder : null, passphrases);
            return Replies.Exit.Done;
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            // Whatever it is: Ctrl-C reaches the agent's server as well, and a call that was under way then fails as it pleases.
            await around.Err.WriteLineAsync("The demo was stopped; nothing is left of it.");
            return 130;
        }
        catch (Exception e)
        {
            await around.Err.WriteLineAsync($"Step {(story.Step.Length > 0 ? story.Step : "0")} did not come out as told: {e.Message}");
            return Replies.Exit.Unverified;
        }
        finally
        {
            if (!(keep && told))
                Remove(folder);
        }
    }

    private async Task TellAsync()
    {
        _story.Title("A model registry where agents propose and people decide.");
        _story.Plain("All of it is real: ONNX files, SQLite, an agent over MCP, passphrases. It runs in a folder of its own.");
        await FoundAsync();
        await RegisterAsync();
        await PutFirstIntoProductionAsync();
        await using (var agent = await AgentSession.StartAsync(_data, "demo-agent", _cancel))
        {
            await LookAroundAsync(agent);
            var promotion = await ProposeAsync(agent);
            await TryToConfirmAsync(agent, promotion);
            await OwnerTriesAsync(promotion);
            await SecondPersonDecidesAsync(agent, promotion);
            await WorseOneIsRejectedAsync(agent);
            await RollBackAsync(agent);
        }
        var log = await VerifyAsync();
        await AlteredEntryIsNamedAsync(log);
        await CutTailIsFoundAsync(log);
    }

    private static void Epilogue(Narration story, string? kept, IReadOnlyDictionary<string, string> passphrases)
    {
        var program = ProgramName();
        story.Plain(kept is null ? "Nothing is left of it. To go on:" : $"The registry stays in {kept}. To go on:");
        IEnumerable<(string Command, string What)> commands = kept is null
            ?
            [
                ($"{program} demo --keep", "run it again and keep the registry to look around in"),
                ($"{program} init --person YOU", "start a registry of your own"),
                ($"{program} mcp-config --client claude", "connect your agent to it"),
            ]
            :
            [
                ($"{program} history {Model} --data {kept}/data", "what served when, and who approved it"),
                ($"{program} audit verify --data {kept}/data --checkpoint {kept}/checkpoint", "prove that the log is whole"),
                ($"{program} rollback {Model} --reason 'trying it out' --data {kept}/data", "propose something and approve it yourself"),
            ];
        foreach (var (command, what) in commands)
            story.Suggest(command, what);
        if (kept is not null)
            story.Plain($"Passphrases, of this registry alone: {string.Join(", ", passphrases.Select(p => $"{p.Key} {p.Value}"))}. Remove the folder when you are done.");
    }

    /// <summary>What to type to run this program: its name where the shell finds it, else its path.</summary>
    private static string ProgramName()
    {
        var (command, arguments) = AgentSession.ThisProgram();
        if (arguments is [var assembly])
            return $"dotnet {Short(assembly)}";
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && Path.Combine(folder, Path.GetFileName(command)) == command);
        return onPath ? Path.GetFileNameWithoutExtension(command) : Short(command);

        static string Short(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path) is var relative && !relative.StartsWith("..", StringComparison.Ordinal) ? relative : path;
    }

    private static string Passphrase() => string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 5)));

    private static string MakeFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("modelregistry-demo-").FullName;
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Making the demo's folder", e);
        }
    }

    /// <summary>Takes the folder away. What cannot be removed is named; the story is told all the same.</summary>
    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"The folder {folder} could not be removed: {e.Message}");
        }
    }

    // ---- what the steps hold against what they tell --------------------------------------------------------------

    private static void Hold(bool asTold, string told, JsonNode? found)
    {
        if (!asTold)
            throw new StorySurpriseException($"{told} was expected; found: {found?.ToJsonString() ?? "nothing"}");
    }

    private async Task<string?> ServingAsync() => (string?)(await _prompt.ReadAsync("serving", Model))["version"];

    private async Task HoldServingAsync(string version)
    {
        if (await ServingAsync() is var serving && serving != version)
            throw new StorySurpriseException($"production was expected to serve {version}; it serves {serving ?? "nothing"}");
    }

    private static string Number(JsonNode? number) => ((double)number!).ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Signed(JsonNode? number) => ((double)number!).ToString("+0.0000;−0.0000;0", CultureInfo.InvariantCulture);
}
