using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using Akka.Actor;
using CPort.Actors.Serialization;
using CPort.Domain.Wire;
using ProtoBuf;

namespace CPort.Actors.Tests.Serialization;

/// <summary>What journals and other nodes hold must stay readable: contracts, round trips of every type, golden bytes of every event.</summary>
public sealed class WireContractTests
{
    private static readonly bool Update = Environment.GetEnvironmentVariable("CPORT_UPDATE_CONTRACTS") == "1";

    public static TheoryData<string> Manifests => [.. WireContracts.All.Select(c => c.Manifest)];

    public static TheoryData<string> EventManifests => [.. WireContracts.All.Where(c => c.Type.IsAssignableTo(typeof(IWireEvent))).Select(c => c.Manifest)];

    [Fact]
    public void Contracts_in_code_are_those_written_down_in_contracts_txt()
    {
        var path = Path.Combine(Folder(), "../../../src/CPort.Actors/Serialization/contracts.txt");
        var actual = WireContracts.Describe();
        if (Update)
        {
            File.WriteAllText(path, actual);
        }

        var written = (File.Exists(path) ? File.ReadAllText(path) : "").Replace("\r\n", "\n", StringComparison.Ordinal);
        Assert.True(written == actual,
            "contracts.txt and the code disagree. Fields and manifests may be added, never changed or reused. If that holds, set CPORT_UPDATE_CONTRACTS=1.\n"
            + Difference(written, actual));
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Every_wire_type_survives_a_round_trip_with_all_its_fields(string manifest)
    {
        var serializer = Serializer();
        var original = new SampleValues().Make(WireContracts.TypeOf(manifest));
        Assert.Empty(SampleValues.Empty(original));

        var bytes = serializer.ToBinary(original);
        var copy = serializer.FromBinary(bytes, manifest);

        Assert.IsType(original.GetType(), copy);
        Assert.Equal(SampleValues.Describe(original), SampleValues.Describe(copy));
        Assert.Equal(bytes, serializer.ToBinary(copy));
        Assert.Equal(manifest, serializer.Manifest(copy));
    }

    [Theory]
    [MemberData(nameof(EventManifests))]
    public void Every_event_ever_written_stays_readable(string manifest)
    {
        var serializer = Serializer();
        var file = Path.Combine(Folder(), "Golden", manifest + ".bin");
        if (Update && !File.Exists(file))
        {
            // An existing golden file is never rewritten: it stands for what is in journals.
            var sample = new SampleValues().Make(WireContracts.TypeOf(manifest));
            File.WriteAllBytes(file, serializer.ToBinary(sample));
            File.WriteAllText(Path.ChangeExtension(file, ".txt"), SampleValues.Describe(sample));
        }

        Assert.True(File.Exists(file), $"No golden file for event '{manifest}': run with CPORT_UPDATE_CONTRACTS=1 and commit Golden/{manifest}.*");
        var read = SampleValues.Describe(serializer.FromBinary(File.ReadAllBytes(file), manifest)).Split('\n');
        var missing = File.ReadAllLines(Path.ChangeExtension(file, ".txt")).Except(read).ToArray();
        Assert.True(missing.Length == 0, $"Event '{manifest}' no longer reads what old journals hold:\n" + string.Join('\n', missing));
    }

    [Fact]
    public void No_golden_file_is_left_without_its_type()
    {
        var orphans = Directory.GetFiles(Path.Combine(Folder(), "Golden"), "*.bin").Select(f => Path.GetFileNameWithoutExtension(f)!)
            .Except(WireContracts.All.Select(c => c.Manifest));
        Assert.Empty(orphans);
    }

    [Fact]
    public void A_manifest_used_twice_stops_the_start()
    {
        var error = Assert.Throws<InvalidOperationException>(() => WireContracts.FindByManifest([typeof(One), typeof(Two)]));
        Assert.Contains("'zz1' is used by", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wire_type_without_a_manifest_stops_the_start() =>
        Assert.Throws<InvalidOperationException>(() => WireContracts.FindByManifest([typeof(Nameless)]));

    [Fact]
    public void Unknown_manifests_foreign_types_and_broken_bytes_are_serialization_errors()
    {
        var serializer = Serializer();
        Assert.Throws<SerializationException>(() => serializer.FromBinary([], "zz9"));
        Assert.Throws<SerializationException>(() => serializer.Manifest("text"));
        Assert.Throws<SerializationException>(() => serializer.ToBinary(new One()));
        Assert.Throws<SerializationException>(() => serializer.FromBinary([0xff, 0xff, 0xff], WireContracts.All[0].Manifest));
    }

    private static WireSerializer Serializer() => new((ExtendedActorSystem)System.Value);

    private static readonly Lazy<ActorSystem> System = new(() => ActorSystem.Create("contracts", "akka.loglevel = WARNING"));

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static string Difference(string written, string actual)
    {
        // By section, so that equal lines of different messages do not hide each other.
        static IEnumerable<string> Lines(string text)
        {
            var section = "";
            foreach (var line in text.Split('\n'))
            {
                section = line.StartsWith(' ') ? section : line;
                yield return line.StartsWith(' ') ? $"{section} |{line}" : line;
            }
        }

        var old = Lines(written).ToHashSet();
        var now = Lines(actual).ToHashSet();
        return string.Join('\n', old.Except(now).Select(l => "- " + l).Concat(now.Except(old).Select(l => "+ " + l)));
    }

    [ProtoContract]
    [Manifest("zz1")]
    private sealed record One : IWireMessage;

    [ProtoContract]
    [Manifest("zz1")]
    private sealed record Two : IWireMessage;

    [ProtoContract]
    private sealed record Nameless : IWireMessage;
}
