using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Akka.Cluster;
using CPort.Api.Security;
using CPort.Domain.Audit;

namespace CPort.Node.Operator;

internal sealed record AddressBody(string? Address, bool Confirm = false);

internal sealed record MembersAnswer(string? Leader, IReadOnlyList<MemberView> Members);

internal sealed record LeaderAnswer(string? Leader);

internal sealed record DoneAnswer(string Done, IReadOnlyList<string> Addresses) : IShowsData
{
    Shown IShowsData.What() => Shown.View($"cluster: {Done}", Addresses.Count);
}

/// <summary>One event of <c>cluster tail</c>.</summary>
internal sealed record MemberEventAnswer(DateTimeOffset At, string Event, MemberView? Member, string? Address = null);

/// <summary><c>/operator/v1/cluster</c>: membership.</summary>
internal sealed class ClusterEndpoints(OperatorNode node)
{
    private Akka.Cluster.Cluster Cluster => node.Cluster;

    public void Map(IEndpointRouteBuilder v1)
    {
        var cluster = v1.MapGroup("/cluster");
        cluster.MapGet("/members", () => new MembersAnswer(Cluster.State.Leader?.ToString(), OperatorView.Members(Cluster)));
        cluster.MapGet("/status", () => OperatorView.Self(Cluster));
        cluster.MapGet("/leader", () => new LeaderAnswer(Cluster.State.Leader?.ToString()));
        cluster.MapGet("/tail", (HttpContext http) => node.StreamAsync(http, EventsAsync));
        cluster.MapPost("/join", Join).Needs(Deed.CommandCluster);
        cluster.MapPost("/leave", Leave).Needs(Deed.CommandCluster);
        cluster.MapPost("/down", Down).Needs(Deed.CommandCluster);
        cluster.MapPost("/down-unreachable", DownUnreachable).Needs(Deed.CommandCluster);
    }

    private async IAsyncEnumerable<MemberEventAnswer> EventsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<MemberEventAnswer>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });
        var time = node.Get<TimeProvider>();
        var tail = node.System.ActorOf(Props.Create(() => new ClusterTailActor(channel.Writer, time)));
        try
        {
            await foreach (var e in channel.Reader.ReadAllAsync(cancellation))
            {
                yield return e;
            }
        }
        finally
        {
            tail.Tell(PoisonPill.Instance);
        }
    }

    private Member MemberAt(string? address) => OperatorView.Find(Cluster, string.IsNullOrEmpty(address)
        ? throw ApiProblemException.Of(ProblemCodes.BadRequest, "An address is needed.")
        : address) ?? throw ApiProblemException.Of(ProblemCodes.NotFound, $"No member has the address {address}.");

    private DoneAnswer Join(ApiCaller me, AddressBody body)
    {
        var (cluster, self) = (Cluster, Cluster.SelfAddress);
        if (cluster.State.Members.Any(m => m.UniqueAddress.Equals(cluster.SelfUniqueAddress)))
        {
            throw ApiProblemException.Of(
                ProblemCodes.WrongState,
                    "This node is a member of a cluster already; to join another one it must be started anew.");
        }

        var text = body.Address ?? "";
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"{self.Protocol}://{self.System}@{text}";
        if (!ActorPath.TryParseAddress(full, out var address) || address.Port is null)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "An address is host:port or akka.tcp://cport@host:port.");
        }

        node.Did(me.Caller, "cluster join", address.ToString());
        cluster.Join(address);
        return new DoneAnswer("joining", [address.ToString()]);
    }

    private DoneAnswer Leave(ApiCaller me, AddressBody body)
    {
        var member = string.IsNullOrEmpty(body.Address) ? Cluster.SelfMember : MemberAt(body.Address);
        if (member.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down)
        {
            throw ApiProblemException.Of(ProblemCodes.WrongState, $"{member.Address} is {OperatorView.NameOf(member.Status)} already.");
        }

        if (!body.Confirm && Cluster.State.Members.Count(m => m.Status is MemberStatus.Up or MemberStatus.WeaklyUp) == 1)
        {
            throw ApiProblemException.Of(ProblemCodes.Confirm, $"{member.Address} is the only node that is up: the service ends when it leaves.");
        }

        // Leaving takes seconds and this endpoint outlives the actor system: the answer is out before the node goes.
        node.Did(me.Caller, "cluster leave", member.Address.ToString());
        Cluster.Leave(member.Address);
        return new DoneAnswer("leaving", [member.Address.ToString()]);
    }

    private DoneAnswer Down(ApiCaller me, AddressBody body)
    {
        var member = MemberAt(body.Address);
        if (!body.Confirm && !Cluster.State.Unreachable.Contains(member) && member.Status is not MemberStatus.Down)
        {
            throw ApiProblemException.Of(
                ProblemCodes.Confirm,
                $"{member.Address} is reachable and {OperatorView.NameOf(member.Status)}: downing it ends it without handing over;"
                + " cluster leave does.");
        }

        node.Did(me.Caller, "cluster down", member.Address.ToString());
        Cluster.Down(member.Address);
        return new DoneAnswer("down", [member.Address.ToString()]);
    }

    private DoneAnswer DownUnreachable(ApiCaller me, AddressBody body)
    {
        var lost = Cluster.State.Unreachable.Where(m => m.Status != MemberStatus.Down).Select(m => m.Address).ToArray();
        var names = lost.Select(a => a.ToString()).ToArray();
        if (lost.Length > 0 && !body.Confirm)
        {
            throw ApiProblemException.Of(
                ProblemCodes.Confirm,
                $"These would be downed: {string.Join(", ", names)}. A node that is only cut off goes on until it notices.");
        }

        foreach (var address in lost)
        {
            node.Did(me.Caller, "cluster down-unreachable", address.ToString());
            Cluster.Down(address);
        }

        return new DoneAnswer("down", names);
    }
}

/// <summary>Writes what happens to members into a stream's channel, beginning with what is. Lives as long as the stream.</summary>
internal sealed class ClusterTailActor : ReceiveActor
{
    private readonly ChannelWriter<MemberEventAnswer> _writer;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);

    public ClusterTailActor(ChannelWriter<MemberEventAnswer> writer, TimeProvider time)
    {
        _writer = writer;
        Receive<ClusterEvent.IMemberEvent>(e => Write(e, Of(e.Member)));
        Receive<ClusterEvent.ReachabilityEvent>(e =>
            Write(e, Of(e.Member) with { Reachable = e is ClusterEvent.ReachableMember }));
        Receive<ClusterEvent.LeaderChanged>(e => writer.TryWrite(
            new MemberEventAnswer(time.GetUtcNow(), nameof(ClusterEvent.LeaderChanged), null, e.Leader?.ToString() ?? "none")));

        MemberView Of(Member member) => OperatorView.Of(member, _cluster.State, _cluster.SelfUniqueAddress);
        void Write(object e, MemberView member) => writer.TryWrite(new MemberEventAnswer(time.GetUtcNow(), e.GetType().Name, member));
    }

    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
        typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.LeaderChanged));

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _writer.TryComplete();
    }
}
