using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace CPort.Domain.Routing;

/// <summary>IP addresses as text in one form: dotted IPv4, RFC 5952 IPv6, IPv4 mapped into IPv6 as IPv4, no zones.</summary>
public static class IpText
{
    /// <summary>Reads dotted-decimal IPv4 (four parts, no leading zeros) or IPv6; the odd forms of IPv4 that URLs may have are refused here.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        var trimmed = text?.Trim();
        if (trimmed is not { Length: > 1 and <= 45 } || trimmed.Any(c => !char.IsAsciiHexDigit(c) && c is not (':' or '.'))
            || !IPAddress.TryParse(trimmed, out var read)
            || (read.AddressFamily == AddressFamily.InterNetwork && read.ToString() != trimmed))
        {
            return false;
        }

        address = Plain(read);
        return true;
    }

    /// <summary>The canonical text.</summary>
    public static string Of(IPAddress address) => Plain(address).ToString();

    internal static IPAddress Plain(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address.ScopeId == 0 ? address : new IPAddress(address.GetAddressBytes());
    }
}
