using System.Buffers.Binary;
using System.Collections.Immutable;
using CPort.Actors.Serialization;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;

namespace CPort.Actors.Tests.Hashes;

/// <summary>Made-up hashes, agencies and opinions.</summary>
internal static class HashSamples
{
    public static readonly DateTimeOffset Start = new(2026, 9, 1, 8, 0, 0, TimeSpan.Zero);
    public static readonly Country Nl = Country.Parse("NL");
    public static readonly Country De = Country.Parse("DE");

    /// <summary>A SHA-256 of exact bucket 17; different for each number.</summary>
    public static ContentHash Sha256(int n, byte first = 17) => Made(HashAlgorithm.Sha256, n, first);

    public static ContentHash Made(HashAlgorithm algorithm, int n, byte first = 17)
    {
        var bytes = new byte[ContentHash.LengthOf(algorithm)];
        new Random(n).NextBytes(bytes);
        bytes[0] = first;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), n);
        return ContentHash.FromBytes(algorithm, bytes);
    }

    public static ReportId Report(int n) => new((UInt128)(n + 1) << 64);

    public static ItemRef Item(int report, int ordinal = 1) => new(Report(report), ordinal);

    public static HashOpinion Says(
        string agency, Classification classification, Country? country = null, TrustLevel trust = TrustLevel.Standard, int minute = 0,
        string? list = null) =>
        new()
        {
            Agency = AgencyId.Parse(agency), List = list, Basis = list is null ? OpinionBasis.Human : OpinionBasis.List,
            Classification = classification, Country = country, Trust = trust, At = Start.AddMinutes(minute),
        };

    public static SightAndLookup Sight(HashBucketId bucket, params (ContentHash Hash, ItemRef Item)[] sightings) => new()
    {
        Bucket = bucket, RequestId = 1, Sightings = [.. sightings.Select(s => new HashSighting { Hash = s.Hash, Item = s.Item })],
    };

    /// <summary>Sightings with what is said of the item.</summary>
    public static SightAndLookup SightSaying(HashBucketId bucket, HashOpinion opinion, params (ContentHash Hash, ItemRef Item)[] sightings) => new()
    {
        Bucket = bucket, RequestId = 1,
        Sightings = [.. sightings.Select(s => new HashSighting { Hash = s.Hash, Item = s.Item, Words = [new OpinionOnItem { Opinion = opinion }] })],
    };

    public static RecordBucketOpinions Opine(HashBucketId bucket, ContentHash hash, HashOpinion opinion, bool retract = false) => new()
    {
        Bucket = bucket, RequestId = 2, Opinions = [new OpinionOnHash { Hash = hash, Opinion = opinion, Retract = retract }],
    };

    public static ImportHashes Import(HashBucketId bucket, IEnumerable<HashListRow> rows, TrustLevel trust = TrustLevel.Trusted, int minute = 0) => new()
    {
        Bucket = bucket, RequestId = 3, Rows = [.. rows],
        Source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "known", Trust = trust, At = Start.AddMinutes(minute) },
    };

    public static (HashBucket State, HashesRecorded? Event) Do(this HashBucket state, params IHashBucketWrite[] commands)
    {
        var e = HashBucketRules.Decide(state, commands).Event;
        return (e is null ? state : HashBucketRules.Apply(state, e), e);
    }

    public static T OverTheWire<T>(T message)
    {
        using var stream = new MemoryStream();
        WireModel.Instance.Serialize(stream, message);
        stream.Position = 0;
        return WireModel.Instance.Deserialize<T>(stream);
    }

    /// <summary>A state of its own with the same content: by way of a snapshot's bytes.</summary>
    public static HashBucket Copy(HashBucket state) => HashBucket.From(OverTheWire(state.ToSnapshot()));

    /// <summary>The whole state in an order of its own, for comparing two.</summary>
    public static List<string> Fingerprint(HashBucket state)
    {
        var lines = state.Rows.Select(row =>
            $"{row} {state.HashOf(row).ToHex()}: {Text(state.EntryOf(row).ToSnapshot())} known {state.IsKnown(row)} trap {state.IsTrap(row)} "
            + $"pending {state.IsPending(row)} {string.Join(';', state.Sightings.Of(row).ToArray())}").ToList();
        lines.AddRange(state.Quarantine.OrderBy(q => q.Key).Select(q => $"quarantine {q.Key} {q.Value}"));
        lines.AddRange(state.Trust.OrderBy(t => t.Agency.Value, StringComparer.Ordinal).Select(t => $"trust {t}"));
        lines.Add($"{state.SightingCount} sightings, {state.Known} known, {state.Pending.Count} pending");
        return lines;

        static string Text(HashEntrySnapshot entry)
        {
            using var stream = new MemoryStream();
            WireModel.Instance.Serialize(stream, entry);
            return Convert.ToHexString(stream.ToArray());
        }
    }
}
