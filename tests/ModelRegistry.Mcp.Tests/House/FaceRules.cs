using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.House;

/// <summary>What the executable may know, read from what was compiled.</summary>
public class FaceRules
{
    private static readonly CompiledCode Faces = CompiledCode.Of(typeof(Replies).Assembly);

    [Fact]
    public void The_faces_refer_to_no_database_library_and_to_no_type_of_storage() => HouseRule.Holds(
        "A face calls use cases of src/ModelRegistry; it names neither its storage nor a database library.",
        // Microsoft.Data.Sqlite is there for the demo's attacker; a rule about source says who may name it.
        Faces.Assemblies.Where(assembly => assembly is "Npgsql" or "Dapper")
            .Concat(Faces.Types.Where(type => type.StartsWith("ModelRegistry.Storage.", StringComparison.Ordinal))));

    [Fact]
    public void An_interface_has_two_implementations() => HouseRule.Holds(
        "An interface exists where two implementations ship; before that, name the class.",
        CompiledCode.InterfacesWithoutTwoImplementations(typeof(Replies).Assembly));
}
