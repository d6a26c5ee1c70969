using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Cli;

namespace ModelRegistry.Fuzz;

/// <summary>One line of arguments, with the files that it names.</summary>
/// <param name="Files">By name in the folder that the line is run in.</param>
internal sealed record CliCase(IReadOnlyList<string> Args, IReadOnlyDictionary<string, byte[]> Files)
{
    public string Shown() => string.Join(' ', Args.Select(a => Nasty.Quoted(a.Length > 200 ? a[..200] + "…" : a)));
}

/// <summary>
/// Malformed command lines: right ones as the program's own verbs describe them, bent; with policies, metadata and cards that are bent as
/// well. They are run in a folder that is deep enough for every <c>..</c> in them, and lead to nobody.
/// </summary>
internal sealed class CliCases(int seed, TargetRegistry registry)
{
    /// <summary>The folders below <see cref="TargetRegistry.Scratch"/> that a line is run in.</summary>
    public const string Deep = "1/2/3/4/5/6/7/8";

    // A server that serves, and a story that is told, are not malformed; servers elsewhere are nobody's business.
    private static readonly string[] Not = ["serve", "stdio", "demo"];

    private static readonly string[] Hosts = ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://localhost:1/x", "http://[::1", "127.0.0.1", "ftp://127.0.0.1", "http://", "http://u:p@127.0.0.1:1", "", "http://127.0.0.1:99999"];

    private static readonly string[] Policies = [.. ((string[])["open", "local", "team", "regulated"]).Select(p => PolicyProfiles.Find(p)!)];

    private static readonly IReadOnlyList<(IReadOnlyList<string> Path, Command Verb)> Verbs = [.. Flat(CommandLine.Root(), []).Where(v => !Not.Contains(v.Path[0]))];

    private static readonly IReadOnlyList<Option> Everywhere = [.. CommandLine.Root().Options.Where(o => o.Recursive)];

    public CliCase this[int index]
    {
        get
        {
            var random = Nasty.Case(seed, index);
            var files = new Dictionary<string, byte[]>();
            var (path, verb) = Nasty.Pick(random, Verbs);
            var bends = random.Next(8) == 0 ? 0 : random.Next(1, 4);
            var args = new List<string>(path);
            foreach (var argument in verb.Arguments)
                for (var times = Math.Max(argument.Arity.MinimumNumberOfValues, random.Next(4) == 0 ? 1 : 0); times > 0; times--)
                    args.Add(Usual(argument.Name, [], random, files, bends));
            foreach (var option in verb.Options)
                if (option.Required || random.Next(6) == 0)
                    Add(args, option, random, files, bends);
            if (random.Next(6) == 0)
                Add(args, Nasty.Pick(random, Everywhere), random, files, bends);
            if (bends == 0 && random.Next(3) == 0)
                args.Add("--help");
            for (var i = 0; i < bends; i++)
                if (random.Next(3) == 0)
                    Bend(args, random);
            return new CliCase([.. args.Select((arg, i) => Contained(arg, i > 0 ? args[i - 1] : ""))], files);
        }
    }

    private static IEnumerable<(IReadOnlyList<string> Path, Command Verb)> Flat(Command at, IReadOnlyList<string> path) =>
        at.Subcommands.SelectMany(c => c.Subcommands.Count > 0 ? Flat(c, [.. path, c.Name]) : [([.. path, c.Name], c)]);

