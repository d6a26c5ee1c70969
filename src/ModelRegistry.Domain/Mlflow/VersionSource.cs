namespace ModelRegistry.Domain.Mlflow;

/// <summary>
/// Where an MLflow client says that a version's files lie. Whoever reads it later may follow it, so what could lead out of its
/// place, or into the file system of a server, is refused.
/// </summary>
public abstract record VersionSource(string Text)
{
    /// <summary>Another version here: <c>models:/NAME/VERSION</c>, <c>models:/NAME/STAGE</c> or <c>models:/NAME@ALIAS</c>.</summary>
    /// <param name="Reference">A number, a stage of MLflow's, <c>latest</c>, or <c>@alias</c>.</param>
    public sealed record OfModel(string Text, string Name, string Reference) : VersionSource(Text);

    /// <summary>What was uploaded here before, at this path of the artifact proxy.</summary>
    public sealed record Uploaded(string Text, string Path) : VersionSource(Text);

    /// <summary>What lies under this prefix of a bucket.</summary>
    public sealed record InBucket(string Text) : VersionSource(Text);

    /// <summary>Somewhere that this registry does not look at.</summary>
    public sealed record Elsewhere(string Text) : VersionSource(Text);

    private const string Models = "models:/", Artifacts = "mlflow-artifacts:/";

    /// <summary>The path under which the artifact proxy stands, behind the address of a server.</summary>
    public const string ProxyPath = "/api/2.0/mlflow-artifacts/artifacts/";

    /// <param name="here">The address under which the caller reaches this server, with no slash at its end.</param>
    /// <returns>The source, or <c>source_unsafe</c>.</returns>
    public static Outcome<VersionSource> Parse(string? text, string here)
    {
        var source = text?.Trim() ?? "";
        if (Problem(source) is { } problem)
            return Refusals.SourceUnsafe(text, problem);
        if (source.StartsWith(Models, StringComparison.OrdinalIgnoreCase))
            return OfAModel(source, source[Models.Length..].TrimStart('/'));
        if (source.StartsWith(Artifacts, StringComparison.OrdinalIgnoreCase))
            return new Uploaded(source, PathOf(source[Artifacts.Length..]));
        if (source.StartsWith(here + ProxyPath, StringComparison.OrdinalIgnoreCase))
            return new Uploaded(source, PathOf(source[(here.Length + ProxyPath.Length)..]));
        return source.StartsWith(ObjectReference.Scheme, StringComparison.OrdinalIgnoreCase) ? new InBucket(source) : new Elsewhere(source);
    }

    // mlflow-artifacts:/path, and with a host that is left out: mlflow-artifacts:///path.
    private static string PathOf(string rest) => Uri.UnescapeDataString(rest).Trim('/');

    private static Outcome<VersionSource> OfAModel(string source, string rest)
    {
        rest = Uri.UnescapeDataString(rest);
        var at = rest.LastIndexOf('@');
        if (at > 0 && !rest.Contains('/', StringComparison.Ordinal))
            return new OfModel(source, rest[..at], rest[at..]);
        return rest.Split('/') switch
        {
            [var name, var reference] when name.Length > 0 && reference.Length > 0 => new OfModel(source, name, reference),
            // A logged model of MLflow 3, which a tracking server elsewhere knows.
            [['m', '-', ..]] => new Elsewhere(source),
            _ => Refusals.SourceUnsafe(source, "models:/NAME/VERSION, models:/NAME/STAGE or models:/NAME@ALIAS was expected"),
        };
    }

    private static string? Problem(string source)
    {
        if (source.Length == 0)
            return "it is empty";
        if (source.Length > 2_000)
            return "it is longer than 2,000 characters";
        var scheme = source.IndexOf(':', StringComparison.Ordinal);
        // One letter and a colon are a drive.
        if (scheme < 2 || !source[..scheme].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.') || !char.IsAsciiLetter(source[0]))
            return "it is a path of a machine, not an address";
        if (source[..scheme].Equals("file", StringComparison.OrdinalIgnoreCase))
            return "it is a path of a machine";
        // However often it was encoded: each hop may decode it once.
        for (var text = source; ;)
        {
            if (text.Any(c => char.IsControl(c) || c is '\\' or '\uFFFD' || char.IsSurrogate(c)))
                return "it has a character that an address has not";
            if (text.Split('/', '?', '#', ';', '&', '=').Contains(".."))
                return "it has '..' for a step";
            var decoded = Uri.UnescapeDataString(text);
            if (decoded == text)
                return null;
            text = decoded;
        }
    }
}
