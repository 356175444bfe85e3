using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport;
using Google.Protobuf;

namespace CPort.Actors.Cluster.Wire;

/// <summary>Made by Akka, from <see cref="Hocon"/>: puts <see cref="SealedTransport"/> around TCP. It needs a <see cref="WireSealSetup"/>.</summary>
public sealed class SealedTransportProvider : ITransportAdapterProvider
{
    /// <summary>Settings that put it there.</summary>
    public static Config Hocon { get; } = ConfigurationFactory.ParseString($$"""
        akka.remote {
          adapters.cport-seal = "{{typeof(SealedTransportProvider).FullName}},CPort.Actors"
          dot-netty.tcp.applied-adapters = ["cport-seal"]
        }
        """);

    public Transport Create(Transport wrappedTransport, ExtendedActorSystem system) =>
        system.Settings.Setup.Get<WireSealSetup>() is { HasValue: true, Value: var setup }
            ? new SealedTransport(wrappedTransport, setup.NewSealing(), Logging.GetLogger(system, "CPort.Cluster.Wire"))
            : throw new InvalidOperationException("Nodes need a WireSealSetup to speak with one another.");
}

/// <summary>
/// Seals every frame that leaves a node and opens every one that comes, before Akka reads anything of it: handshakes, heartbeats, gossip and messages alike.
/// One that is not good closes its connection, is counted and logged. Addresses are those of the transport inside.
/// </summary>
internal sealed class SealedTransport(Transport inner, FrameSealing sealing, ILoggingAdapter log) : Transport
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(10);

    private readonly FrameSealing _sealing = sealing;
    private readonly ILoggingAdapter _log = log;
    private long _said;
    private long _unsaid;

    public override string SchemeIdentifier => inner.SchemeIdentifier;

    public override long MaximumPayloadBytes => inner.MaximumPayloadBytes - FrameSealing.Overhead;

    public override async Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen()
    {
        var (address, listener) = await inner.Listen().ConfigureAwait(false);
        var outer = new TaskCompletionSource<IAssociationEventListener>();
        _ = outer.Task.ContinueWith(set => listener.TrySetResult(new Inbound(this, set.Result)),
            CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return (address, outer);
    }

    public override bool IsResponsibleFor(Address remote) => inner.IsResponsibleFor(remote);

    public override async Task<AssociationHandle> Associate(Address remoteAddress) =>
        new SealedHandle(this, await inner.Associate(remoteAddress).ConfigureAwait(false), isCaller: true);

    public override Task<bool> Shutdown() => inner.Shutdown();

    public override Task<bool> ManagementCommand(object message) => inner.ManagementCommand(message);

    /// <summary>A line every ten seconds at most: whoever reaches the port must not be able to fill the log.</summary>
    private void Refused(Address remote, FrameRefusal refusal, TimeSpan ahead)
    {
        CPortMetrics.FrameRefused(refusal.ToString());
        var now = Environment.TickCount64;
        var said = Interlocked.Read(ref _said);
        if ((said != 0 && now - said < SayAgain.TotalMilliseconds) || Interlocked.CompareExchange(ref _said, now, said) != said)
        {
            Interlocked.Increment(ref _unsaid);
            return;
        }

        var others = Interlocked.Exchange(ref _unsaid, 0);
        _log.Warning("A frame from {0}:{1} is refused and the connection closed: {2}.{3}", remote.Host, remote.Port, refusal switch
        {
            FrameRefusal.UnknownKey => "its sender has another master key than this node",
            FrameRefusal.Forged => "it was not sealed by a node of this cluster, or was changed on its way",
            FrameRefusal.Expired => string.Create(CultureInfo.InvariantCulture, $"it is from {Math.Abs(ahead.TotalSeconds):0.#} s ")
                + (ahead > TimeSpan.Zero ? "in the future" : "ago") + ", more than the nodes' clocks may be apart (CPORT__Cluster__ClockSkewSeconds)",
            FrameRefusal.Replayed => "it was here before",
            _ => "it is none of a node's",
        }, others == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" So were {others} others since the last such line."));
    }

    private sealed class Inbound(SealedTransport transport, IAssociationEventListener outer) : IAssociationEventListener
    {
        public void Notify(IAssociationEvent ev) =>
            outer.Notify(ev is InboundAssociation { Association: var handle }
                ? new InboundAssociation(new SealedHandle(transport, handle, isCaller: false)) : ev);
    }

    /// <summary>One connection.</summary>
    private sealed class SealedHandle : AssociationHandle
    {
        private readonly SealedTransport _transport;
        private readonly AssociationHandle _inner;
        private readonly FrameSealing.Sealer _sealer;
        private readonly Lock _writing = new();

        public SealedHandle(SealedTransport transport, AssociationHandle inner, bool isCaller)
            : base(inner.LocalAddress, inner.RemoteAddress)
        {
            (_transport, _inner) = (transport, inner);
            _sealer = transport._sealing.NewSealer(isCaller);
            var opener = transport._sealing.NewOpener(!isCaller);
            _ = ReadHandlerSource.Task.ContinueWith(set => inner.ReadHandlerSource.TrySetResult(new Reader(this, opener, set.Result)),
                CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        /// <summary>Heartbeats and messages are written by different actors: in the order they are counted in.</summary>
        public override bool Write(ByteString payload)
        {
            lock (_writing)
            {
                return _inner.Write(UnsafeByteOperations.UnsafeWrap(_sealer.Seal(payload.Span)));
            }
        }

        [Obsolete("Akka's own: the overload with a reason ends here.")]
        public override void Disassociate() => _inner.Disassociate();

        private void Close(FrameRefusal refusal, TimeSpan ahead)
        {
            _transport.Refused(RemoteAddress, refusal, ahead);
            _inner.Disassociate("a frame was refused", _transport._log);
        }

        /// <summary>Told of what comes on one connection, one after the other.</summary>
        private sealed class Reader(SealedHandle handle, FrameSealing.Opener opener, IHandleEventListener outer) : IHandleEventListener
        {
            private bool _closed;

            public void Notify(IHandleEvent ev)
            {
                if (ev is not InboundPayload { Payload: var frame })
                {
                    outer.Notify(ev);
                }
                else if (!_closed)
                {
                    if (opener.Open(frame.Span, out var refusal) is { } payload)
                    {
                        outer.Notify(new InboundPayload(UnsafeByteOperations.UnsafeWrap(payload)));
                        return;
                    }

                    _closed = true;
                    handle.Close(refusal!.Value, opener.Ahead);
                }
            }
        }
    }
}
