using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>Aliases that may be pointed anywhere at will: all but those the policy governs.</summary>
internal static class FreeAlias
{
    /// <summary>The most aliases of one model: whoever reads the model reads them all.</summary>
    public const int Most = 1_000;

    /// <summary>Whether a model has as many aliases as it may, and this would be one more.</summary>
    /// <param name="there">Those that it has.</param>
    public static Refusal? OneTooMany(IReadOnlyCollection<string> there, string alias) => there.Count >= Most && there.All(a => Names.Fold(a) != Names.Fold(alias))
        ? Refusals.InvalidArgument("alias", $"a model has at most {Most:N0}; take some away first (remove_aliases)") : null;

    /// <summary>The alias without its <c>@</c>; <c>default</c> is one that can be pointed too.</summary>
    public static Outcome<string> Parse(string text) =>
        Names.Fold(text.TrimStart('@')) == "default" ? "default" : Names.Alias(text);

    /// <summary>The alias, or the refusal that says it moves only through a promotion.</summary>
    public static Outcome<string> Of(PromotionPolicy policy, string text) => Parse(text).Then<string>(alias =>
        policy.GovernedAliases.TryGetValue(alias, out var stage) ? Refusals.AliasGoverned(alias, stage) : alias);
}