    private void Add(List<string> args, Option option, Random random, Dictionary<string, byte[]> files, int bends)
    {
        var text = Usual(option.HelpName ?? "", [option.Name], random, files, bends);
        if (option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool))
            args.Add(option.Name);
        else if (random.Next(4) == 0)
            args.Add($"{option.Name}={text}");
        else
            args.AddRange([option.Name, text]);
    }

    private string Usual(string kind, string[] option, Random random, Dictionary<string, byte[]> files, int bends)
    {
        var name = option is [var only] ? only : "";
        if (bends > 0 && random.Next(5) == 0)
            return Nasty.Text(random);
        return (kind, name) switch
        {
            (_, "--output") => Nasty.Pick(random, ["json", "table"]),
            (_, "--data") => Nasty.Pick(random, ["nowhere", registry.DataFolder]),
            (_, "--database") => Nasty.Pick(random, ["sqlite:other.db", "postgres://127.0.0.1:1/x", "Host=127.0.0.1;Port=1", "sqlite:", "x"]),
            (_, "--artifacts") => Nasty.Pick(random, ["file:blobs", "file:", "s3:///", "x"]),
            (_, "--server" or "--from" or "--mlflow" or "--public-url" or "--url") or ("URL" or "URLS" or "ADDRESS", _) => Nasty.Pick(random, Hosts),
            (_, "--policy") => Nasty.Pick(random, ["team", "nope", Named(files, "policy.json", Policy(random, bends))]),
            (_, "--metadata" or "--config" or "--measurements") => Named(files, "metadata.json", Metadata(random, bends)),
            (_, "--card") => Named(files, "card.md", Encoding.UTF8.GetBytes("---\nlicense: x\n---\n# Card\n" + Nasty.Text(random))),
            (_, "--file") => random.Next(4) == 0 ? Nasty.Pick(random, ["missing.onnx", ".", "s3://bucket/key"]) : Named(files, "model.onnx", Encoding.UTF8.GetBytes("weights " + random.Next(5))),
            (_, "--passphrase-file" or "--checkpoint" or "--key" or "--signing-keys") => Named(files, "some.txt", Encoding.UTF8.GetBytes(Nasty.Text(random))),
            (_, "--out" or "--files") => Nasty.Pick(random, ["out", "out/a", "."]),
            ("DIR", _) => Nasty.Pick(random, ["out", "."]),
            ("FILE", _) => Named(files, "given.json", random.Next(2) == 0 ? Policy(random, bends) : Metadata(random, bends)),
            ("N" or "DAYS" or "MINUTES", _) => Nasty.Pick(random, ["1", "5", "0", "-1", "99999999999"]),
            ("TIME", _) => Nasty.Pick(random, ["2026-01-31", "2026-01-31T12:00:00Z", "now", "0001-01-01", "9999-12-31T23:59:59-14:00"]),
            ("MODEL", _) => Nasty.Pick(random, ["churn", "fraud", "Churn", "nobody"]),
            ("V" or "V…" or "VERSION" or "LABEL", _) => Nasty.Pick(random, ["1", "v2", "latest", "@champion", "default", "99"]),
            ("STAGE", _) => Nasty.Pick(random, ["production", "staging", "dev", "nope"]),
            ("ID", _) => Nasty.Pick(random, [registry.Promotion, "prm_0", "x"]),
            ("TARGET", _) => Nasty.Pick(random, ["production", "nope"]),
            ("SHELL", _) => Nasty.Pick(random, ["bash", "zsh", "fish", "nope"]),
            ("k=v" or "KEY=VALUE" or "NAME=VALUE", _) => Nasty.Pick(random, ["accuracy=0.5", "a=b", "=", "a"]),
            _ => kind.Contains('|', StringComparison.Ordinal) ? Nasty.Pick(random, kind.Split('|')) : kind.Contains('=', StringComparison.Ordinal) ? "accuracy=0.5" : Nasty.Pick(random, ["ana", "ben", "a text", "1"]),
        };
    }

    private static string Named(Dictionary<string, byte[]> files, string name, byte[] content)
    {
        files[name] = content;
        return name;
    }

    private static byte[] Policy(Random random, int bends) => Bent((JsonObject)JsonNode.Parse(Nasty.Pick(random, Policies))!, random, bends);

    private static byte[] Metadata(Random random, int bends) => Bent(new JsonObject
    {
        ["format"] = "onnx", ["framework"] = "none", ["metrics"] = new JsonObject { ["accuracy"] = 0.5 }, ["hyperparameters"] = new JsonObject { ["depth"] = 3 }, ["dataset"] = "digits@1", ["code_commit"] = "0123abc",
        ["dependencies"] = new JsonArray("numpy==1.0"), ["signature"] = new JsonObject { ["input_shape"] = new JsonArray(1, 3) }, ["lineage"] = new JsonObject { ["base"] = "churn@1" }, ["tags"] = new JsonObject { ["a"] = "b" }, ["card"] = "# Card",
    }, random, bends);

    private static byte[] Bent(JsonObject tree, Random random, int bends)
    {
        var bent = new BentJson(tree);
        for (var i = 0; i < bends; i++)
            bent.Bend(random);
        var bytes = BentJson.Encoded(BentJson.Wrapped(bent.Text(), random), random);
        return bends > 0 && random.Next(3) == 0 ? BentJson.Scrambled(bytes, random) : bytes;
    }

    private static void Bend(List<string> args, Random random)
    {
        var at = random.Next(args.Count);
        switch (random.Next(10))
        {
            case 0 when args.Count > 1:
                args.RemoveAt(at);
                break;
            case 1:
                args.Insert(at, args[random.Next(args.Count)]);
                break;
            case 2:
                args.Insert(random.Next(args.Count + 1), Nasty.Text(random));
                break;
            case 3:
                args[at] += Nasty.Text(random);
                break;
            case 4:
                args.Insert(random.Next(args.Count + 1), Nasty.Pick(random, ["--", "-", "-x", "--nope", "--output", "--output=", "--=x", "-=", "---", "--no=\ud800", "[suggest]", "[suggest:3]", "[diagram]", "[", "@file", "--version", "-h", "--limit", "--at", "/?", "--output:json", "--verbose", "--log-level=nope", "--log-format", "json"]));
                break;
            case 5:
                args[at] = args[at].ToUpperInvariant();
                break;
            case 6 when args.Count > 1:
                (args[at], args[0]) = (args[0], args[at]);
                break;
            case 7:
                args[at] = args[at].Length > 1 ? args[at].Remove(random.Next(args[at].Length), 1) : "";
                break;
            default:
                // The verb stays more often than not, or nothing behind it is looked at.
                args[random.Next(Math.Min(1, args.Count - 1), args.Count)] = Nasty.Text(random);
                break;
        }
    }

    /// <summary>
    /// The same argument, leading nowhere but into the folder: what is written goes there, and what is asked is asked of this machine. A
    /// device may be named to be read.
    /// </summary>
    private string Contained(string arg, string before)
    {
        // The arguments of a process are texts that end with U+0000.
        arg = arg.Replace("\0", "", StringComparison.Ordinal);
        var (name, value) = arg.StartsWith("--", StringComparison.Ordinal) && arg.IndexOfAny(['=', ':']) is > 0 and var at ? (arg[..(at + 1)], arg[(at + 1)..]) : ("", arg);
        if (value.StartsWith('/') && !value.StartsWith(registry.DataFolder, StringComparison.Ordinal) && !(before is "--file" or "--metadata" && value is "/dev/zero" or "/proc/self/mem"))
            value = registry.Scratch + value;
        return name + (value.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "http://127.0.0.1:1/" : value);
    }
}
