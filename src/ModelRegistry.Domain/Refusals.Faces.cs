namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- faces --------------------------------------------------------------------------------------------------

    public static Refusal ToolsetUnknown(string asked, IReadOnlyList<string> known) => new(RefusalKind.Invalid, "toolset_unknown",
        $"There is no toolset '{Shown(asked)}'.{(Nearest.Of(asked, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use {string.Join(" or ", known)}.",
        new Dictionary<string, string> { ["toolsets"] = string.Join(", ", known) });
}
