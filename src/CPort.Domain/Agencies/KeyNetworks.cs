using System.Net;
using System.Net.Sockets;

namespace CPort.Domain.Agencies;

/// <summary>The networks that a key may come from, as CIDR has them; none: it may come from anywhere. One way to write each, so that texts compare.</summary>
public static class KeyNetworks
{
    /// <summary>Of one key.</summary>
    public const int Max = 20;

    /// <summary>What who has a good key is told elsewhere.</summary>
    public const string Refusal = "The key may come from some networks only, and this is none of them.";

    /// <summary>
    /// Reads <c>192.0.2.0/24</c>, <c>2001:db8::/32</c>, or one address. What an IPv6 socket makes of an IPv4 network is that network; one that names an address
    /// inside itself is refused, as nobody can tell which of the two was meant.
    /// </summary>
    public static bool TryParse(string? text, out IPNetwork network)
    {
        network = default;
        if (text?.Split('/') is not { Length: 1 or 2 } parts || text.Contains('%', StringComparison.Ordinal) || !IsAddress(parts[0], out var address))
        {
            return false;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var prefix = bits;
        if (parts.Length == 2 && (parts[1] is not { Length: 1 or 2 or 3 }
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bits))
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            if (prefix < 96)
            {
                return false;
            }

            (address, prefix) = (address.MapToIPv4(), prefix - 96);
        }

        if (HasBitsAfter(address.GetAddressBytes(), prefix))
        {
            return false;
        }

        network = new IPNetwork(address, prefix);
        return true;
    }

    /// <summary>Null: one of them is none, or there are too many. Each once, in the order given.</summary>
    public static ImmutableArray<IPNetwork>? Read(ImmutableArray<string> texts)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>(texts.Length);
        foreach (var text in texts)
        {
            if (!TryParse(text, out var network))
            {
                return null;
            }

            if (!networks.Contains(network))
            {
                networks.Add(network);
            }
        }

        return networks.Count > Max ? null : networks.ToImmutable();
    }

    public static ImmutableArray<string> Texts(ImmutableArray<IPNetwork> networks) => [.. networks.Select(n => n.ToString())];

    /// <summary>Whether who comes from this address comes from one of them; from an address that nobody knows only what may come from anywhere does.</summary>
    public static bool Admit(ImmutableArray<IPNetwork> networks, IPAddress? from)
    {
        if (networks.IsEmpty)
        {
            return true;
        }

        // Without its zone: a network knows none.
        var plain = from is null ? null : from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : new IPAddress(from.GetAddressBytes());
        return plain is not null && networks.Any(n => Holds(n, plain));
    }

    /// <summary>Whoever comes from the one set comes from the other, too: each network of it lies in one of the other's.</summary>
    public static bool IsWithin(ImmutableArray<IPNetwork> narrow, ImmutableArray<IPNetwork> wide) =>
        wide.IsEmpty || (!narrow.IsEmpty && narrow.All(n => wide.Any(w => w.PrefixLength <= n.PrefixLength && Holds(w, n.BaseAddress))));

    public static bool Same(ImmutableArray<IPNetwork> one, ImmutableArray<IPNetwork> other) => one.Length == other.Length && one.All(other.Contains);

    private static bool Holds(IPNetwork network, IPAddress address) =>
        network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);

    /// <summary>Not what old programs take for an address: <c>10.1</c>, <c>0x7f000001</c>, <c>010.0.0.1</c>.</summary>
    private static bool IsAddress(string text, out IPAddress address) => IPAddress.TryParse(text, out address!)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? !text.StartsWith('[') : address.ToString() == text);

    private static bool HasBitsAfter(ReadOnlySpan<byte> address, int prefix)
    {
        for (var bit = prefix; bit < address.Length * 8; bit++)
        {
            if ((address[bit / 8] & (0x80 >> (bit % 8))) != 0)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Networks that were set for a key and wait for somebody else's consent, as they let it come from more places.</summary>
/// <param name="Networks">What it may come from then.</param>
/// <param name="SetBy">The key or person that had them set.</param>
/// <param name="Number">Names what is agreed to.</param>
public sealed record WaitingNetworks(ImmutableArray<IPNetwork> Networks, string SetBy, long Number);
