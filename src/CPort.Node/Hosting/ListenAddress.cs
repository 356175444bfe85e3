using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace CPort.Node.Hosting;

/// <summary>Where the node listens for other nodes.</summary>
internal static class ListenAddress
{
    /// <summary>
    /// Why this node cannot listen where the options say, or null: a name that is not this machine's would fail as an obscure error of the transport.
    /// </summary>
    public static async Task<string?> ProblemAsync(ClusterOptions cluster, CancellationToken cancellation)
    {
        var (key, host) = cluster.BindHost is null ? ("Host", cluster.Host) : ("BindHost", cluster.BindHost);
        try
        {
            var addresses = IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, cancellation);
            var own = NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address).ToHashSet();
            if (addresses.Any(a => a.Equals(IPAddress.Any) || a.Equals(IPAddress.IPv6Any) || IPAddress.IsLoopback(a) || own.Contains(a)))
            {
                return null;
            }

            var found = address is null ? $" ({string.Join(", ", addresses.Take(3).Select(a => a.ToString()))})" : "";
            return $"CPORT__Cluster__{key}: {host}{found} is no address of this machine"
                + (cluster.BindHost is null ? "; behind address translation give CPORT__Cluster__BindHost too." : ".");
        }
        catch (SocketException e)
        {
            return $"CPORT__Cluster__{key}: {host} cannot be resolved ({e.Message}).";
        }
    }
}
