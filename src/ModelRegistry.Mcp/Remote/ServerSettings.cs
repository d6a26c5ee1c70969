using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Remote;

/// <summary>A running server that stands in for a data folder.</summary>
/// <param name="Address">Its base: https, or http on this machine.</param>
/// <param name="Token">The bearer token sent along; null: none. Never shown, not even by <see cref="ToString"/>.</param>
internal sealed record ServerSettings(Uri Address, string? Token)
{
    private const int LongestToken = 4_096;

    /// <summary>Reads what was said. A token or a passphrase never leaves the machine in the clear, so such an address is refused before anything is sent.</summary>
    public static Outcome<ServerSettings> Read(string address, string? token)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url is not { Scheme: "http" or "https", AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "", Host.Length: > 0 })
            return Refusals.InvalidArgument("server", "an address without a path, such as https://models.example.org");
        if (url is { Scheme: "http", IsLoopback: false })
            return Refusals.ServerNotSecure(url.GetLeftPart(UriPartial.Authority));
        // The value is not repeated: it may be a good token with something pasted beside it.
        if (token is not null && (token.Length > LongestToken || !token.All(c => c is > ' ' and <= '~')))
            return Refusals.InvalidArgument("token", "one word of visible ASCII, as `token create` printed it");
        return new ServerSettings(url, token);
    }

    public override string ToString() => Address.AbsoluteUri;
}
