using System.Diagnostics;
using System.Globalization;
using ModelRegistry.Measured;

namespace ModelRegistry.Fuzz;

/// <summary><c>malformed --face FACE [--in-process] [--count N] [--seed N] [--from N] [--only INDEX] [--record]</c></summary>
internal static class MalformedCommand
{
    public const string Usage = "malformed --face json-rpc|rest|multipart|mlflow|cli [--in-process] [--count N] [--seed N] [--from N] [--only INDEX] [--record]";

    public static async Task<int> RunAsync(string[] args)
    {
        var said = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Length; i++)
            said[args[i]] = args[i] is "--in-process" or "--record" ? "" : i + 1 < args.Length ? args[++i] : "";
        if (said.Keys.Any(k => k is not ("--face" or "--in-process" or "--count" or "--seed" or "--from" or "--only" or "--record")) || !MalformedRun.Faces.Contains(said.GetValueOrDefault("--face")))
        {
            await Console.Error.WriteLineAsync($"usage: faults {Usage}");
            return 2;
        }
        int Number(string name, int usual) => said.TryGetValue(name, out var text) ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : usual;
        var only = said.ContainsKey("--only");
        var options = new MalformedOptions(said["--face"], said.ContainsKey("--in-process"), only ? 1 : Number("--count", 10_000), Number("--seed", MalformedRun.Seed), Number(only ? "--only" : "--from", 0), only ? Console.Out : null);
        var clock = Stopwatch.StartNew();
        var findings = await MalformedRun.RunAsync(options);
        var took = clock.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Face}{(options.InProcess ? " in process" : "")}: {options.Count:N0} cases, {findings.Wrong:N0} wrong, {took:0} s ({findings.Told()})"));
        foreach (var problem in findings.Problems)
            Console.WriteLine(problem);
        if (said.ContainsKey("--record") && !only)
            Record(options, findings, took);
        return findings.Wrong == 0 ? 0 : 1;
    }

    private static void Record(MalformedOptions options, Findings findings, double took) => NumbersPage.Record(
        $"Malformed input: {options.Face}, {(options.InProcess ? "in process" : options.Face == "cli" ? "as processes" : "to a process")}",
        $"dotnet run -c Release --project bench/ModelRegistry.Faults -- malformed --face {options.Face}{(options.InProcess ? " --in-process" : "")} --count {options.Count} --seed {options.Seed}{(options.From > 0 ? $" --from {options.From}" : "")}",
        string.Create(CultureInfo.InvariantCulture, $"""
            | malformed | wrong | seconds |
            |--:|--:|--:|
            | {options.Count:N0} | {findings.Wrong:N0} | {took:N0} |

            Wrong would be: a 5xx (but 501 and 505 for what HTTP/1.1 leaves to them, and a refusal with 503), an answer that does not end within a minute, a byte that belongs to no answer,
            a refusal without code and remedy in the form of its address, a stack trace, an audit log that does not verify afterwards, something else in service than before.
            Answers: {findings.Told()}.
            """));
}
