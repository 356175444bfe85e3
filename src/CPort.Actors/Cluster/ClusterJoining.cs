using System.Net;
using System.Net.Sockets;
using Akka.Cluster;
using CPort.Actors.Cluster.Wire;
using Microsoft.Extensions.Logging;

namespace CPort.Actors.Cluster;

/// <summary>The node did not become a member in time; a supervisor is to start it again.</summary>
public sealed class NotJoinedException(string message) : Exception(message);

/// <summary>A place where nodes are to be found: a host with a port, or a DNS name that stands for several hosts.</summary>
/// <param name="Host">Name or address, IPv6 without brackets.</param>
/// <param name="Port">Of the cluster, not of HTTP.</param>
/// <param name="Discover">True for <c>dns:name:port</c>: every address of the name is a seed.</param>
public sealed record ClusterSeed(string Host, int Port, bool Discover)
{
    /// <summary>Reads <c>host:port</c>, <c>[ipv6]:port</c>, <c>dns:name:port</c> or a full Akka address; null when it is none.</summary>
    public static ClusterSeed? Parse(string text)
    {
        var rest = text.Contains('@', StringComparison.Ordinal) && text.StartsWith("akka.", StringComparison.Ordinal)
            ? text[(text.IndexOf('@', StringComparison.Ordinal) + 1)..] : text;
        var discover = rest.StartsWith("dns:", StringComparison.OrdinalIgnoreCase);
        rest = discover ? rest[4..] : rest;
        var colon = rest.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return null;
        }

        var host = rest[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        return Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic ? null : new ClusterSeed(host, port, discover);
    }
}

/// <summary>How a node looks for its cluster.</summary>
public sealed record ClusterJoiningOptions
{
    /// <summary>Where to look besides the database's record; may be empty.</summary>
    public ImmutableArray<ClusterSeed> Seeds { get; init; } = [];

    /// <summary>For how long, before the node gives up and ends.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a member may be without the database while another member reaches it, before it ends so that its shards move to those; the database being away
    /// for all is no reason.
    /// </summary>
    public TimeSpan DatabasePatience { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>For one question to another node.</summary>
    public TimeSpan AskTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Settings in which members must agree though the database does not record them: <see cref="ClusterTuning.Agreed"/>.</summary>
    public ImmutableArray<FixedFigure> Agreed { get; init; } = [];

    /// <summary>This node's roles and version, for the record.</summary>
    public string Roles { get; init; } = "";

    public string Version { get; init; } = "";
}

/// <summary>Why a member's signs of life ended.</summary>
public enum BeatEnd
{
    /// <summary>They were cancelled.</summary>
    Stopped = 1,

    /// <summary>The database belongs to another cluster by now.</summary>
    Replaced = 2,

    /// <summary>This node does not reach the database and another member does.</summary>
    DatabaseLost = 3,

    /// <summary>The others have declared this node down.</summary>
    Downed = 4,
}

/// <summary>
/// Brings one node into its cluster by <see cref="JoinRules"/> and keeps its sign of life in the database. One per node; <see cref="JoinAsync"/> is called
/// once, <see cref="Incarnation"/> may be read from any thread.
/// </summary>
public sealed partial class ClusterJoining(
    Database database, ClusterJoiningOptions options, IEnumerable<FixedFigure> figures, TimeProvider time, ILogger<ClusterJoining> log)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(10);

    private readonly ClusterRecord _record = new(database);
    private readonly Dictionary<string, string> _complaints = new(StringComparer.Ordinal);
    private ImmutableArray<FixedFigure> _figures = [.. figures];
    private volatile string? _incarnation;
    private long _reachedDatabase;
    private string _self = "";

    /// <summary>The cluster that this node is a member of; null before.</summary>
    public string? Incarnation => _incarnation;

    /// <summary>Makes the record's table; before the actor system starts.</summary>
    public async Task PrepareAsync(CancellationToken cancellation) =>
        _figures = [.. figures, new FixedFigure("database", await _record.EnsureAsync(cancellation).ConfigureAwait(false),
            "Both must work on the same database.")];

    /// <summary>
    /// Completes when this node is a member with status Up. <paramref name="waits"/> is told what it waits for. Throws <see cref="FixedFiguresException"/> when
    /// it does not fit the cluster and <see cref="NotJoinedException"/> when its patience ends.
    /// </summary>
    public async Task JoinAsync(ActorSystem system, Action<string> waits, CancellationToken cancellation)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        _self = cluster.SelfAddress.ToString();
        system.ActorOf(Props.Create(() =>
            new JoinGate(_figures.AddRange(options.Agreed), () => cluster.SelfMember.Status == MemberStatus.Up ? _incarnation : null,
            () => SinceDatabase(), () => cluster.State.Unreachable.Select(m => m.Address.ToString()).ToImmutableArray())), JoinGate.ActorName);
        if (database.IsSqlite)
        {
            // A SQLite file has one node.
            await cluster.JoinAsync(cluster.SelfAddress, cancellation).ConfigureAwait(false);
            return;
        }

