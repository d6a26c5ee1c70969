using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// Which tools a client sees, always in the same order. It keeps the context of a language model small; what a caller may
/// do is decided elsewhere, by its credential.
/// </summary>
internal sealed class ToolSurface
{
    public const string Default = "default", Registrar = "registrar";

    private static readonly Lazy<IReadOnlyList<RegistryTool>> Every = new(() => [.. CatalogTools.All, .. PromotionTools.All, .. RegistrarTools.All]);

    private readonly Dictionary<string, RegistryTool> _byName;
    private readonly Lazy<ListToolsResult> _list;

    private ToolSurface(bool readOnly, IReadOnlyList<RegistryTool> tools)
    {
        (ReadOnly, Tools, _byName) = (readOnly, tools, tools.ToDictionary(t => t.Name, StringComparer.Ordinal));
        // Made at the first listing: schemas take longer than the whole handshake.
        _list = new Lazy<ListToolsResult>(() => new ListToolsResult { Tools = [.. tools.Select(t => t.Describe())] });
    }

    public static IReadOnlyList<string> Toolsets { get; } = [Default, Registrar];

    public bool ReadOnly { get; }

    public IReadOnlyList<RegistryTool> Tools { get; }

    public ListToolsResult List => _list.Value;

    /// <summary>The tool's name as the code has it; null of what is no tool, wherever it came from.</summary>
    public static string? Known(string? name) => name is not null && Names.Value.TryGetValue(name, out var known) ? known : null;

    private static readonly Lazy<HashSet<string>> Names = new(() => Every.Value.Select(t => t.Name).ToHashSet(StringComparer.Ordinal));

    public RegistryTool? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// The default set and the toolsets named, or the tools named and only those (with toolsets named as well: both);
    /// without writing tools when read-only, whatever else is asked for. An unknown name is refused.
    /// </summary>
    /// <param name="localFiles">Whether the caller's files are this machine's.</param>
    public static Outcome<ToolSurface> Select(SurfaceSettings asked, bool localFiles)
    {
        if (asked.Toolsets.FirstOrDefault(name => !Toolsets.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } toolset)
            return Refusals.ToolsetUnknown(toolset, Toolsets);
        var there = Every.Value.Where(t => !t.LocalFiles || localFiles).ToList();
        if (asked.Tools.FirstOrDefault(name => !there.Exists(t => Named(t, name))) is { } tool)
            return Refusals.ToolUnknown(tool, [.. there.Select(t => t.Name)]);
        var withDefault = asked.Tools.Count == 0 || asked.Toolsets.Contains(Default, StringComparer.OrdinalIgnoreCase);
        return new ToolSurface(asked.ReadOnly, [.. there
            .Where(t => asked.Tools.Any(name => Named(t, name)) || (t.Toolset == Default ? withDefault : asked.Toolsets.Contains(t.Toolset, StringComparer.OrdinalIgnoreCase)))
            .Where(t => !asked.ReadOnly || t.Hints.ReadOnly)]);
    }

    /// <summary>What of this is also offered there.</summary>
    public ToolSurface Within(ToolSurface bound) => new(ReadOnly || bound.ReadOnly, [.. Tools.Where(t => bound.Find(t.Name) is not null)]);

    private static bool Named(RegistryTool tool, string name) => string.Equals(tool.Name, name, StringComparison.OrdinalIgnoreCase);
}
