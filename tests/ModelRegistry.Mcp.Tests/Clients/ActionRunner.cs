using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>What a step that uses an action came to, for the workflow that has it.</summary>
internal sealed record ActionRun(int Exit, IReadOnlyDictionary<string, string> Outputs, string Log, string Summary)
{
    /// <summary>Lines of the log that GitHub acts on, such as <c>::error …</c>.</summary>
    public IEnumerable<string> Commands => Log.Split('\n').Where(line => line.StartsWith("::", StringComparison.Ordinal));
}

/// <summary>
/// Runs a composite action as GitHub's runner does ("Metadata syntax for GitHub Actions", composite actions): expressions are
/// replaced in the steps, files take outputs and summary, and each step is a script for <c>bash --noprofile --norc -eo pipefail</c>.
/// </summary>
internal sealed partial class ActionRunner
{
    private readonly string _folder;
    private readonly JsonObject _action;

    private ActionRunner(string folder, JsonObject action) => (_folder, _action) = (folder, action);

    public JsonObject Action => _action;

    public IEnumerable<JsonObject> Steps => _action["runs"]!["steps"]!.AsArray().Select(step => step!.AsObject());

    /// <param name="relative">The action's folder, from the top of the project.</param>
    public static async Task<ActionRunner> ReadAsync(string relative)
    {
        using var reader = NodeProgram.Start("action.mjs", Repository.At($"{relative}/action.yml"));
        return new ActionRunner(Repository.At(relative), await reader.HearAsync() ?? throw new InvalidDataException(reader.Errors));
    }

    /// <param name="workspace">The checked-out repository.</param>
    /// <param name="environment">What the workflow sets beside the inputs.</param>
    public async Task<ActionRun> RunAsync(string workspace, IReadOnlyDictionary<string, string> inputs, IReadOnlyDictionary<string, string> environment)
    {
        var given = _action["inputs"]!.AsObject().ToDictionary(i => i.Key, i => inputs.GetValueOrDefault(i.Key) ?? (string?)i.Value!["default"] ?? "");
        if (inputs.Keys.FirstOrDefault(name => !given.ContainsKey(name)) is { } unknown)
            throw new ArgumentException($"The action has no input {unknown}.", nameof(inputs));
        var scratch = Directory.CreateTempSubdirectory("runner-").FullName;
        var steps = new Dictionary<string, Dictionary<string, string>>();
        string Filled(string text) => Expression().Replace(text, match => match.Groups[1].Value.Split('.') switch
        {
            ["inputs", var name] => given[name],
            ["steps", var step, "outputs", var name] => steps.GetValueOrDefault(step)?.GetValueOrDefault(name) ?? "",
            _ => throw new NotSupportedException($"{match.Value} is no expression that this runner knows."),
        });
        try
        {
            var (exit, log, summary) = (0, "", Path.Combine(scratch, "summary"));
            for (var i = 0; i < Steps.Count() && exit == 0; i++)
            {
                var step = Steps.ElementAt(i);
                if ((string?)step["shell"] != "bash")
                    throw new NotSupportedException("Only steps of bash are run here.");
                var (script, output) = (Path.Combine(scratch, $"{i}.sh"), Path.Combine(scratch, $"{i}.out"));
                await File.WriteAllTextAsync(script, Filled((string)step["run"]!));
                await File.WriteAllTextAsync(output, "");
                var all = new Dictionary<string, string>(environment) { ["GITHUB_ACTION_PATH"] = _folder, ["GITHUB_WORKSPACE"] = workspace, ["GITHUB_OUTPUT"] = output, ["GITHUB_STEP_SUMMARY"] = summary, ["GITHUB_SHA"] = "0123abc", ["GITHUB_RUN_ID"] = "77", ["GITHUB_RUN_ATTEMPT"] = "2", ["CI"] = "true" };
                foreach (var (name, value) in step["env"]?.AsObject() ?? [])
                    all[name] = Filled((string)value!);
                var ran = await ClientProcess.RunAsync("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], all, workspace);
                (exit, log) = (ran.Exit, log + ran.All);
                steps[(string?)step["id"] ?? $"{i}"] = Outputs(await File.ReadAllTextAsync(output));
            }
            var outputs = _action["outputs"]!.AsObject().ToDictionary(o => o.Key, o => Filled((string)o.Value!["value"]!));
            return new ActionRun(exit, outputs, log, File.Exists(summary) ? await File.ReadAllTextAsync(summary) : "");
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    // "Workflow commands", multiline strings: name<<delimiter, lines, delimiter. Or name=value.
    private static Dictionary<string, string> Outputs(string text)
    {
        var outputs = new Dictionary<string, string>();
        var lines = new Queue<string>(text.Split('\n'));
        while (lines.TryDequeue(out var line))
            if (line.Split("<<", 2) is [var name, var delimiter] && !name.Contains('=', StringComparison.Ordinal))
            {
                var value = new List<string>();
                while (lines.Dequeue() is var next && next != delimiter)
                    value.Add(next);
                outputs[name] = string.Join('\n', value);
            }
            else if (line.Split('=', 2) is [var single, var text1])
            {
                outputs[single] = text1;
            }
        return outputs;
    }

    [GeneratedRegex(@"\$\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")]
    private static partial Regex Expression();
}
