using System.Globalization;

namespace ModelRegistry.Measured;

/// <summary>What a campaign or a benchmark was told on its command line.</summary>
public sealed class RunOptions
{
    private readonly Dictionary<string, string> _said = [];
    private readonly HashSet<string> _known = ["seed", "record", "server"];

    /// <param name="project">The program that is run.</param>
    /// <param name="verb">Which of its campaigns or benchmarks.</param>
    /// <param name="said">What followed it: <c>--name value</c>, or <c>--record</c>.</param>
    /// <exception cref="ArgumentException">It cannot be read.</exception>
    public RunOptions(string project, string verb, IReadOnlyList<string> said)
    {
        Verb = verb;
        for (var i = 0; i < said.Count; i++)
        {
            var name = said[i].StartsWith("--", StringComparison.Ordinal) ? said[i][2..] : throw new ArgumentException($"'{said[i]}' is not an option.");
            _said[name] = name == "record" ? "true" : ++i < said.Count ? said[i] : throw new ArgumentException($"--{name} needs a value.");
        }
        Seed = Whole("seed", Environment.TickCount & 0xFFFFFF);
        // Where a server lies is this machine's.
        Command = $"dotnet run -c Release --project bench/{project} -- {verb}{string.Concat(_said.Where(s => s.Key is not ("record" or "seed" or "server")).Select(s => $" --{s.Key} {s.Value}"))} --seed {Seed}";
    }

    public string Verb { get; }

    /// <summary>What all chance comes from. When a thing happens is the machine's: the same seed gives the same load and the same faults, not the same interleaving.</summary>
    public int Seed { get; }

    /// <summary>Whether what it came to goes into <c>docs/numbers.md</c>.</summary>
    public bool Record => _said.ContainsKey("record");

    /// <summary>The server to start: by default the one beside this program.</summary>
    public string Server => _said.GetValueOrDefault("server") ?? Path.Combine(AppContext.BaseDirectory, "modelregistry.dll");

    /// <summary>What repeats it.</summary>
    public string Command { get; }

    /// <summary>The options as they were given, for a process that goes on in this one's place.</summary>
    public IEnumerable<string> Given => _said.SelectMany(s => s.Key == "record" ? (string[])["--record"] : [$"--{s.Key}", s.Value]);

    public bool Says(string name) => _said.ContainsKey(name);

    public int Whole(string name, int usual) => Read(name) is not { } text ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"--{name} is a whole number.");

    public string OneOf(string name, params string[] choices) => Read(name) is not { } text ? choices[0]
        : choices.Contains(text) ? text : throw new ArgumentException($"--{name} is one of {string.Join(", ", choices)}.");

    /// <summary>A number, whole or not.</summary>
    public double Number(string name, double usual) => Read(name) is not { } text ? usual
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"--{name} is a number.");

    public string? Text(string name) => Read(name);

    /// <summary>Once all are read that it knows.</summary>
    /// <exception cref="ArgumentException">There is another.</exception>
    public void NoMore()
    {
        if (_said.Keys.FirstOrDefault(name => !_known.Contains(name)) is { } unknown)
            throw new ArgumentException($"There is no option --{unknown}.");
    }

    /// <summary>Runs one with what it was told; what cannot be read is said, with exit code 2.</summary>
    public static async Task<int> ReadAsync(string project, string verb, IReadOnlyList<string> said, Func<RunOptions, Task<int>> run)
    {
        try
        {
            return await run(new RunOptions(project, verb, said));
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
    }

    private string? Read(string name)
    {
        _known.Add(name);
        return _said.GetValueOrDefault(name);
    }
}
