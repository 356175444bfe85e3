using System.Globalization;
using System.Text.RegularExpressions;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>
/// A small network of the test's own: hosts in network namespaces, each with an address, on one bridge whose own address is the test's (and PostgreSQL's).
/// Links between hosts are cut by dropping packets where they arrive, so that connections hang as they do when a cable is pulled. Names carry the process id
/// of the test, so that what a killed test left behind is known and removed by the next one. Needs root.
/// </summary>
public sealed partial class TestNetwork : IAsyncDisposable
{
    private const string Prefix = "cpc";
    private static int _networks;

    private readonly string _name;
    private readonly string _subnet;
    private readonly int _hosts;

    private TestNetwork(string name, string subnet, int hosts) => (_name, _subnet, _hosts) = (name, subnet, hosts);

    /// <summary>Of one network of one process, as <c>cpc4711a</c>.</summary>
    public string Name => _name;

    /// <summary>The test's own address, in which PostgreSQL listens.</summary>
    public string Gateway => $"{_subnet}.1";

    /// <summary>As 10.77.3.0/24.</summary>
    public string Range => $"{_subnet}.0/24";

    /// <summary>Why there can be no such network here, or null.</summary>
    public static async Task<string?> WhyUnavailableAsync()
    {
        if (Environment.UserName != "root")
        {
            return "Network namespaces can be made by root only.";
        }

        foreach (var tool in (string[][])[["ip", "-V"], ["iptables", "-V"]])
        {
            if (await Shell.TryAsync(tool[0], tool[1..]) is var (code, said) && code != 0)
            {
                return $"{tool[0]} is not usable here: {said.Trim()}";
            }
        }

        var probe = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}x0");
        try
        {
            var (code, said) = await Shell.TryAsync("ip", "netns", "add", probe);
            if (code == 0)
            {
                (code, said) = await Shell.TryAsync("ip", "netns", "exec", probe, "iptables", "-w", "-L", "-n");
            }

            return code == 0 ? null : $"Network namespaces are not allowed here: {said.Trim()}";
        }
        finally
        {
            await Shell.TryAsync("ip", "netns", "del", probe);
        }
    }

    /// <summary>Makes the network with hosts 1 to <paramref name="hosts"/>, at most 60.</summary>
    public static async Task<TestNetwork> CreateAsync(int hosts)
    {
        await SweepAsync();
        var used = await Shell.RunAsync("ip", "-o", "-4", "addr");
        var free = Enumerable.Range(0, 250).Select(i => (Environment.ProcessId + i) % 250 + 1)
            .Select(n => string.Create(CultureInfo.InvariantCulture, $"10.77.{n}")).First(s => !used.Contains(s + ".", StringComparison.Ordinal));
        var letter = (char)('a' + (Interlocked.Increment(ref _networks) - 1) % 23);
        var network = new TestNetwork(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}{letter}"), free, hosts);
        try
        {
            await Shell.RunAsync("ip", "link", "add", network._name, "type", "bridge");
            await Shell.RunAsync("ip", "addr", "add", $"{network.Gateway}/24", "dev", network._name);
            await Shell.RunAsync("ip", "link", "set", network._name, "up");
            for (var host = 1; host <= hosts; host++)
            {
                await network.AddAsync(host);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public string AddressOf(int host) => string.Create(CultureInfo.InvariantCulture, $"{_subnet}.{host + 10}");

    /// <summary>The words before a program's own that run it on the host.</summary>
    public string[] On(int host) => ["ip", "netns", "exec", NamespaceOf(host)];

    /// <summary>From now on nothing of what <paramref name="from"/> sends reaches <paramref name="to"/>; the other direction stays.</summary>
    public Task CutOneWayAsync(int from, int to) =>
        Shell.RunAsync("ip", "netns", "exec", NamespaceOf(to), "iptables", "-w", "-A", "INPUT", "-s", AddressOf(from), "-j", "DROP");

    /// <summary>No link between any of one side and any of the other; both still reach the database and the test.</summary>
    public async Task CutAsync(IEnumerable<int> side, IEnumerable<int> other)
    {
        var others = other.ToArray();
        await Task.WhenAll(side.SelectMany(a => others.SelectMany(b => (Task[])[CutOneWayAsync(a, b), CutOneWayAsync(b, a)])));
    }

    /// <summary>The host reaches neither the test nor the database; other hosts stay.</summary>
    public Task CutGatewayAsync(int host) =>
        Shell.RunAsync("ip", "netns", "exec", NamespaceOf(host), "iptables", "-w", "-A", "INPUT", "-s", Gateway, "-j", "DROP");

    /// <summary>All links work again.</summary>
    public Task HealAsync() =>
        Task.WhenAll(Enumerable.Range(1, _hosts).Select(h => Shell.RunAsync("ip", "netns", "exec", NamespaceOf(h), "iptables", "-w", "-F", "INPUT")));

    public async ValueTask DisposeAsync()
    {
        for (var host = 1; host <= _hosts; host++)
        {
            await Shell.TryAsync("ip", "netns", "del", NamespaceOf(host));
            await Shell.TryAsync("ip", "link", "del", VethOf(host));
        }

        await Shell.TryAsync("ip", "link", "del", _name);
    }

    /// <summary>Ends what a test that was killed left behind: its processes in the namespaces, the namespaces, the bridge.</summary>
    public static async Task SweepAsync()
    {
        foreach (var name in (await Shell.TryAsync("ip", "netns", "list")).Output.Split('\n').Select(l => l.Split(' ')[0]).Where(IsLeftOver))
        {
            foreach (var pid in (await Shell.TryAsync("ip", "netns", "pids", name)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var process))
                {
                    NodeProcess.Signal(process, 9);
                }
            }

            await Shell.TryAsync("ip", "netns", "del", name);
        }

        foreach (var line in (await Shell.TryAsync("ip", "-o", "link")).Output.Split('\n'))
        {
            if (line.Split(": ") is [_, var link, ..] && IsLeftOver(link.Split('@')[0]))
            {
                await Shell.TryAsync("ip", "link", "del", link.Split('@')[0]);
            }
        }
    }

    private static bool IsLeftOver(string name) => Own().Match(name) is { Success: true } match && !Directory.Exists($"/proc/{match.Groups[1].Value}");

    private string NamespaceOf(int host) => string.Create(CultureInfo.InvariantCulture, $"{_name}{host}");

    private string VethOf(int host) => string.Create(CultureInfo.InvariantCulture, $"{_name}v{host}");

    private async Task AddAsync(int host)
    {
        var (space, veth) = (NamespaceOf(host), VethOf(host));
        await Shell.RunAsync("ip", "netns", "add", space);
        await Shell.RunAsync("ip", "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", space);
        await Shell.RunAsync("ip", "link", "set", veth, "master", _name, "up");
        await Shell.RunAsync("ip", "-n", space, "addr", "add", $"{AddressOf(host)}/24", "dev", "eth0");
        await Shell.RunAsync("ip", "-n", space, "link", "set", "eth0", "up");
        await Shell.RunAsync("ip", "-n", space, "link", "set", "lo", "up");
    }

    [GeneratedRegex("^" + Prefix + "([0-9]+)[a-z]")]
    private static partial Regex Own();
}
