using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Cli;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>What a run came to.</summary>
internal sealed record Ran(int Exit, string Out, string Err)
{
    public JsonNode Json => JsonNode.Parse(Out) ?? throw new JsonException("null");
}

/// <summary>A scripted person: answers each question for a secret in turn, and keeps what was shown.</summary>
internal sealed class TypingPerson(params string[] answers) : ITerminal
{
    private readonly Queue<string> _answers = new(answers);

    public bool IsThere => true;
    public bool Fancy { get; init; }
    public int Width => 100;
    public string Shown { get; private set; } = "";
    public List<string> Prompts { get; } = [];

    public void Write(string text) => Shown += text;

    public Task<string> AskSecretAsync(string prompt, CancellationToken cancel)
    {
        Prompts.Add(prompt);
        return Task.FromResult(_answers.Dequeue());
    }
}

/// <summary>The program in this process, on a data folder of its own: quick, for what needs no real terminal.</summary>
internal sealed class CommandDesk : IDisposable
{
    public const string Passphrase = "correct horse battery staple";

    private sealed class NoTerminal : ITerminal
    {
        public bool IsThere => false;
        public bool Fancy => false;
        public int Width => 100;

        public void Write(string text) => throw new InvalidOperationException("There is no terminal.");

        public Task<string> AskSecretAsync(string prompt, CancellationToken cancel) => throw new InvalidOperationException("There is no terminal.");
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("cli-test-").FullName;

    public string Data => Path.Combine(Folder, "data");

    public Dictionary<string, string> Environment { get; } = [];

    public Task<Ran> RunAsync(params string[] args) => RunAsync(new NoTerminal(), args);

    public async Task<Ran> RunAsync(ITerminal terminal, string[] args, bool fancy = false, CancellationToken cancel = default)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        using var error = new StringWriter(CultureInfo.InvariantCulture);
        var around = new Surroundings(output, error, terminal, fancy, ProgressOnErr: false, Width: 100, name => name == "MODELREGISTRY_DATA" ? Data : Environment.GetValueOrDefault(name), OsUser: "alice");
        var exit = await CommandLine.RunAsync(args, around, cancel);
        return new Ran(exit, output.ToString(), error.ToString());
    }

    /// <summary>Runs what has to succeed.</summary>
    public async Task<Ran> DoneAsync(params string[] args)
    {
        var ran = await RunAsync(args);
        return ran.Exit == 0 ? ran : throw new InvalidOperationException($"{string.Join(' ', args)} ended with {ran.Exit}: {ran.Err}");
    }

    /// <summary>A file in the folder, with this text.</summary>
    public string File(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A registry whose first person is alice.</summary>
    public async Task<CommandDesk> InitAsync(string policy = "local")
    {
        await DoneAsync("init", "--person", "alice", "--passphrase-file", File("passphrase", Passphrase + "\n"), "--policy", policy);
        return this;
    }

    /// <summary>Another version of a model, with content of its own.</summary>
    public Task<Ran> RegisterAsync(string model, double accuracy, params string[] more)
    {
        var text = accuracy.ToString(CultureInfo.InvariantCulture);
        return DoneAsync(["register", model, "--file", File($"{model}-{text}.bin", $"weights {text}"), "--metric", $"accuracy={text}", "--format", "onnx", .. more]);
    }

    public async Task<string> PendingAsync() => (string)(await DoneAsync("pending", "--output", "json")).Json["items"]![0]!["promotion_id"]!;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
