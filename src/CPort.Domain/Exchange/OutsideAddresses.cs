using System.Net;
using System.Net.Sockets;

namespace CPort.Domain.Exchange;

/// <summary>
/// To which addresses a node sends what an agency asks it to: those of the public internet, and networks that the operator allows. Everything else (this
/// machine, its neighbours, a cloud's metadata) is not for an agency to reach through us.
/// </summary>
public static class OutsideAddresses
{
    /// <summary>IANA's special-purpose registries, and multicast.</summary>
    private static readonly ImmutableArray<IPNetwork> Inside =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "64:ff9b:1::/48",
            "100::/64",
            "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether it may be connected to: as itself, and as the IPv4 address that it carries, if it does.</summary>
    public static bool MayReach(IPAddress address, ImmutableArray<IPNetwork> allowed) =>
        IsAllowed(address, allowed) || !Meant(address).Any(a => Inside.Any(n => Holds(n, a)));

    /// <summary>Whether it lies in a network that the operator has allowed.</summary>
    public static bool IsAllowed(IPAddress address, ImmutableArray<IPNetwork> allowed) => Meant(address).Any(a => allowed.Any(n => Holds(n, a)));

    private static bool Holds(IPNetwork network, IPAddress address) =>
        network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);

    private static IEnumerable<IPAddress> Meant(IPAddress address)
    {
        // Without its zone: a network knows none.
        var bytes = address.GetAddressBytes();
        var plain = new IPAddress(bytes);
        yield return plain;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            if (SixToFour.Contains(plain))
            {
                yield return new IPAddress(bytes.AsSpan(2, 4));
            }
            else if (address.IsIPv4MappedToIPv6 || Nat64.Contains(plain) || bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0)
            {
                yield return new IPAddress(bytes.AsSpan(12));
            }
        }
    }
}