        var (began, watching, said) = (time.GetTimestamp(), time.GetTimestamp(), 0L);
        var reason = "looking for the cluster";
        foreach (var twice in options.Seeds.GroupBy(s => s).Where(g => g.Count() > 1))
        {
            SeedTwice(log, twice.Key.Host, twice.Key.Port);
        }

        while (time.GetElapsedTime(began) < options.Patience)
        {
            try
            {
                var view = await _record.ReadAsync(cancellation).ConfigureAwait(false);
                var contacts = await ContactsAsync(cluster.SelfAddress, view, cancellation).ConfigureAwait(false);
                var answers = await Task.WhenAll(contacts.Select(c => JoinGate.AskAsync(system, c, _self, options.AskTimeout, cancellation)))
                    .ConfigureAwait(false);

                var silent = await SilentAsync(contacts, answers, cancellation).ConfigureAwait(false);

                // Read again: what was asked took time, and a cluster may have been formed meanwhile.
                view = await _record.ReadAsync(cancellation).ConfigureAwait(false);
                await _record.BeginLifeAsync(_self, cluster.SelfUniqueAddress.Uid, cancellation).ConfigureAwait(false);
                switch (JoinRules.Decide(new JoinSituation
                {
                    Self = _self, Figures = _figures, Agreed = options.Agreed, Record = view, Answers = [.. answers.OfType<GateAnswer>()],
                    Silent = silent, Watched = time.GetElapsedTime(watching),
                }))
                {
                    case JoinStep.Refuse refuse:
                        throw new FixedFiguresException(refuse.Reason);
                    case JoinStep.Join join when await TryJoinAsync(cluster, join, cancellation).ConfigureAwait(false):
                        Joined(log, _self, string.Join(", ", join.Members));
                        return;
                    case JoinStep.Join join:
                        reason = $"{string.Join(", ", join.Members)} did not let this node in; it may be busy removing a node that is gone";
                        break;
                    case JoinStep.Form when await _record.TryFormAsync(_self, view.Incarnation, options.Roles, options.Version, cancellation)
                        .ConfigureAwait(false) is { } formed:
                        _incarnation = formed;
                        await cluster.JoinAsync(cluster.SelfAddress, cancellation).ConfigureAwait(false);
                        Formed(log, _self);
                        return;
                    case JoinStep.Form:
                        continue;
                    case JoinStep.Wait wait:
                        reason = wait.Reason + Unanswered(contacts, answers);
                        break;
                }
            }
            catch (Exception e) when (Faults.IsPassingFor(e, cancellation))
            {
                // Nothing was watched, and the time does not count: a node waits for its database as long as it takes.
                reason = $"the database does not answer ({DatabaseFault.InWords(e)})";
                (began, watching) = (time.GetTimestamp(), time.GetTimestamp());
            }

            waits($"joining the cluster: {reason}");
            if (said == 0 || time.GetElapsedTime(said) > SayAgain)
            {
                said = time.GetTimestamp();
                Waits(log, reason);
            }

            await Task.Delay(LookAgain, time, cancellation).ConfigureAwait(false);
        }

