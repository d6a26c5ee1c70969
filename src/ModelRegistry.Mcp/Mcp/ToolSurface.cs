using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Which tools a client sees, always in the same order.</summary>
internal static class ToolSurface
{
    public const string Default = "default", Registrar = "registrar";

    public static IReadOnlyList<string> Toolsets { get; } = [Default, Registrar];

    private static readonly Lazy<IReadOnlyList<RegistryTool>> Every = new(() => [.. CatalogTools.All, .. PromotionTools.All, .. RegistrarTools.All]);

    /// <summary>The default set and the toolsets named; without writing tools when read-only. An unknown toolset is refused.</summary>
    /// <param name="localFiles">Whether the caller's files are this machine's.</param>
    public static Outcome<IReadOnlyList<RegistryTool>> Select(bool readOnly, IReadOnlyList<string> toolsets, bool localFiles)
    {
        foreach (var asked in toolsets)
            if (!Toolsets.Contains(asked, StringComparer.OrdinalIgnoreCase))
                return Refusals.ToolsetUnknown(asked, Toolsets);
        return Every.Value
            .Where(t => t.Toolset == Default || toolsets.Contains(t.Toolset, StringComparer.OrdinalIgnoreCase))
            .Where(t => !readOnly || t.Hints.ReadOnly)
            .Where(t => !t.LocalFiles || localFiles)
            .ToList();
    }
}
