using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>The address of a resource. One spelling is taken; whatever else a text could be made to mean is no address.</summary>
internal abstract record ResourceUri
{
    public const string Scheme = "registry://", PendingPromotions = Scheme + "promotions/pending", PolicyInForce = Scheme + "policy";

    public const string ModelTemplate = Scheme + "models/{name}", CardTemplate = Scheme + "models/{name}/versions/{version}/card";

    private const int Most = 1_024;

    /// <summary>What waits for a decision.</summary>
    public sealed record Pending : ResourceUri;

    /// <summary>The policy in force.</summary>
    public sealed record Policy : ResourceUri;

    public sealed record Model(string Name) : ResourceUri;

    /// <param name="Version">A number, label, <c>latest</c>, <c>default</c> or <c>@alias</c>.</param>
    public sealed record Card(string Name, string Version) : ResourceUri;

    private ResourceUri() { }

    public static string OfModel(string name) => $"{Scheme}models/{Uri.EscapeDataString(name)}";

    /// <summary>Null for anything but a well-formed address of one of the kinds above.</summary>
    public static ResourceUri? Parse(string? uri)
    {
        if (uri is null || uri.Length > Most || !uri.StartsWith(Scheme, StringComparison.Ordinal))
            return null;
        return uri[Scheme.Length..].Split('/') switch
        {
            ["policy"] => new Policy(),
            ["promotions", "pending"] => new Pending(),
            ["models", var name] when ModelName(name) is { } model => new Model(model),
            ["models", var name, "versions", var version, "card"] when ModelName(name) is { } model && Decoded(version) is { Length: > 0 } reference && !reference.Contains(' ') => new Card(model, reference),
            _ => null,
        };
    }

    private static string? ModelName(string segment) => Decoded(segment) is { } name && Names.Model(name).Refusal is null ? name : null;

    /// <summary>A segment decoded once (RFC 3986, section 2.1); null when it holds what must be encoded, or anything but ASCII.</summary>
    private static string? Decoded(string segment)
    {
        var text = new StringBuilder(segment.Length);
        for (var i = 0; i < segment.Length; i++)
            if (char.IsAsciiLetterOrDigit(segment[i]) || "-._~!$&'()*+,;=:@".Contains(segment[i]))
                text.Append(segment[i]);
            else if (segment[i] == '%' && i + 2 < segment.Length && char.IsAsciiHexDigit(segment[i + 1]) && char.IsAsciiHexDigit(segment[i + 2]) && Convert.FromHexString(segment.AsSpan(i + 1, 2))[0] is >= 0x20 and < 0x7F and var octet)
                (text, i) = (text.Append((char)octet), i + 2);
            else
                return null;
        return text.ToString();
    }
}
