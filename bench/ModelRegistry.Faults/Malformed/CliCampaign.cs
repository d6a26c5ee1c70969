using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelRegistry.Mcp;
using ModelRegistry.Mcp.Cli;

namespace ModelRegistry.Fuzz;

/// <summary>Runs malformed command lines, here or as processes, and holds what they say against what a command line may say.</summary>
internal sealed partial class CliCampaign(TargetRegistry registry, int seed, bool inProcess)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly CliCases _cases = new(seed, registry);

    private sealed record Ran(int Exit, string Out, string Err);

    public async Task RunAsync(Findings findings, int from, int count, int atOnce, TextWriter? shown)
    {
        // What a shell's Tab asks for is read with the process's own settings.
        Environment.SetEnvironmentVariable("MODELREGISTRY_DATA", registry.DataFolder);
        var before = Environment.CurrentDirectory;
        try
        {
            // One folder is a process's current one, so in one process one line is run at a time.
            await Parallel.ForAsync(from, from + count, new ParallelOptions { MaxDegreeOfParallelism = inProcess ? 1 : atOnce }, async (index, cancel) =>
            {
                var line = _cases[index];
                var folder = Directory.CreateDirectory(Path.Combine(registry.Scratch, inProcess ? "here" : $"case-{index}", CliCases.Deep)).FullName;
                foreach (var (name, content) in line.Files)
                    await File.WriteAllBytesAsync(Path.Combine(folder, name), content, cancel);
                Environment.CurrentDirectory = inProcess ? folder : before;
                var ran = inProcess ? await HereAsync(line) : await ProcessAsync(line, folder);
                findings.Count(ran is null ? "no end" : $"exit {ran.Exit}");
                var problem = ran is null ? "no end of it" : ProblemOf(line, ran);
                if (problem is not null)
                    findings.Add($"case {index}: {problem}\n  ran {line.Shown()}\n  stdout {MessageCampaign.Shown(System.Text.Encoding.UTF8.GetBytes(ran?.Out ?? ""))}\n  stderr {ran?.Err[..Math.Min(ran.Err.Length, 1_500)]}");
                if (shown is not null)
                    await shown.WriteLineAsync($"ran {line.Shown()}\nexit {ran?.Exit}\nstdout {ran?.Out}\nstderr {ran?.Err}");
                if (!inProcess)
                    Directory.Delete(Path.Combine(registry.Scratch, $"case-{index}"), recursive: true);
            });
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    private async Task<Ran?> HereAsync(CliCase line)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        using var error = new StringWriter(CultureInfo.InvariantCulture);
        using var patience = new CancellationTokenSource(Patience);
        var around = new Surroundings(output, error, new Nobody(), FancyOut: false, ProgressOnErr: false, Width: 100, name => name == "MODELREGISTRY_DATA" ? registry.DataFolder : null, TargetRegistry.User);
        try
        {
            var exit = await CommandLine.RunAsync(line.Args, around, patience.Token);
            return patience.IsCancellationRequested ? null : new Ran(exit, output.ToString(), error.ToString());
        }
        catch (Exception e)
        {
            return new Ran(-1, output.ToString(), $"{error}\nthrew {e}");
        }
    }

    private async Task<Ran?> ProcessAsync(CliCase line, string folder)
    {
        var start = new ProcessStartInfo("setsid", ["-w", "dotnet", Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), .. line.Args]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.Ordinal) || k.StartsWith("OTEL_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["MODELREGISTRY_DATA"] = registry.DataFolder;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return null;
        }
        return new Ran(process.ExitCode, await output, await error);
    }

    private static string? ProblemOf(CliCase line, Ran ran)
    {
        if (ran.Exit is not (Replies.Exit.Done or Replies.Exit.Unverified or Replies.Exit.Usage or Replies.Exit.Parked or Replies.Exit.Invalid or Replies.Exit.PolicyUnmet or Replies.Exit.NotFound or Replies.Exit.Broken or Replies.Exit.Conflict or Replies.Exit.Forbidden))
            return "an exit code that is not in the table";
        if (HttpAnswers.Trace().IsMatch(ran.Out) || (HttpAnswers.Trace().IsMatch(ran.Err) && !line.Args.Contains("--verbose")) || ran.Err.Contains("Unhandled", StringComparison.Ordinal))
            return "shows a stack trace";
        if (ran.Err.Contains("internal_error", StringComparison.Ordinal) && !line.Args.Any(a => a.Contains("internal_error", StringComparison.Ordinal)))
            return "a bug";
        if (Unseen().IsMatch(ran.Out) || Unseen().IsMatch(ran.Err))
            return "what a terminal would obey, or nobody sees";
        var asked = line.Args.Contains("--output=json") || line.Args.Zip(line.Args.Skip(1)).Any(pair => pair is ("--output", "json"));
        if (ran.Exit is Replies.Exit.Done or Replies.Exit.Unverified or Replies.Exit.Parked or Replies.Exit.PolicyUnmet)
            return asked && ran.Out.Length > 0 && !ran.Out.Contains("Usage:", StringComparison.Ordinal) && !line.Args.Any(a => a.StartsWith('[') || a is "--version") && !line.Args.Contains("export") && !IsJson(ran.Out) ? "no JSON on stdout" : null;
        if (ran.Exit == Replies.Exit.Usage)
            return ran.Out.Length > 0 ? "data beside a mistake in the line" : ran.Err.TrimEnd().EndsWith("--help`.", StringComparison.Ordinal) ? null : Refused().IsMatch(ran.Err) ? null : "a mistake that is not explained";
        return ran.Out.Length > 0 && asked && !IsJson(ran.Out) ? "something else than JSON on stdout" : Refused().IsMatch(ran.Err) ? null : "a refusal without code or remedy";
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^[a-z0-9_]+: \S.*\n\S.+", RegexOptions.Multiline)]
    private static partial Regex Refused();

    [GeneratedRegex(@"[\x00-\x08\x0B-\x1F\x7F-\x9F\u200B\u202A-\u202E\u2066-\u2069]")]
    private static partial Regex Unseen();

    /// <summary>Nobody sits at the terminal.</summary>
    private sealed class Nobody : ITerminal
    {
        public bool IsThere => false;

        public bool Fancy => false;

        public int Width => 100;

        public void Write(string text) => throw new InvalidOperationException("There is no terminal.");

        public Task<string> AskSecretAsync(string prompt, CancellationToken cancel) => throw new InvalidOperationException("There is no terminal.");
    }
}
