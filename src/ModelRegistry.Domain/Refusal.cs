namespace ModelRegistry.Domain;

/// <summary>The shape of a no, from which each face takes its status: an HTTP status, an exit code.</summary>
public enum RefusalKind
{
    /// <summary>The request makes no sense as it stands; changing it helps.</summary>
    Invalid,
    /// <summary>What it names is not there.</summary>
    NotFound,
    /// <summary>It clashes with what is there now; reading again helps.</summary>
    Conflict,
    /// <summary>What it was meant for has changed since the caller saw it.</summary>
    Outdated,
    /// <summary>This caller may not, with this credential.</summary>
    Forbidden,
    /// <summary>The policy in force says no.</summary>
    PolicyUnmet,
    /// <summary>A proof failed: an integrity check, a signature, a digest.</summary>
    Unproven,
    /// <summary>Nobody knows who calls: no credential, or none that counts.</summary>
    Unauthenticated,
    /// <summary>Too much at once; the same request succeeds later.</summary>
    Limited,
    /// <summary>More than is taken in one request.</summary>
    TooLarge,
    /// <summary>The address is right and the method is not.</summary>
    WrongMethod,
    /// <summary>The content is of a type that is not taken.</summary>
    WrongType,
}

/// <summary>One way to say no. All of them are rows of <see cref="Refusals"/>; faces only translate.</summary>
/// <param name="Code">Stable snake_case name; the same on every face.</param>
/// <param name="Message">What is wrong, naming the offending value.</param>
/// <param name="Remedy">What to do next.</param>
/// <param name="Fields">Per bad field: what is wrong with it.</param>
/// <remarks>
/// Names and values in these texts come from whoever called. Whatever a reader could not see is spelled out here, so
/// that no row can forget it.
/// </remarks>
public sealed record Refusal(RefusalKind Kind, string Code, string Message, string Remedy, IReadOnlyDictionary<string, string>? Fields = null)
{
    public string Message { get; init; } = Refusals.Visible(Message);

    public string Remedy { get; init; } = Refusals.Visible(Remedy);

    public IReadOnlyDictionary<string, string>? Fields { get; init; } =
        Fields?.DistinctBy(f => Refusals.Visible(f.Key)).ToDictionary(f => Refusals.Visible(f.Key), f => Refusals.Visible(f.Value));

    public override string ToString() => $"{Code}: {Message} {Remedy}".TrimEnd();
}
