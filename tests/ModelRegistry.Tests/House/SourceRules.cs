using System.Text.RegularExpressions;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.House;

/// <summary>Rules about where things stand and what they are called.</summary>
public class SourceRules
{
    private static readonly string[] Faces = ["Cli", "Mcp", "Demo"];

    [Fact]
    public void Sql_stands_in_storage_and_audit_only() => HouseRule.Holds(
        "SQL is written in src/ModelRegistry/Storage and Audit; elsewhere, call a method of RegistrySession that says what is meant.",
        from file in SourceTree.CSharp("src/")
        where !file.Path.StartsWith("src/ModelRegistry/Storage/", StringComparison.Ordinal) && !file.Path.StartsWith("src/ModelRegistry/Audit/", StringComparison.Ordinal)
        from literal in file.Literals
        where Regex.IsMatch(literal.Text, @"^\s*(select|insert into|update|delete from|with \w+ as|create (table|index)|alter table|drop (table|index)|SELECT|INSERT INTO|UPDATE|DELETE FROM)\s")
        select $"{file.Path}:{literal.Line}: {literal.Text.Trim().Split('\n')[0]}");

    [Fact]
    public void The_faces_name_no_storage() => HouseRule.Holds(
        "A face calls use cases of src/ModelRegistry; it names neither its storage nor a database library.",
        SourceTree.CSharp("src/ModelRegistry.Mcp/").SelectMany(file => file.CodeWith(@"\bModelRegistry\.Storage\b.*|\bStorage\.\w+|\bNpgsql\b\S*|\bMicrosoft\.Data\.Sqlite\b|\bSqlite[A-Z]\w*|\bSQLitePCL\b|\bDapper\b")));

    [Fact]
    public void The_faces_do_not_name_each_other() => HouseRule.Holds(
        "Cli and Mcp share Program, Replies, Settings and the like at the top of src/ModelRegistry.Mcp and nothing else; only Demo, the story, drives both.",
        from face in Faces
        where face != "Demo"
        from other in Faces
        where other != face
        from file in SourceTree.CSharp($"src/ModelRegistry.Mcp/{face}/")
        from place in file.CodeWith($@"\bModelRegistry\.Mcp\.{other}\b[\w.;]*|(?<![\w.]){other}\.[A-Z]\w*")
        select place);

    [Fact]
    public void Only_the_command_line_talks_to_the_console() => HouseRule.Holds(
        "Stdout belongs to the protocol or to the command line's data: the registry and the domain log, the MCP face answers.",
        SourceTree.CSharp("src/ModelRegistry.Domain/", "src/ModelRegistry/", "src/ModelRegistry.Mcp/Mcp/").SelectMany(file => file.CodeWith(@"\bConsole\.(Write\w*|Out|Error|Set\w+|Read\w*)\b")));

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
        "The project speaks of itself alone: no paths of a machine, no ticket numbers, no host names of package registries.",
        SourceTree.Texts.Where(file => !SourceTree.IsRule(file)).SelectMany(file => file.TextWith(
            @"(?<![\w.}/-])/(work|root|home/[a-z]\w*)/\S*|/tmp/wt\b\S*|\b[A-Z]:\\Users\\\S*|\b(api\.)?nuget\.org\b|\bregistry\.npmjs\b\S*|\bpypi\.org\b|(?i:\b(issue|ticket|pull request) #?\d+)|(?i:\bco-authored-by\b)|(?i:\bgenerated (by|with) (an? )?(ai|llm|claude|copilot|chatgpt)\b)")));
}
