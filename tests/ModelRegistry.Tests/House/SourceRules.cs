using System.Text.RegularExpressions;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.House;

/// <summary>Rules about where things stand and what they are called.</summary>
public class SourceRules
{
    // The demo's attacker comes past every door, as an attacker would: it opens a copy of the database by itself.
    private const string Intruder = "src/ModelRegistry.Mcp/Demo/Intruder.cs";

    [Fact]
    public void Sql_stands_in_storage_and_audit_only() => HouseRule.Holds(
        "SQL is written in src/ModelRegistry/Storage and Audit; elsewhere, call a method of RegistrySession that says what is meant.",
        from file in SourceTree.CSharp("src/")
        where file.Path != Intruder && !file.Path.StartsWith("src/ModelRegistry/Storage/", StringComparison.Ordinal) && !file.Path.StartsWith("src/ModelRegistry/Audit/", StringComparison.Ordinal)
        from literal in file.Literals
        where Regex.IsMatch(literal.Text, @"^\s*(select|insert into|update|delete from|with \w+ as|create (table|index)|alter table|drop (table|index)|SELECT|INSERT INTO|UPDATE|DELETE FROM)\s")
        select $"{file.Path}:{literal.Line}: {literal.Text.Trim().Split('\n')[0]}");

    [Fact]
    public void The_faces_name_no_storage() => HouseRule.Holds(
        "A face calls use cases of src/ModelRegistry; it names neither its storage nor a database library.",
        SourceTree.CSharp("src/ModelRegistry.Mcp/").Where(file => file.Path != Intruder).SelectMany(file => file.CodeWith(@"\bModelRegistry\.Storage\b.*|(?<![\w.])Storage\.\w+|\bNpgsql\b\S*|\bMicrosoft\.Data\.Sqlite\b|\bSqlite(Connection|Command|DataReader|Exception)\w*|\bSQLitePCL\b|\bDapper\b")));

    [Fact]
    public void The_faces_do_not_name_each_other() => HouseRule.Holds(
        "The faces share what stands at the top of src/ModelRegistry.Mcp (Replies, Settings, ProgramVerbs …) and nothing else; only Demo, the story, drives both.",
        // What speaks to a server is below the faces that use it.
        from face in (string[])["Cli", "Mcp", "Mlflow", "Rest", "Web", "Remote"]
        // What gives out measurements is beside them all: faces measure, and know nobody who listens.
        from other in (string[])["Cli", "Mcp", "Mlflow", "Rest", "Web", "Demo", "Telemetry"]
        where other != face
        let names = string.Join('|', SourceTree.CSharp($"src/ModelRegistry.Mcp/{other}/").SelectMany(NamesOf).Distinct())
        where names.Length > 0
        from file in SourceTree.CSharp($"src/ModelRegistry.Mcp/{face}/")
        from place in file.CodeWith($@"(?<![\w.])({names})\b.*")
        select place);

    /// <summary>How a file of a face is named from outside: by its namespace, or by its types where it is in the common one.</summary>
    private static IEnumerable<string> NamesOf(SourceFile file) =>
        Regex.Match(file.Text, @"^namespace ModelRegistry\.Mcp\.(\w+);", RegexOptions.Multiline) is { Success: true } own
            ? [$@"ModelRegistry\.Mcp\.{own.Groups[1].Value}", $@"{own.Groups[1].Value}\.(?=[A-Z])"]
            : Regex.Matches(file.Text, @"^\w[\w ]*\b(?:class|record|struct|interface|enum) (\w+)", RegexOptions.Multiline).Select(type => type.Groups[1].Value);

    [Fact]
    public void Only_the_command_line_talks_to_the_console() => HouseRule.Holds(
        "Stdout belongs to the protocol or to the command line's data: the registry and the domain log, the MCP face answers (and may warn on stderr).",
        SourceTree.CSharp("src/ModelRegistry.Domain/", "src/ModelRegistry/").SelectMany(file => file.CodeWith(@"\bConsole\.\w+"))
            .Concat(SourceTree.CSharp("src/ModelRegistry.Mcp/Mcp/").SelectMany(file => file.CodeWith(@"\bConsole\.(Write\w*|Out|In|Read\w*)\b"))));

    [Fact]
    public void No_file_is_longer_than_400_lines() => HouseRule.Holds(
        "A file of more than 400 lines holds two things: part it.",
        SourceTree.CSharp("src/", "tests/", "bench/").Where(file => file.Lines > 400).Select(file => $"{file.Path}: {file.Lines} lines"));

    [Fact]
    public void Nothing_is_left_for_later() => HouseRule.Holds(
        "What is missing is done or is said to whoever decides; it is not left as a mark in the code.",
        SourceTree.CSharp("src/", "tests/", "bench/").Where(file => !SourceTree.IsRule(file)).SelectMany(file => file.TextWith(@"\b(TODO|FIXME|HACK|XXX)\b.*|\bNotImplementedException\b")));

    [Fact]
    public void An_interface_has_two_implementations() => HouseRule.Holds(
        "An interface exists where two implementations ship; before that, name the class.",
        ((System.Reflection.Assembly[])[typeof(Refusal).Assembly, typeof(RegistryServices).Assembly]).SelectMany(CompiledCode.InterfacesWithoutTwoImplementations));

    [Fact]
    public void Types_are_named_for_what_they_are() => HouseRule.Holds(
        "Name the place where the work is done (PromotionDesk, ArtifactVault); Manager, Helper, Service and Utils say nothing.",
        SourceTree.CSharp("src/", "tests/", "bench/").SelectMany(file => file.CodeWith(@"\b(class|record|struct|interface) \w*(Manager|Helpers?|Service|Utils?|Utilities|Extensions)\b")));

    [Fact]
    public void Tests_do_not_sleep() => HouseRule.Holds(
        "A test waits for what it waits for; it does not sleep.",
        SourceTree.CSharp("tests/").SelectMany(file => file.CodeWith(@"\bThread\.Sleep\(")));

    [Fact]
    public void No_file_names_the_machine_or_the_tools_it_was_made_with() => HouseRule.Holds(
        "The project speaks of itself alone: no paths of a machine, no ticket numbers, no tool that wrote it.",
        SourceTree.Texts.Where(file => !SourceTree.IsRule(file)).SelectMany(file => file.TextWith(
            @"(?<![\w.}/-])/(work|root|home/[a-z]\w*)/\S*|\b[A-Z]:\\Users\\\S*|(?i:\b(issue|ticket|pull request) #?\d+)|(?i:\bco-authored-by\b)|(?i:\bgenerated (by|with) (an? )?(ai|llm|claude|copilot|chatgpt)\b)")));
}
