using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;
using CPort.Actors.Serialization;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Tests.Shared;
using Google.Protobuf.WellKnownTypes;

namespace CPort.Actors.Tests.Cluster;

/// <summary>Who is heard on a node's port: other nodes, by the key that they hold; and of those only CPort's messages and what Akka needs.</summary>
public sealed class SealedTransportTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly WireKey _key = WireKey.Of(KeyRing.New());
    private readonly ConcurrentQueue<object> _heard = [];
    private readonly ConcurrentDictionary<string, int> _refused = [];
    private readonly MeterListener _meters = new();

    public SealedTransportTests()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "cport.cluster.frames.refused")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((_, _, tags, _) => _refused.AddOrUpdate((string)tags[0].Value!, 1, (_, before) => before + 1));
        _meters.Start();
    }

    public void Dispose() => _meters.Dispose();

    [Fact]
    public async Task A_node_hears_who_holds_its_key_and_nobody_else_whatever_they_send()
    {
        await using var node = await StartAsync(akka => Sealed(akka, _key).AddWireSerialization());
        await using var friend = await StartAsync(akka => Sealed(akka, _key).AddWireSerialization());
        await using var other = await StartAsync(akka => Sealed(akka, WireKey.Of(KeyRing.New())).AddWireSerialization());
        await using var late = await StartAsync(akka => Sealed(akka, _key, TimeSpan.FromHours(-1)).AddWireSerialization());
        await using var stranger = await StartAsync(akka => akka);
        var probe = Probe(node);

        // From Akka without a key, and from CPort with another one or by a clock that is wrong: what an actor would obey, and what Akka itself would.
        foreach (var (system, message) in new (TestActorSystem, object)[] { (stranger, PoisonPill.Instance), (other, News(1)), (late, News(2)) })
        {
            system.System.ActorSelection(probe).Tell(message);
            system.System.ActorSelection(probe).Tell(new Identify("who?"));
        }

        await Wait.UntilAsync(() => Task.FromResult(
            _refused.ContainsKey(nameof(FrameRefusal.Malformed)) && _refused.ContainsKey(nameof(FrameRefusal.UnknownKey))
                && _refused.ContainsKey(nameof(FrameRefusal.Expired))),
            Patience, () => $"not all were refused: {string.Join(", ", _refused)}");

        // Akka's own questions are answered between nodes.
        await Wait.UntilAsync(async () =>
        {
            try
            {
                return (await friend.System.ActorSelection(probe).Ask<ActorIdentity>(new Identify("who?"), TimeSpan.FromSeconds(2))).Subject is not null;
            }
            catch (AskTimeoutException)
            {
                return false;
            }
        }, Patience, () => "the friend was not heard");
        friend.System.ActorSelection(probe).Tell(News(3));
        await Wait.UntilAsync(() => Task.FromResult(!_heard.IsEmpty), Patience, () => "the friend's message did not come");
        Assert.Equal(3, Assert.IsType<TakeVerdicts>(Assert.Single(_heard)).FanOutId);
    }

    [Fact]
    public async Task Nothing_is_made_of_what_another_serializer_wrote_even_with_the_key()
    {
        await using var node = await StartAsync(akka => Sealed(akka, _key).AddWireSerialization());
        await using var sender = await StartAsync(akka =>
            Sealed(akka, _key).WithCustomSerializer("cport", [typeof(TakeVerdicts)], system => new WireSerializer(system)));
        var probe = sender.System.ActorSelection(Probe(node));
        await probe.ResolveOne(Patience);
        object[] sent =
        [
            new Marker { Text = "json" }, new UriBuilder("http://host.example"), new Version(1, 2), "bytes"u8.ToArray(), new StringValue { Value = "protobuf" },
            ConfigurationFactory.ParseString("a = 1"), new Status.Success(new Marker()), new Status.Failure(new MarkerException("a memo")), Kill.Instance,
            PoisonPill.Instance, new RemoteScope(Address.Parse("akka.tcp://test@192.0.2.1:1")),
        ];
        var (made, exceptions) = (Marker.Made, MarkerException.Made);
        foreach (var message in sent)
        {
            probe.Tell(message);
        }

        // An actor of the sender's making, on the node.
        var address = ((ExtendedActorSystem)node.System).Provider.DefaultAddress;
        sender.System.ActorOf(Props.Create<MarkerActor>().WithDeploy(new Deploy(new RemoteScope(address))));

        // In order behind all of those.
        probe.Tell(News(4));
        await Wait.UntilAsync(() => Task.FromResult(_heard.OfType<TakeVerdicts>().Any()), Patience, () => "the last message did not come");

        // A failure is told, by its kind alone.
        var failure = Assert.Single(_heard, m => m is not TakeVerdicts);
        Assert.IsType<RemoteFaultException>(Assert.IsType<Status.Failure>(failure).Cause);
        Assert.DoesNotContain("memo", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(made, Marker.Made);
        Assert.Equal(exceptions, MarkerException.Made);
        Assert.Equal(0, MarkerActor.Made);
    }

    [Fact]
    public async Task A_failure_of_a_node_comes_as_its_kind_and_whether_it_passes()
    {
        await using var node = await StartAsync(akka => akka.AddWireSerialization());
        var serialization = ((ExtendedActorSystem)node.System).Serialization;
        Assert.IsType<RemoteUnavailableException>(Travelled(new TimeoutException("a memo")).Cause);
        var other = Travelled(new InvalidOperationException("a memo", new MarkerException("another")));
        Assert.Equal("Another node failed (InvalidOperationException).", Assert.IsType<RemoteFaultException>(other.Cause).Message);

        Status.Failure Travelled(Exception cause)
        {
            var failure = new Status.Failure(cause);
            var serializer = (Akka.Serialization.SerializerWithStringManifest)serialization.FindSerializerFor(failure);
            return (Status.Failure)serialization.Deserialize(serializer.ToBinary(failure), serializer.Identifier, serializer.Manifest(failure));
        }
    }

    private static Task<TestActorSystem> StartAsync(Func<AkkaConfigurationBuilder, AkkaConfigurationBuilder> configure) =>
        TestActorSystem.StartAsync(akka => configure(akka
            .WithRemoting(new RemoteOptions { HostName = "127.0.0.1", Port = 0, MaxFrameSize = ClusterTuning.MaxFrameSize + FrameSealing.Overhead })));

    private static AkkaConfigurationBuilder Sealed(AkkaConfigurationBuilder akka, WireKey key, TimeSpan clock = default) => akka
        .AddHocon(SealedTransportProvider.Hocon, HoconAddMode.Prepend)
        .AddSetup(new WireSealSetup(() => key, TimeSpan.FromSeconds(30), new WrongClock(clock)));

    private static TakeVerdicts News(int number) => new() { ReportId = new ReportId(42), FanOutId = number };

    private ActorPath Probe(TestActorSystem node)
    {
        node.System.ActorOf(Props.Create(() => new Listener(_heard)), "probe");
        return new RootActorPath(((ExtendedActorSystem)node.System).Provider.DefaultAddress) / "user" / "probe";
    }

    private sealed class WrongClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(ConcurrentQueue<object> heard) => ReceiveAny(heard.Enqueue);
    }

    public sealed class Marker
    {
        public Marker() => Made++;

        public static int Made { get; private set; }

        public string? Text { get; set; }
    }

    public sealed class MarkerException : Exception
    {
        public MarkerException(string message)
            : base(message)
        {
        }

#pragma warning disable SYSLIB0051 // how Akka makes exceptions
        private MarkerException(System.Runtime.Serialization.SerializationInfo info, System.Runtime.Serialization.StreamingContext context)
            : base(info, context) => Made++;
#pragma warning restore SYSLIB0051

        public static int Made { get; private set; }
    }

    public sealed class MarkerActor : ReceiveActor
    {
        public MarkerActor() => Made++;

        public static int Made { get; private set; }
    }
}
