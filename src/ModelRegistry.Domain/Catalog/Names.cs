using System.Text.RegularExpressions;

namespace ModelRegistry.Domain;

/// <summary>
/// Names people and agents type. All are ASCII, so that no look-alike letter, zero-width or bidirectional character
/// can make one name pass for another.
/// </summary>
public static partial class Names
{
    /// <summary>A model's name: <c>[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}</c>, no trailing space; unique ignoring case.</summary>
    public static Outcome<string> Model(string? text) =>
        ModelPattern().IsMatch(text ?? "") && !text!.EndsWith(' ') ? text : Refusals.NameInvalid("model_name", text,
            "a letter or digit, then up to 127 letters, digits, spaces, dots, underscores or hyphens (ASCII), not ending in a space");

    /// <summary>
    /// A person's, agent's or service's name, unique among all of them ignoring case. What the registry does by itself
    /// is recorded under its own name, so nobody else has that one.
    /// </summary>
    public static Outcome<string> Actor(string? text) =>
        ActorPattern().IsMatch(text ?? "") && !text!.EndsWith(' ') && Fold(text) != Domain.Actor.Registry.Name ? text : Refusals.NameInvalid("name", text,
            $"a letter or digit, then up to 63 letters, digits, spaces, dots, underscores, @ or hyphens (ASCII), not ending in a space; not '{Domain.Actor.Registry.Name}'");

    /// <summary>
    /// An alias: a word that is neither a number, a <c>vN</c> label nor one of the reserved references. Aliases are
    /// compared by <see cref="Fold"/>, like names: <c>Champion</c> must not pass for <c>champion</c>.
    /// </summary>
    public static Outcome<string> Alias(string? text)
    {
        var alias = text is ['@', .. var rest] ? rest : text ?? "";
        return AliasPattern().IsMatch(alias) && !NumberLike().IsMatch(alias) && Fold(alias) is not ("latest" or "default")
            ? alias
            : Refusals.NameInvalid("alias", text, "up to 128 letters, digits, underscores or hyphens; not 'latest', 'default', a number or a label such as v3");
    }

    /// <summary>The key of a tag, metric or hyperparameter.</summary>
    public static Outcome<string> Key(string? text, string field) =>
        KeyPattern().IsMatch(text ?? "") ? text! : Refusals.NameInvalid(field, text, "up to 250 letters, digits or any of _ . / @ % : + - and spaces (ASCII), starting with a letter, digit or underscore");

    /// <summary>A role: one of <see cref="Permissions.Roles"/> or a word such as <c>risk</c> that fills an approval slot.</summary>
    public static Outcome<string> Role(string? text) =>
        RolePattern().IsMatch(text ?? "") ? text! : Refusals.NameInvalid("role", text, "a lower-case word of up to 32 letters, digits, underscores or hyphens");

    /// <summary>How a unique name is compared: ignoring the case of ASCII letters and nothing else, so that no other letter passes for one (the Kelvin sign for a K).</summary>
    public static string Fold(string name) => string.Create(name.Length, name, static (folded, text) =>
    {
        for (var i = 0; i < folded.Length; i++)
            folded[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
    });

    /// <summary>How text in any language is searched: ignoring case, the same on every database because it is folded here.</summary>
    public static string FoldText(string text) => text.ToLowerInvariant();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}\z")]
    private static partial Regex ModelPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}\z")]
    private static partial Regex ActorPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_-]{0,127}\z")]
    private static partial Regex AliasPattern();

    [GeneratedRegex(@"\Av?[0-9]+\z", RegexOptions.IgnoreCase)]
    private static partial Regex NumberLike();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_./@%:+ -]{0,249}\z")]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,31}\z")]
    private static partial Regex RolePattern();
}
