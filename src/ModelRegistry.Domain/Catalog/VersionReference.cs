namespace ModelRegistry.Domain;

/// <summary>
/// How a caller names a version: a bare integer (its number), a label with or without <c>v</c>, <c>latest</c>
/// (the highest number), <c>default</c>, or <c>@alias</c>; <c>@latest</c> and <c>@default</c> mean the same as without <c>@</c>.
/// </summary>
public abstract record VersionReference
{
    /// <summary>By the number, which no other version of the model ever had.</summary>
    public sealed record ByNumber(long Number) : VersionReference;

    /// <summary>By the label, as written by the caller.</summary>
    public sealed record ByLabel(string Text) : VersionReference;

    /// <summary>Whatever version the alias points to now; the name comes without its <c>@</c>.</summary>
    public sealed record ByAlias(string Alias) : VersionReference;

    /// <summary>The highest number that was registered, at whatever stage it is.</summary>
    public sealed record Latest : VersionReference;

    /// <summary>The version the model gives when none is named.</summary>
    public sealed record Default : VersionReference;

    private VersionReference() { }

    /// <summary>Reads a reference; nothing or blank means <c>default</c>.</summary>
    public static Outcome<VersionReference> Parse(string? text)
    {
        var asked = text?.Trim() ?? "";
        if (asked.Length > 200)
            return Refusals.VersionReferenceInvalid(asked[..40] + "…");
        return asked switch
        {
            "" => new Default(),
            _ when asked.Equals("latest", StringComparison.OrdinalIgnoreCase) || asked.Equals("@latest", StringComparison.OrdinalIgnoreCase) => new Latest(),
            _ when asked.Equals("default", StringComparison.OrdinalIgnoreCase) || asked.Equals("@default", StringComparison.OrdinalIgnoreCase) => new Default(),
            ['@', ..] => Names.Alias(asked).Then<VersionReference>(a => new ByAlias(a)),
            _ when asked.All(char.IsAsciiDigit) => asked.Length <= 15 ? new ByNumber(long.Parse(asked)) : Refusals.VersionReferenceInvalid(asked),
            _ when char.IsAsciiLetterOrDigit(asked[0]) && asked.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+') => new ByLabel(asked),
            _ => Refusals.VersionReferenceInvalid(asked),
        };
    }
}
