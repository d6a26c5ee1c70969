using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ModelRegistry.Tests;

/// <summary>
/// What an assembly names outside itself, as its metadata lists it: nothing hides behind an alias, an interpolated string
/// or a using.
/// </summary>
internal sealed class CompiledCode
{
    private CompiledCode(IReadOnlyList<string> assemblies, IReadOnlyList<string> types, IReadOnlyList<string> members) =>
        (Assemblies, Types, Members) = (assemblies, types, members);

    /// <summary>Simple names of the assemblies it refers to.</summary>
    public IReadOnlyList<string> Assemblies { get; }

    /// <summary>Full names of the types it refers to; of a nested one, that of the type around it.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The members it refers to, as <c>System.DateTime.get_Now</c>.</summary>
    public IReadOnlyList<string> Members { get; }

    public static CompiledCode Of(Assembly assembly)
    {
        using var file = File.OpenRead(assembly.Location);
        using var portable = new PEReader(file);
        var reader = portable.GetMetadataReader();
        return new CompiledCode(
            [.. reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name))],
            [.. reader.TypeReferences.Select(handle => NameOf(reader, handle))],
            [.. reader.MemberReferences.Select(handle => reader.GetMemberReference(handle)).Where(member => member.Parent.Kind == HandleKind.TypeReference)
                .Select(member => $"{NameOf(reader, (TypeReferenceHandle)member.Parent)}.{reader.GetString(member.Name)}")]);
    }

    /// <summary>Interfaces declared in an assembly that fewer than two of its types implement.</summary>
    public static IEnumerable<string> InterfacesWithoutTwoImplementations(Assembly assembly)
    {
        var types = assembly.GetTypes();
        return from contract in types
               where contract.IsInterface && !contract.Name.Contains('<', StringComparison.Ordinal)
               let implementations = types.Where(type => type is { IsClass: true, IsAbstract: false } or { IsValueType: true } && type.GetInterfaces().Any(i => (i.IsGenericType ? i.GetGenericTypeDefinition() : i) == contract)).ToList()
               where implementations.Count < 2
               select $"{contract.FullName} has {implementations.Count}: {string.Join(", ", implementations.Select(type => type.Name))}";
    }

    private static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? NameOf(reader, (TypeReferenceHandle)type.ResolutionScope)
            : $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    }
}
