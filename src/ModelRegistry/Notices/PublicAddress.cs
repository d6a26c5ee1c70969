using System.Net;
using System.Net.Sockets;

namespace ModelRegistry.Notices;

/// <summary>
/// Which addresses a webhook may lead to. Whoever may add one is not to reach, through this server, what only this server
/// can reach: the machine itself, its network, a cloud's metadata.
/// </summary>
internal static class PublicAddress
{
    // IANA's special-purpose registries (RFC 6890 and its updates), as far as they are not globally reachable.
    private static readonly IPNetwork[] NotPublic = [.. Networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Of IPv6 only global unicast is public at all (2000::/3); these parts of it carry IPv4 addresses or are not routed.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    // What is allowed where private addresses are.
    private static readonly IPNetwork[] Private = [.. Networks("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "::1/128", "fc00::/7")];

    // No webhook's place, whatever is allowed: they hand out credentials to whoever asks.
    private static readonly IPAddress[] Metadata = [IPAddress.Parse("169.254.169.254"), IPAddress.Parse("100.100.100.200"), IPAddress.Parse("192.0.0.192"), IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("fd20:ce::254")];

    public static bool IsAllowed(IPAddress address, bool privateToo)
    {
        // ::ffff:10.0.0.1 is 10.0.0.1 to the system, and so it is here.
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        // A scope says through which interface, not where to.
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0)
            return false;
        if (Metadata.Contains(address))
            return false;
        return IsPublic(address) || (privateToo && Private.Any(network => network.Contains(address)));
    }

    private static bool IsPublic(IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetwork || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId == 0 && GlobalUnicast.Contains(address)))
        && !NotPublic.Any(network => network.Contains(address));

    private static IEnumerable<IPNetwork> Networks(params string[] texts) => texts.Select(text => IPNetwork.Parse(text));
}
