using System.Collections;
using System.Reflection;
using Akka.Actor;
using Akka.Serialization;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Persistence;
using CPort.Actors.Serialization;
using CPort.Api.Tests.EndToEnd;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Cluster;

/// <summary>Whatever number and manifest a message gives on a node as it is put together, nothing is made of the type that its bytes name.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SerializerTests(EndToEndNodes nodes)
{
    /// <summary>
    /// All that a node has, by number. A package that brings another one turns this red: whether it makes what a sender names has to be looked at.
    /// </summary>
    private static readonly SortedDictionary<int, string> Pinned = new()
    {
        [0] = "Akka.Serialization.NullSerializer",
        [1] = "CPort.Actors.Cluster.Wire.NoSerializer",
        [2] = "CPort.Actors.Cluster.Wire.NoSerializer",
        [3] = "CPort.Actors.Cluster.Wire.NoSerializer",
        [4] = "CPort.Actors.Cluster.Wire.NoSerializer",
        [5] = "Akka.Cluster.Serialization.ClusterMessageSerializer",
        [6] = "Akka.Remote.Serialization.MessageContainerSerializer",
        [7] = "Akka.Persistence.Serialization.PersistenceMessageSerializer",
        [8] = "Akka.Persistence.Serialization.PersistenceSnapshotSerializer",
        [9] = "Akka.Cluster.Tools.PublishSubscribe.Serialization.DistributedPubSubMessageSerializer",
        [11] = "Akka.DistributedData.Serialization.ReplicatedDataSerializer",
        [12] = "Akka.DistributedData.Serialization.ReplicatorMessageSerializer",
        [13] = "Akka.Cluster.Sharding.Serialization.ClusterShardingMessageSerializer",
        [14] = "Akka.Cluster.Tools.Singleton.Serialization.ClusterSingletonMessageSerializer",
        [15] = "Akka.Cluster.Tools.Client.Serialization.ClusterClientMessageSerializer",
        [16] = "CPort.Actors.Cluster.Wire.NarrowMiscSerializer",
        [17] = "Akka.Remote.Serialization.PrimitiveSerializers",
        [22] = "CPort.Actors.Cluster.Wire.NarrowSystemMessageSerializer",
        [30] = "Akka.Streams.Serialization.StreamRefSerializer",
        [36] = "Akka.Cluster.Serialization.ReliableDeliverySerializer",
        [3101] = "CPort.Actors.Serialization.WireSerializer",
        [3102] = "CPort.Actors.Confidential.SealedRowSerializer",
    };

    /// <summary>What a sender would have made, and what harms a node by being made or by arriving.</summary>
    private static IEnumerable<string> Foreign =>
    [
        .. new[]
        {
            typeof(Marker), typeof(UriBuilder), typeof(Version), typeof(FileInfo), typeof(InvalidOperationException), typeof(System.Diagnostics.Process),
            typeof(PoisonPill), typeof(Kill), typeof(Deploy), typeof(Akka.Configuration.Config), typeof(Akka.Dispatch.SysMsg.Terminate),
            typeof(Akka.Dispatch.SysMsg.Suspend), typeof(string), typeof(object), typeof(Hashtable),
        }.SelectMany(t => new[] { t.AssemblyQualifiedName!, t.FullName! }),
        "", "PP", "K", "TE", "E", "C", "rc1x", "no-such-manifest",
    ];

    [Fact]
    public async Task The_serializers_of_a_node_are_these_and_no_others()
    {
        var all = All(await SerializationAsync());
        Assert.Equal(Pinned, new SortedDictionary<int, string>(all.ToDictionary(s => s.Key, s => s.Value.GetType().FullName!)));

        // Those that make objects of any type have one in their place that makes none.
        Assert.All(CPort.Actors.Cluster.Wire.SerializationSetup.Refused, r => Assert.IsType<NoSerializer>(all[r.Identifier]));
        Assert.DoesNotContain(all.Values, s => s is NewtonSoftJsonSerializer);
    }

    [Fact]
    public async Task No_serializer_by_any_number_makes_an_object_of_the_type_that_a_manifest_names()
    {
        var serialization = await SerializationAsync();
        byte[][] forms = [[.. "{\"Text\":\"json\"}"u8], [], [10, 2, 8, 1], [.. "\"text\""u8], [.. Enumerable.Range(0, 64).Select(i => (byte)i)]];
        var (made, refused) = (new HashSet<string>(), 0);
        foreach (var id in All(serialization).Keys.Concat(Enumerable.Range(-6, 50)).Distinct())
        {
            foreach (var (manifest, bytes) in from m in Foreign from b in forms select (m, b))
            {
                try
                {
                    made.Add($"{id} {serialization.Deserialize(bytes, id, manifest)?.GetType().Name}");
                }
                catch (Exception)
                {
                    refused++;
                }
            }
        }

        // What is made all the same are a serializer's own messages, by its own short manifests, with nothing in them; and bytes that stay bytes.
        Assert.Equal(0, Marker.Made);
        Assert.True(refused > 1_000, $"{refused}");
        Assert.Equal(
            [
                "0 ", "12 NotFound", "12 Read", "12 Subscribe", "14 HandOverDone", "15 Heartbeat", "15 ReceptionistShutdown", "30 RemoteStreamFailure",
                "3102 SealedRow", "6 ActorSelectionMessage",
            ],
            made.Order(StringComparer.Ordinal));
    }

    /// <summary>Of CPort's own messages each has a manifest, and another one makes nothing; nor does a manifest with another case or a blank.</summary>
    [Fact]
    public async Task CPorts_own_makes_nothing_of_a_manifest_that_is_not_its_own()
    {
        var own = All(await SerializationAsync()).Values.OfType<WireSerializer>().Single();
        var known = WireContracts.All.Select(c => c.Manifest).ToHashSet(StringComparer.Ordinal);
        var wrong = Foreign.Concat(known.SelectMany(m => new[] { m.ToUpperInvariant(), $" {m}", $"{m} ", $"{m}\0" }))
            .Where(m => !known.Contains(m)).ToList();
        Assert.True(wrong.Count > 500, $"{wrong.Count}");
        Assert.All(wrong, m => Assert.ThrowsAny<Exception>(() => own.FromBinary([10, 2, 8, 1], m)));
    }

    private async Task<Akka.Serialization.Serialization> SerializationAsync() =>
        ((ExtendedActorSystem)(await nodes.OnAsync(DatabaseProvider.Sqlite)).Services.GetRequiredService<ActorSystem>()).Serialization;

    /// <summary>Akka does not tell them: they stand in a field.</summary>
    private static Dictionary<int, Serializer> All(Akka.Serialization.Serialization serialization)
    {
        var found = typeof(Akka.Serialization.Serialization).GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Select(f => f.GetValue(serialization)).OfType<IDictionary<int, Serializer>>().Single();
        return new Dictionary<int, Serializer>(found);
    }

    /// <summary>What a sender would have made.</summary>
    public sealed class Marker
    {
        public Marker() => Made++;

        public static int Made { get; private set; }

        public string? Text { get; set; }
    }
}
