using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>Aliases that may be pointed anywhere at will: all but those the policy governs.</summary>
internal static class FreeAlias
{
    /// <summary>The alias without its <c>@</c>; <c>default</c> is one that can be pointed too.</summary>
    public static Outcome<string> Parse(string text) =>
        Names.Fold(text.TrimStart('@')) == "default" ? "default" : Names.Alias(text);

    /// <summary>The alias, or the refusal that says it moves only through a promotion.</summary>
    public static Outcome<string> Of(PromotionPolicy policy, string text) => Parse(text).Then<string>(alias =>
        policy.GovernedAliases.TryGetValue(alias, out var stage) ? Refusals.AliasGoverned(alias, stage) : alias);
}
