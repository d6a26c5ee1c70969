using System.Xml.Linq;
using Xunit;

namespace ModelRegistry.Tests.House;

/// <summary>Which project may know which: faces, then the registry, then the domain; never back.</summary>
public class ProjectRules
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["src/ModelRegistry.Domain/ModelRegistry.Domain.csproj"] = [],
        ["src/ModelRegistry/ModelRegistry.csproj"] = ["ModelRegistry.Domain"],
        ["src/ModelRegistry.Mcp/ModelRegistry.Mcp.csproj"] = ["ModelRegistry"],
        ["bench/ModelRegistry.Bench/ModelRegistry.Bench.csproj"] = ["ModelRegistry"],
        ["bench/ModelRegistry.Faults/ModelRegistry.Faults.csproj"] = ["ModelRegistry.Mcp"],
        ["tests/ModelRegistry.Tests/ModelRegistry.Tests.csproj"] = ["ModelRegistry"],
        ["tests/ModelRegistry.Mcp.Tests/ModelRegistry.Mcp.Tests.csproj"] = ["ModelRegistry.Mcp", "ModelRegistry.Faults"],
    };

    private static IEnumerable<SourceFile> Projects => SourceTree.Texts.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    [Fact]
    public void Projects_reference_only_what_lies_below_them() => HouseRule.Holds(
        "Faces reference the registry, the registry the domain, and nothing references back; a new project says its place here.",
        from project in Projects
        from reference in References(project, "ProjectReference")
        let name = Path.GetFileNameWithoutExtension(reference)
        where !MayReference.GetValueOrDefault(project.Path, []).Contains(name)
        select $"{project.Path} references {name}");

    [Fact]
    public void The_domain_has_no_package_and_no_framework_beside_the_base_one() => HouseRule.Holds(
        "The domain is plain C#: what needs a package belongs into src/ModelRegistry.",
        from project in Projects
        where project.Path.StartsWith("src/ModelRegistry.Domain/", StringComparison.Ordinal)
        from kind in (string[])["PackageReference", "FrameworkReference", "Reference"]
        from reference in References(project, kind)
        select $"{project.Path}: {kind} {reference}");

    [Fact]
    public void Every_project_is_in_the_solution_and_has_a_lock_file_that_names_no_place()
    {
        var solution = File.ReadAllText(Repository.At("ModelRegistry.Mcp.sln")).Replace('\\', '/');
        HouseRule.Holds(
            "Every project is in the solution, and its packages.lock.json is committed and free of addresses and paths.",
            Projects.SelectMany(project =>
            {
                var lockFile = project.Path[..(project.Path.LastIndexOf('/') + 1)] + "packages.lock.json";
                return (string[])
                [
                    .. solution.Contains(project.Path, StringComparison.Ordinal) ? Array.Empty<string>() : [$"{project.Path} is not in the solution"],
                    .. SourceTree.Texts.FirstOrDefault(file => file.Path == lockFile) is { } file ? file.TextWith("https?://[^\"]*|\"(/|[A-Z]:)[^\"=]*\"") : [$"{lockFile} is missing"],
                ];
            }));
    }

    [Fact]
    public void Package_versions_stand_in_one_place() => HouseRule.Holds(
        "Versions of packages stand in Directory.Packages.props only.",
        Projects.SelectMany(project => project.TextWith("<PackageReference[^>]*Version[^>]*>")));

    private static IEnumerable<string> References(SourceFile project, string kind) =>
        XDocument.Parse(project.Text).Descendants(kind).Select(element => (string?)element.Attribute("Include") ?? "");
}
