using Akka.Event;
using Akka.Cluster;

namespace CPort.Actors.Cluster;

/// <summary>
/// Asks a member whether it reaches another one at this moment, or, without <see cref="Node"/>, how many it has lost itself. Answered by <see cref="Reach"/>.
/// </summary>
[ProtoContract, Manifest("ch1")]
public sealed record AskReach : IWireMessage
{
    /// <summary>The member's address; null: the asked one itself.</summary>
    [ProtoMember(1)] public string? Node { get; init; }
}

/// <summary>What the member in question said of itself, just now.</summary>
[ProtoContract, Manifest("ch2")]
public sealed record Reach : IWireReply
{
    /// <summary>Which life of the process answered (Akka's uid); 0: none did.</summary>
    [ProtoMember(1)] public required long Uid { get; init; }

    /// <summary>How many members it does not hear.</summary>
    [ProtoMember(2)] public int Lost { get; init; }
}

/// <summary>
/// Of two members that do not hear each other while a third reaches both, ends one. Akka's split-brain resolver would take both away (it calls them indirectly
/// connected), which of three nodes leaves one. The one that has lost more ends, of equals the younger, before the resolver decides. That both live is not
/// believed but asked, through the third: a node that crashed, stands still or was started again does not answer for its former life. Nothing is lost if both
/// or none end; one a node, at <see cref="ActorName"/>.
/// </summary>
public sealed class HalfCutWatch : ReceiveActor, IWithTimers
{
    /// <summary>Where it stands on every node.</summary>
    public const string ActorName = "half-cut-watch";

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);

    /// <summary>How long a member must have been lost and another one not: less than what the resolver waits.</summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1.4);

    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context.System, "Membership");
    private readonly TimeProvider _time = TimeProvider.System;
    private ImmutableDictionary<UniqueAddress, TimeSpan> _lost = ImmutableDictionary<UniqueAddress, TimeSpan>.Empty;
    private TimeSpan _looked;
    private bool _asking;

    public HalfCutWatch()
    {
        Receive<Look>(_ => LookAround());
        Receive<AskReach>(ask => ask.Node is null, _ => Sender.Tell(new Reach { Uid = _cluster.SelfUniqueAddress.Uid, Lost = LostNow().Count }));
        Receive<AskReach>(ask =>
        {
            var asker = Sender;
            ReachAsync(At(Address.Parse(ask.Node!)), new AskReach(), Patience).PipeTo(asker, Self);
        });
        Receive<Told>(told =>
        {
            _asking = false;
            if (_lost.ContainsKey(told.Other.UniqueAddress)
                && Yields(told.Answers, told.Other.UniqueAddress.Uid, LostNow().Count, told.Other.IsOlderThan(_cluster.SelfMember)))
            {
                _log.Warning("This node and {0} do not hear each other, and others hear both. One of them has to go: this one ends.", told.Other.Address);
                _cluster.Down(_cluster.SelfAddress);
            }
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whether this node is the one that ends.</summary>
    /// <param name="answers">What third members heard from the other one just now.</param>
    /// <param name="uid">The other one's life that this node has lost.</param>
    /// <param name="lost">How many members this node does not hear.</param>
    /// <param name="otherIsOlder">The other one is the older member.</param>
    public static bool Yields(IEnumerable<Reach> answers, long uid, int lost, bool otherIsOlder) =>
        answers.FirstOrDefault(a => a.Uid == uid) is { } other && (lost > other.Lost || (lost == other.Lost && otherIsOlder));

    /// <summary>
    /// Since when members are lost, of a clock that only goes on. A node that stood still heard nobody meanwhile, and its timer then fires all that it missed
    /// at once: it begins to count when it goes on (with looks counted instead, a node frozen for four seconds ended itself a tenth of a second after it was
    /// thawed).
    /// </summary>
    /// <param name="before">As it was at the last look.</param>
    /// <param name="lost">Who is lost now.</param>
    /// <param name="looked">When the last look was.</param>
    /// <param name="now">When this look is.</param>
    public static ImmutableDictionary<UniqueAddress, TimeSpan> LostSince(
        ImmutableDictionary<UniqueAddress, TimeSpan> before, IEnumerable<UniqueAddress> lost, TimeSpan looked, TimeSpan now) =>
        lost.ToImmutableDictionary(m => m, m => now - looked < 3 * Every && before.TryGetValue(m, out var since) ? since : now);

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), Look.Instance, Every);

    private void LookAround()
    {
        var (members, lost) = (_cluster.State.Members, LostNow());
        var heard = members.Where(m => m.Status == MemberStatus.Up && m.UniqueAddress != _cluster.SelfUniqueAddress && IsHeard(m)).Take(3).ToArray();

        var now = _time.GetElapsedTime(0);
        var before = _looked;
        _looked = now;

        // With nobody left to ask this node is cut off from all, and the resolver's business.
        _lost = heard.Length == 0 || _cluster.SelfMember.Status != MemberStatus.Up
            ? ImmutableDictionary<UniqueAddress, TimeSpan>.Empty
            : LostSince(_lost, lost.Select(m => m.UniqueAddress), before, now);
        if (_asking || lost.FirstOrDefault(m => _lost.TryGetValue(m.UniqueAddress, out var since) && now - since >= LongEnough) is not { } other)
        {
            return;
        }

        _asking = true;
        var question = new AskReach { Node = other.Address.ToString() };
        Task.WhenAll(heard.Select(h => ReachAsync(At(h.Address), question, Patience + Patience)))
            .PipeTo(Self, success: answers => new Told(other, [.. answers]));
    }

    private List<Member> LostNow() =>
        [.. _cluster.State.Members.Where(m =>
            m.Status is MemberStatus.Up or MemberStatus.Leaving && m.UniqueAddress != _cluster.SelfUniqueAddress && !IsHeard(m))];

    /// <summary>By this node's own ears, whatever the others say. A member that it does not listen to (of many only some are) is taken to be heard.</summary>
    private bool IsHeard(Member member) => !_cluster.FailureDetector.IsMonitoring(member.Address) || _cluster.FailureDetector.IsAvailable(member.Address);

    /// <summary>Whatever keeps an answer away, there is none: uid 0.</summary>
    private static async Task<Reach> ReachAsync(ActorSelection watch, AskReach question, TimeSpan patience)
    {
        try
        {
            return await watch.Ask<Reach>(question, patience).ConfigureAwait(false);
        }
        catch (Exception)
        {
            return new Reach { Uid = 0 };
        }
    }

    private static ActorSelection At(Address node) => Context.System.ActorSelection(new RootActorPath(node) / "user" / ActorName);

    private sealed class Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record Told(Member Other, ImmutableArray<Reach> Answers);
}
