using System.Net;
using System.Net.Sockets;
using System.Text;
using CPort.Actors.Routing;
using CPort.Domain.CodeLists;
using CPort.Node.Adapters;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Adapters;

public sealed class TraceAdapterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-mmdb-").FullName;

    public void Dispose() => TestFolders.Remove(_folder);

    [Fact]
    public async Task Mmdb_files_give_country_network_and_organisation()
    {
        var countries = Write("country.mmdb", new()
        {
            ["192.0.2.0/24"] = new() { ["country"] = new Dictionary<string, object> { ["iso_code"] = "NL" } },
            ["198.51.100.0/24"] = new() { ["registered_country"] = new Dictionary<string, object> { ["iso_code"] = "US" } },
            ["203.0.113.128/25"] = new() { ["country_code"] = "DE" },
        });
        var networks = Write("asn.mmdb", new()
        {
            ["192.0.2.0/25"] = new() { ["autonomous_system_number"] = 64496u, ["autonomous_system_organization"] = "Example Host" },
        });
        using var provider = new MaxMindProvider(countries, networks);

        var found = Assert.IsType<TraceAnswer.Found>(await Ask(provider, "192.0.2.10"));
        Assert.Equal((Country.Parse("NL"), 64496u, "Example Host"), (found.Country!.Value, found.AutonomousSystemNumber!.Value, found.OrganizationName));
        Assert.Null(Assert.IsType<TraceAnswer.Found>(await Ask(provider, "192.0.2.200")).AutonomousSystemNumber);
        Assert.Equal(Country.Parse("DE"), Assert.IsType<TraceAnswer.Found>(await Ask(provider, "203.0.113.200")).Country);

        // where a network is registered says nothing of where it is; unknown stays unknown, also for IPv6 in an IPv4 file
        Assert.IsType<TraceAnswer.NotKnown>(await Ask(provider, "198.51.100.1"));
        Assert.IsType<TraceAnswer.NotKnown>(await Ask(provider, "203.0.113.1"));
        Assert.IsType<TraceAnswer.NotKnown>(await Ask(provider, "2001:db8::1"));
    }

    [Fact]
    public void A_file_that_is_no_mmdb_is_refused_by_name()
    {
        var path = Path.Combine(_folder, "rubbish.mmdb");
        File.WriteAllText(path, "rubbish");
        Assert.Contains("rubbish.mmdb", Assert.Throws<FormatException>(() => new MaxMindProvider(path)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<IOException>(() => new MaxMindProvider(Path.Combine(_folder, "missing.mmdb")));
    }

    [Theory]
    [InlineData("vwxyz234567vwxyz.onion")]
    [InlineData("host.example")]
    [InlineData("printer.local")]
    [InlineData("intranet")]
    public async Task Names_that_do_not_belong_in_dns_are_never_asked(string host)
    {
        var provider = new DnsProvider((_, _) => throw new InvalidOperationException("asked"));
        Assert.IsType<TraceAnswer.NotKnown>(await AskHost(provider, host));
    }

    [Fact]
    public async Task Dns_gives_public_addresses_in_a_steady_order_and_tells_trouble_from_absence()
    {
        var asked = "";
        var provider = new DnsProvider((name, _) =>
        {
            asked = name;
            return Task.FromResult<IPAddress[]>(
                [IPAddress.Parse("2001:db8::1"), IPAddress.Parse("198.51.100.2"), IPAddress.Parse("10.0.0.1"), IPAddress.Loopback,
                    IPAddress.Parse("192.0.2.1")]);
        });
        var found = Assert.IsType<TraceAnswer.Found>(await AskHost(provider, "host.example.invalid-tld"));
        Assert.Equal("host.example.invalid-tld.", asked);
        Assert.Equal(["192.0.2.1", "198.51.100.2", "2001:db8::1"], found.Addresses.Select(a => a.ToString()));

        Assert.IsType<TraceAnswer.NotKnown>(await AskHost(new DnsProvider((_, _) => throw new SocketException((int)SocketError.HostNotFound)), "a.host.zz"));
        Assert.IsType<TraceAnswer.Unavailable>(await AskHost(new DnsProvider((_, _) => throw new SocketException((int)SocketError.TryAgain)), "a.host.zz"));
    }

    private static ValueTask<TraceAnswer> Ask(ITraceProvider provider, string ip) =>
        provider.TraceAsync(new TraceQuestion { Subject = TraceSubject.Address, Address = IPAddress.Parse(ip) }, CancellationToken.None);

    private static ValueTask<TraceAnswer> AskHost(ITraceProvider provider, string host) =>
        provider.TraceAsync(new TraceQuestion { Subject = TraceSubject.Host, Host = host }, CancellationToken.None);

    private string Write(string name, Dictionary<string, Dictionary<string, object>> networks)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, TinyMmdb.Write(networks));
        return path;
    }

    /// <summary>Just enough of the MaxMind DB format 2.0 for a test: IPv4, 24-bit records, strings, maps and small numbers.</summary>
    private static class TinyMmdb
    {
        public static byte[] Write(Dictionary<string, Dictionary<string, object>> networks)
        {
            var nodes = new List<int[]> { new[] { -1, -1 } }; // -1 empty, below -1 data at -(offset + 2), else a node
            var data = new List<byte>();
            foreach (var (network, record) in networks)
            {
                var parts = network.Split('/');
                var bits = IPAddress.Parse(parts[0]).GetAddressBytes();
                var length = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
                var node = 0;
                for (var i = 0; i < length; i++)
                {
                    var side = (bits[i / 8] >> (7 - (i % 8))) & 1;
                    if (i == length - 1)
                    {
                        nodes[node][side] = -(data.Count + 2);
                    }
                    else
                    {
                        if (nodes[node][side] < 0)
                        {
                            nodes.Add([-1, -1]);
                            nodes[node][side] = nodes.Count - 1;
                        }

                        node = nodes[node][side];
                    }
                }

                Value(data, record);
            }

            var file = new List<byte>();
            foreach (var record in nodes.SelectMany(n => n))
            {
                var value = record == -1 ? nodes.Count : record < -1 ? nodes.Count + 16 + (-record - 2) : record;
                file.AddRange([(byte)(value >> 16), (byte)(value >> 8), (byte)value]);
            }

            file.AddRange(new byte[16]);
            file.AddRange(data);
            file.AddRange([0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8]);
            Value(file, new Dictionary<string, object>
            {
                ["node_count"] = (uint)nodes.Count, ["record_size"] = (ushort)24, ["ip_version"] = (ushort)4, ["database_type"] = "Test",
                ["languages"] = Array.Empty<string>(), ["binary_format_major_version"] = (ushort)2, ["binary_format_minor_version"] = (ushort)0,
                ["build_epoch"] = 1UL, ["description"] = new Dictionary<string, object>(),
            });
            return [.. file];
        }

        private static void Value(List<byte> to, object value)
        {
            switch (value)
            {
                case string text:
                    var utf8 = Encoding.UTF8.GetBytes(text);
                    Head(to, 2, utf8.Length);
                    to.AddRange(utf8);
                    break;
                case ushort n:
                    Head(to, 5, 2);
                    to.AddRange([(byte)(n >> 8), (byte)n]);
                    break;
                case uint n:
                    Head(to, 6, 4);
                    to.AddRange([(byte)(n >> 24), (byte)(n >> 16), (byte)(n >> 8), (byte)n]);
                    break;
                case ulong n:
                    Head(to, 9, 1);
                    to.Add((byte)n);
                    break;
                case string[] { Length: 0 }:
                    Head(to, 11, 0);
                    break;
                case Dictionary<string, object> map:
                    Head(to, 7, map.Count);
                    foreach (var (key, inner) in map)
                    {
                        Value(to, key);
                        Value(to, inner);
                    }

                    break;
                default:
                    throw new NotSupportedException();
            }
        }

        private static void Head(List<byte> to, int type, int size)
        {
            if (size > 28)
            {
                to.AddRange([(byte)((type << 5) | 29), (byte)(size - 29)]); // only strings get this long here
            }
            else if (type <= 7)
            {
                to.Add((byte)((type << 5) | size));
            }
            else
            {
                to.AddRange([(byte)size, (byte)(type - 7)]);
            }
        }
    }
}
