using Akka.Actor;
using CPort.Actors.Persistence;
using CPort.Api.Tests.EndToEnd;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Cluster;

/// <summary>Whatever number a message gives for its serializer on a node as it is put together, nothing is made of the type that its bytes name.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SerializerTests(EndToEndNodes nodes)
{
    [Fact]
    public async Task No_serializer_by_any_number_makes_an_object_of_the_type_that_a_manifest_names()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var serialization = ((ExtendedActorSystem)node.Services.GetRequiredService<ActorSystem>()).Serialization;
        byte[][] forms = [[.. "{\"Text\":\"json\"}"u8], [], [10, 2, 8, 1]];

        // Akka's own are the first ones, CPort's are further on.
        var (made, refused) = (new List<object>(), 0);
        foreach (var id in Enumerable.Range(-6, 50))
        {
            foreach (var bytes in forms)
            {
                try
                {
                    made.Add(serialization.Deserialize(bytes, id, typeof(Marker).AssemblyQualifiedName!));
                }
                catch (Exception)
                {
                    refused++;
                }
            }
        }

        // Bytes as such and Akka's own messages, empty, harm nobody.
        Assert.Equal(0, Marker.Made);
        Assert.True(refused > 100, $"{refused}");
        Assert.DoesNotContain(made, m => m is Marker);
    }

    /// <summary>What a sender would have made.</summary>
    public sealed class Marker
    {
        public Marker() => Made++;

        public static int Made { get; private set; }

        public string? Text { get; set; }
    }
}
