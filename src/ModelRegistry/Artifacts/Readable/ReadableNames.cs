using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Readable;

/// <summary>Names of models and versions as names of folders that every system takes. No name of a model or label has a tilde, so that nothing clashes.</summary>
internal static class ReadableNames
{
    /// <summary>The folder of a model or version: its own name, but for a device of Windows or a dot at its end.</summary>
    internal static string Folder(string name) => ArtifactPath.Parse(name).Refusal is null ? name : name + "~";

    /// <summary>The name of what is known about a version, among its files: another where one of them has that already.</summary>
    internal static string Metadata(IEnumerable<FileEntry> files)
    {
        var taken = files.Select(file => file.Path.Split('/')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var name = "metadata.json";
        while (taken.Contains(name))
            name += "~";
        return name;
    }
}
