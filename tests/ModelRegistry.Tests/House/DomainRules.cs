using System.Xml.Linq;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.House;

/// <summary>The domain is pure: the same arguments give the same answer, on any machine, at any time.</summary>
public class DomainRules
{
    private static readonly CompiledCode Domain = CompiledCode.Of(typeof(Refusal).Assembly);

    // Of System.IO, what touches no file: FileSystemName matches names against patterns, as text.
    private static readonly string[] PureIo = ["System.IO.Stream", "System.IO.MemoryStream", "System.IO.StringReader", "System.IO.StringWriter", "System.IO.TextReader", "System.IO.TextWriter",
        "System.IO.InvalidDataException", "System.IO.EndOfStreamException", "System.IO.Enumeration.FileSystemName"];

    private static readonly string[] Impure = ["System.Environment", "System.Console", "System.Random", "System.TimeProvider", "System.TimeZoneInfo", "System.AppContext", "System.AppDomain",
        "System.Security.Cryptography.RandomNumberGenerator", "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.Threading.Timer", "System.Threading.Thread"];

    private static readonly string[] ImpureMembers = ["System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.DateTime.ToLocalTime", "System.DateTimeOffset.ToLocalTime", "System.Threading.Tasks.Task.Delay"];

    [Fact]
    public void The_domain_names_no_file_network_clock_or_chance() => HouseRule.Holds(
        "The domain does no I/O and knows no clock, no chance and no machine: pass time, ids and random bytes in.",
        Domain.Members.Where(member => Impure.Any(type => member.StartsWith(type + ".", StringComparison.Ordinal)) || ImpureMembers.Contains(member))
            // Written by the compiler: into every iterator; into every generated regular expression.
            .Where(member => member is not ("System.Environment.get_CurrentManagedThreadId" or "System.AppContext.GetData"))
            .Concat(Domain.Types.Where(type => type.StartsWith("System.IO.", StringComparison.Ordinal) && !PureIo.Contains(type)))
            .Concat(Domain.Types.Where(type => type.StartsWith("System.Net.", StringComparison.Ordinal))));

    [Fact]
    public void The_domain_refers_to_the_base_library_only() => HouseRule.Holds(
        "The domain refers to assemblies of the base library only.",
        Domain.Assemblies.Where(assembly => !assembly.StartsWith("System.", StringComparison.Ordinal)));

    [Fact]
    public void Every_public_type_of_the_domain_says_what_it_means()
    {
        var described = XDocument.Load(Path.ChangeExtension(typeof(Refusal).Assembly.Location, ".xml")).Descendants("member")
            .Where(member => !string.IsNullOrWhiteSpace((string?)member.Element("summary")))
            .Select(member => (string?)member.Attribute("name")).ToHashSet();
        HouseRule.Holds("A public type of the domain has an XML summary: what it means, its units, its rules.",
            typeof(Refusal).Assembly.GetExportedTypes().Where(type => !described.Contains("T:" + type.FullName!.Replace('+', '.'))).Select(type => type.FullName!));
    }

    [Fact]
    public void Refusals_are_made_in_their_table() => HouseRule.Holds(
        "Every refusal is a row of Refusals*.cs in the domain; add one there and name it.",
        SourceTree.CSharp("src/").Where(file => !Path.GetFileName(file.Path).StartsWith("Refusals", StringComparison.Ordinal)).SelectMany(file => file.CodeWith(@"\bnew Refusal\(.*")));
}
