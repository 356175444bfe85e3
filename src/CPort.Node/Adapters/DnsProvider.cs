using System.Net;
using System.Net.Sockets;
using CPort.Actors.Routing;
using CPort.Domain.Routing;

namespace CPort.Node.Adapters;

/// <summary>
/// Finds a host's addresses by the machine's resolver; the table and mmdb providers then say where they are. Only in the chain when switched on: a lookup tells
/// the resolver, and perhaps the host's owner, that somebody looks. Names that never belong in DNS (.onion by RFC 7686, special-use names of RFC 6761) are not
/// asked, and private or loopback addresses are no answer.
/// </summary>
public sealed class DnsProvider : ITraceProvider
{
    private static readonly string[] NotInDns = ["onion", "localhost", "local", "internal", "invalid", "test", "example", "alt", "home.arpa"];

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    public DnsProvider()
        : this(Dns.GetHostAddressesAsync)
    {
    }

    internal DnsProvider(Func<string, CancellationToken, Task<IPAddress[]>> resolve) => _resolve = resolve;

    /// <inheritdoc/>
    public string Name => "dns";

    /// <inheritdoc/>
    public async ValueTask<TraceAnswer> TraceAsync(TraceQuestion question, CancellationToken cancellationToken)
    {
        if (question is not { Subject: TraceSubject.Host, Host: { } host, Address: null }
            || !host.Contains('.', StringComparison.Ordinal) // a bare label would be completed with this machine's own search domains
            || Array.Exists(NotInDns, n => host.EndsWith("." + n, StringComparison.Ordinal)))
        {
            return TraceAnswer.NotKnown.Instance;
        }

        try
        {
            // The trailing dot keeps the resolver's search domains out; IPv4 first, because tables know it better; sorted, so that answers do not waver.
            var addresses = (await _resolve(host + ".", cancellationToken))
                .Where(IsPublic)
                .OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
                .ThenBy(a => Convert.ToHexString(a.GetAddressBytes()), StringComparer.Ordinal)
                .ToImmutableArray();
            return addresses.IsEmpty ? TraceAnswer.NotKnown.Instance : new TraceAnswer.Found { Source = HostingSource.Dns, Addresses = addresses };
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return TraceAnswer.NotKnown.Instance;
        }
        catch (SocketException e)
        {
            return new TraceAnswer.Unavailable(e.SocketErrorCode.ToString());
        }
    }

    private static bool IsPublic(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        var b = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? !address.IsIPv6LinkLocal && !address.IsIPv6UniqueLocal && !address.IsIPv6Multicast
            : b[0] is not (0 or 10 or 127 or >= 224) && !(b[0] == 172 && b[1] is >= 16 and <= 31) && !(b[0] == 192 && b[1] == 168)
                && !(b[0] == 169 && b[1] == 254) && !(b[0] == 100 && b[1] is >= 64 and <= 127);
    }
}