        throw new NotJoinedException($"{_self} did not become a member within {options.Patience.TotalSeconds:0} s (CPORT__Cluster__JoinSeconds): {reason}.");
    }

    /// <summary>Keeps telling the database that this node lives, until cancelled or until this node must end: see <see cref="BeatEnd"/>.</summary>
    public async Task<BeatEnd> BeatAsync(ActorSystem system, CancellationToken cancellation)
    {
        Interlocked.Exchange(ref _reachedDatabase, time.GetTimestamp());
        while (_incarnation is { } incarnation && !cancellation.IsCancellationRequested)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

            // Not beyond the node's patience, or it would end some seconds later than it says.
            var left = options.DatabasePatience - time.GetElapsedTime(Interlocked.Read(ref _reachedDatabase));
            limit.CancelAfter(left > ClusterRecord.BeatWithin ? ClusterRecord.BeatWithin : left > LookAgain ? left : LookAgain);
            try
            {
                // First: a node that stood still must not pass for a living one by its address.
                if (await _record.IsDownedAsync(limit.Token).ConfigureAwait(false))
                {
                    return BeatEnd.Downed;
                }

                if (!await _record.BeatAsync(_self, incarnation, options.Roles, options.Version, limit.Token).ConfigureAwait(false))
                {
                    return BeatEnd.Replaced;
                }

                Interlocked.Exchange(ref _reachedDatabase, time.GetTimestamp());
                await Task.Delay(ClusterRecord.BeatEvery, time, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (Faults.IsPassingFor(e, cancellation))
            {
                // The journal says so louder.
                if (time.GetElapsedTime(Interlocked.Read(ref _reachedDatabase)) > options.DatabasePatience
                    && await ReachedByAnotherAsync(system, cancellation).ConfigureAwait(false) is { } other)
                {
                    DatabaseLost(log, options.DatabasePatience.TotalSeconds, other);
                    return BeatEnd.DatabaseLost;
                }

                // Soon again: a node must be seen alive as soon as the database is back.
                await Task.Delay(LookAgain, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return BeatEnd.Stopped;
    }

    /// <summary>A member whose sign of life the database took a moment ago; null when there is none, as when the database is away for all.</summary>
    private async Task<string?> ReachedByAnotherAsync(ActorSystem system, CancellationToken cancellation)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        var state = cluster.State;
        var others = state.Members.Where(m => m.Status == MemberStatus.Up && m.Address != cluster.SelfAddress && !state.Unreachable.Contains(m)).Take(5);
        try
        {
            var answers = await Task.WhenAll(others.Select(m => JoinGate.AskAsync(system, m.Address, _self, options.AskTimeout, cancellation)))
                .ConfigureAwait(false);
            return answers.FirstOrDefault(a => a?.Incarnation == _incarnation && a?.SinceDatabase < ClusterRecord.BeatWithin)?.Address;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>After a proper leave, so that nobody waits for this node. Never throws.</summary>
    public async Task LeaveAsync()
    {
        if (_incarnation is { } incarnation)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await _record.LeaveAsync(_self, incarnation, limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (Faults.IsPassing(e))
            {
                // The record goes stale by itself.
            }
        }
    }

    private async Task<bool> TryJoinAsync(Akka.Cluster.Cluster cluster, JoinStep.Join join, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            _incarnation = join.Incarnation;
            await cluster.JoinSeedNodesAsync(join.Members.Select(Address.Parse), limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or ClusterJoinFailedException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// Whom to ask: recorded members, whatever their age, and what the seeds stand for now. Names that cannot be resolved are complained of and tried again.
    /// </summary>
    private async Task<ImmutableArray<Address>> ContactsAsync(Address self, ClusterView view, CancellationToken cancellation)
    {
        if (self.Protocol == NoTransport.Protocol)
        {
            return [];
        }

        var contacts = new HashSet<Address>();
        foreach (var member in view.Members.Select(m => Address.Parse(m.Address)))
        {
            // One with TLS and one without cannot speak to each other; JoinRules says so.
            if (member.Protocol == self.Protocol)
            {
                contacts.Add(member);
            }
        }

        foreach (var seed in options.Seeds.Distinct())
        {
            if (!seed.Discover)
            {
                contacts.Add(new Address(self.Protocol, self.System, seed.Host, seed.Port));
                continue;
            }

            var problem = "";
            try
            {
                var found = await Dns.GetHostAddressesAsync(seed.Host, cancellation).WaitAsync(TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
                foreach (var address in found)
                {
                    contacts.Add(new Address(self.Protocol, self.System, address.ToString(), seed.Port));
                }

                problem = found.Length == 0 ? "has no addresses" : "";
            }
            catch (Exception e) when (e is SocketException or TimeoutException)
            {
                problem = $"cannot be resolved ({e.Message})";
            }

            if (_complaints.GetValueOrDefault(seed.Host, "") != problem)
            {
                _complaints[seed.Host] = problem;
                if (problem.Length > 0)
                {
                    SeedProblem(log, seed.Host, problem);
                }
            }
        }

        contacts.Remove(self);
        return [.. contacts];
    }

    /// <summary>Those without an answer whose port is open; the others are not there.</summary>
    private static async Task<ImmutableArray<string>> SilentAsync(ImmutableArray<Address> contacts, GateAnswer?[] answers, CancellationToken cancellation)
    {
        var open = await Task.WhenAll(contacts.Where((_, i) => answers[i] is null).Select(async node =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(1));
            using var tcp = new TcpClient();
            try
            {
                await tcp.ConnectAsync(node.Host, node.Port!.Value, limit.Token).ConfigureAwait(false);
                return node.ToString();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                return null;
            }
        })).ConfigureAwait(false);
        return [.. open.OfType<string>()];
    }

    private TimeSpan? SinceDatabase() => Interlocked.Read(ref _reachedDatabase) is not 0 and var at ? time.GetElapsedTime(at) : null;

    private string Unanswered(ImmutableArray<Address> contacts, GateAnswer?[] answers)
    {
        var silent = contacts.Where((_, i) => answers[i] is null).Select(c => $"{c.Host}:{c.Port}").ToArray();
        var unresolved = _complaints.Where(c => c.Value.Length > 0).Select(c => $"{c.Key} {c.Value}").ToArray();
        return (silent.Length == 0 ? "" : $"; no answer from {string.Join(", ", silent.Take(5))}")
            + (unresolved.Length == 0 ? "" : $"; {string.Join("; ", unresolved)}");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Self} joined the cluster of {Members}")]
    private static partial void Joined(ILogger logger, string self, string members);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Self} formed a cluster: no other member of this database lives")]
    private static partial void Formed(ILogger logger, string self);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "This node has not reached the database for {Seconds:0} s and {Other} does; its shards move to the others, and it ends to be started again")]
    private static partial void DatabaseLost(ILogger logger, double seconds, string other);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not a member of the cluster yet: {Reason}")]
    private static partial void Waits(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "CPORT__Cluster__Seeds names {Host}:{Port} twice; it is asked once")]
    private static partial void SeedTwice(ILogger logger, string host, int port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "CPORT__Cluster__Seeds: {Host} {Problem}; it is tried again")]
    private static partial void SeedProblem(ILogger logger, string host, string problem);
}
