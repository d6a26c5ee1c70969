namespace ModelRegistry.Tests;

/// <summary>The working copy that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its top folder.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <param name="relative">A path below the top, with forward slashes.</param>
    public static string At(string relative) => Path.Combine([Root, .. relative.Split('/')]);

    private static string Find(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "ModelRegistry.Mcp.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"{from} is not below a working copy of the project.");
    }
}
