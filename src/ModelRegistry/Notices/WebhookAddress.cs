using System.Net;
using ModelRegistry.Domain;

namespace ModelRegistry.Notices;

/// <summary>A webhook's URL. Its path and query may be a secret of the receiver's, so that only its origin is shown.</summary>
internal static class WebhookAddress
{
    private const int Longest = 2000;

    /// <summary>Reads a URL; where it names an address of numbers, that is looked at here already. A name is looked up at each connection.</summary>
    public static Outcome<Uri> Read(string? text, bool privateToo)
    {
        if (text is not { Length: > 0 and <= Longest } || text.Any(c => c <= ' ' || c > '~') || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            return Refusals.WebhookUrlInvalid($"it is an http or https URL in ASCII, of at most {Longest} characters");
        if (url.UserInfo.Length > 0 || text.Contains('#', StringComparison.Ordinal))
            return Refusals.WebhookUrlInvalid("it names neither a user nor a fragment");
        // Also 0x7f.1, 2130706433 and their like: the parser has made them addresses of numbers.
        if (IPAddress.TryParse(url.DnsSafeHost.TrimEnd('.'), out var address) && !PublicAddress.IsAllowed(address, privateToo))
            return Refusals.WebhookAddressPrivate(url.Host);
        return url;
    }

    /// <summary>Scheme, host and port.</summary>
    public static string Origin(string url) => new Uri(url).GetLeftPart(UriPartial.Authority);

    /// <summary>What of it may be shown: <c>https://hooks.example.org/…</c></summary>
    public static string Shown(string url) => url.Length == 0 ? "" : new Uri(url) is var uri && uri.PathAndQuery == "/" ? uri.GetLeftPart(UriPartial.Authority) : uri.GetLeftPart(UriPartial.Authority) + "/…";
}
