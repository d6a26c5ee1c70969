namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- faces --------------------------------------------------------------------------------------------------

    public static Refusal ToolsetUnknown(string asked, IReadOnlyList<string> known) => new(RefusalKind.Invalid, "toolset_unknown",
        $"There is no toolset '{Shown(asked)}'.{(Nearest.Of(asked, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use {string.Join(" or ", known)}.",
        new Dictionary<string, string> { ["toolsets"] = string.Join(", ", known) });

    public static Refusal ResourceNotFound(string? uri) => new(RefusalKind.NotFound, "resource_not_found",
        $"There is no resource '{Shown(uri)}'.", "See resources/list and resources/templates/list; names within a URI are percent-encoded, once.");

    public static Refusal TooManySubscriptions(int most) => new(RefusalKind.Conflict, "too_many_subscriptions",
        $"There are {most} subscriptions already.", "Give up one that is not needed any more; registry://promotions/pending tells of every promotion at once.");

    public static Refusal PromptUnknown(string? name, IReadOnlyList<string> known) => new(RefusalKind.NotFound, "prompt_unknown",
        $"There is no prompt '{Shown(name)}' here.{(name is not null && Nearest.Of(name, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use one of {string.Join(", ", known)}.");

    public static Refusal CompletionUnknown(string? reference) => new(RefusalKind.Invalid, "completion_unknown",
        $"There is neither a prompt nor a resource template '{Shown(reference)}' here.", "Name a prompt of prompts/list or the uriTemplate of one of resources/templates/list.");
}
