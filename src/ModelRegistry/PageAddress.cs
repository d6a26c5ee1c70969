namespace ModelRegistry;

/// <summary>
/// Where people find the pages of this registry: the base of links to a decision, and what passkeys belong to (WebAuthn's
/// relying party). Told by who serves them; none where nobody does.
/// </summary>
public sealed class PageAddress
{
    private volatile Uri? _base;

    internal PageAddress(string? publicUrl) => _base = publicUrl is null ? null : new Uri(publicUrl);

    /// <summary>The public address, such as <c>https://models.example.org</c>; null where there are no pages.</summary>
    public Uri? Base => _base;

    /// <summary>Scheme, host and port, as browsers name it.</summary>
    public string? Origin => _base?.GetLeftPart(UriPartial.Authority);

    /// <summary>The page to decide on a promotion. It leads there and carries no authority.</summary>
    public string? Promotion(string id) => _base is { } b ? $"{b.AbsoluteUri.TrimEnd('/')}/ui/promotions/{id}" : null;

    /// <summary>The pages are there now, or no longer.</summary>
    public void Move(Uri? publicUrl) => _base = publicUrl;
}
