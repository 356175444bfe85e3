using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>An end of a node's process. <paramref name="At"/> by <see cref="Stopwatch.GetTimestamp"/>.</summary>
public sealed record NodeExit(long At, int Code);

/// <summary>
/// A node process on a host of the test network, under a supervisor as systemd or Kubernetes would be: whenever it ends it is
/// started again after a second, until <see cref="DisposeAsync"/>.
/// </summary>
public sealed class SupervisedNode : NodeProcess
{
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private ImmutableList<NodeExit> _exits = [];
    private Task _supervising = Task.CompletedTask;

    /// <param name="number">Of its host.</param>
    /// <param name="address">Of its host.</param>
    /// <param name="on">Words before a command that run it on the host.</param>
    /// <param name="environment">Its settings as <c>CPORT__Data</c>, and what else is for the node alone.</param>
    internal SupervisedNode(int number, string address, string[] on, IEnumerable<KeyValuePair<string, string>> environment)
        : base(environment.Where(IsSetting).Select(p => KeyValuePair.Create(p.Key["CPORT__".Length..], p.Value)), on,
            TimeSpan.FromSeconds(8))
    {
        (Number, Address) = (number, address);
        foreach (var (name, value) in environment.Where(p => !IsSetting(p)))
        {
            Environment[name] = value;
        }

        // A published program starts faster than this build.
        Program = System.Environment.GetEnvironmentVariable("CPORT_CHAOS_PROGRAM") is { Length: > 0 } given ? given : ThisProgram;
    }

    public int Number { get; }

    public string Address { get; }

    /// <summary>
    /// When this life of the process was first seen ready, by <see cref="Stopwatch.GetTimestamp"/>; 0 while it was not. The
    /// oldest member has the lowest.
    /// </summary>
    public long ReadySince { get; private set; }

    public IReadOnlyList<NodeExit> Exits => _exits;

    protected override bool MayBeGone => true;

    /// <summary>Starts the supervisor and with it the process.</summary>
    public void Supervise() => _supervising = Task.Run(SuperviseAsync);

    /// <summary>
    /// Whether <c>/health/ready</c> says yes, and what it says of members: their number, and of those it cannot reach. Members 0:
    /// no answer.
    /// </summary>
    public async Task<(bool Ready, int Members, int Unreachable, string Said)> HealthAsync()
    {
        var (status, body) = await ReadyAsync();
        var ready = status == System.Net.HttpStatusCode.OK;
        if (ready && ReadySince == 0)
        {
            ReadySince = Stopwatch.GetTimestamp();
        }

        try
        {
            var words = JsonElement.Parse(body).GetProperty("reasons").EnumerateArray()
                .FirstOrDefault(r => r.GetProperty("name").GetString() == "cluster") is { ValueKind: JsonValueKind.Object } reason
                ? reason.GetProperty("detail").GetString()!.Split(' ', ',') : [];
            return (ready, Before(words, "member"), Before(words, "unreachable"), body);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            return (false, 0, 0, status == 0 ? body : e.Message);
        }
    }

    /// <summary>The sum of a counter of <c>/metrics</c> over its labels; 0 when the node does not answer.</summary>
    public async Task<long> MetricAsync(string name)
    {
        try
        {
            return (long)(await MetricsAsync()).Split('\n').Where(l => l.StartsWith(name, StringComparison.Ordinal))
                .Sum(l => double.Parse(l.Split(' ')[^(l.Split(' ').Length > 2 ? 2 : 1)], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException or FormatException)
        {
            return 0;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Kill9();
        await _supervising;
        await base.DisposeAsync();
        _stop.Dispose();
    }

    private static bool IsSetting(KeyValuePair<string, string> variable) =>
        variable.Key.StartsWith("CPORT__", StringComparison.Ordinal);

    private static int Before(string[] words, string word) =>
        Array.FindIndex(words, w => w.StartsWith(word, StringComparison.Ordinal)) is var at and > 0
        && int.TryParse(words[at - 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private async Task SuperviseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            ReadySince = 0;
            Start();
            _exits = _exits.Add(new NodeExit(Stopwatch.GetTimestamp(), await EndedAsync(Timeout.InfiniteTimeSpan)));
            ReadySince = 0;
            await Task.Delay(RestartAfter, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
