using System.Net;
using System.Security.Cryptography;

namespace CPort.Domain.Iwol;

/// <summary>
/// A response policy zone: what resolvers answer instead for each domain and all names below it. Its serial is the list's version; its last record (ZONEMD, RFC
/// 8976: SHA-384 over all others in canonical form) lets a resolver see that it has all of it.
/// </summary>
internal static class RpzZone
{
    private const int Ttl = 300;
    private const ushort A = 1;
    private const ushort Ns = 2;
    private const ushort Cname = 5;
    private const ushort Soa = 6;
    private const ushort Aaaa = 28;

    /// <summary>The longest domain that has a place in a zone, with an asterisk before and the zone's name after it.</summary>
    public const int LongestDomain = 200;

    public static byte[] Write(int version, IwolPublication publication, ImmutableArray<string> domains)
    {
        var zone = $"{publication.Zone}.";
        var soa = new Record(zone, Soa, $"localhost. root.localhost. {version} 300 60 604800 60",
            [.. WireName("localhost."), .. WireName("root.localhost."), .. Numbers((uint)version, 300, 60, 604_800, 60)]);
        var records = new List<Record> { soa, new(zone, Ns, "localhost.", WireName("localhost.")) };
        foreach (var domain in domains)
        {
            foreach (var owner in new[] { $"{domain}.{zone}", $"*.{domain}.{zone}" })
            {
                records.AddRange(Answers(publication).Select(a => new Record(owner, a.Type, a.Text, a.Wire)));
            }
        }

        var text = new StringBuilder($"$TTL {Ttl}\n");
        foreach (var record in records)
        {
            text.Append($"{record.Owner} {Ttl} IN {Word(record.Type)} {record.Text}\n");
        }

        text.Append($"{zone} {Ttl} IN ZONEMD {version} 1 1 {Convert.ToHexString(Digest(records))}\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static IEnumerable<(ushort Type, string Text, byte[] Wire)> Answers(IwolPublication publication)
    {
        if (publication.Answer == IwolAnswer.StopAddress)
        {
            if (publication.Address4 is { } four)
            {
                yield return (A, four, IPAddress.Parse(four).GetAddressBytes());
            }

            if (publication.Address6 is { } six)
            {
                yield return (Aaaa, six, IPAddress.Parse(six).GetAddressBytes());
            }

            yield break;
        }

        var target = publication.Answer switch
        {
            IwolAnswer.NoData => "*.",
            IwolAnswer.StopName => $"{publication.StopName}.",
            _ => ".",
        };
        yield return (Cname, target, WireName(target));
    }

    /// <summary>By the scheme "simple": records in canonical order and form (RFC 4034 6).</summary>
    private static byte[] Digest(List<Record> records)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);
        Span<byte> head = stackalloc byte[10];
        foreach (var record in records.Select(r => (Record: r, Order: CanonicalOrder(r.Owner))).OrderBy(r => r.Order, ByteOrder.Instance)
            .ThenBy(r => r.Record.Type).ThenBy(r => r.Record.Wire, ByteOrder.Instance).Select(r => r.Record))
        {
            hash.AppendData(WireName(record.Owner));
            BinaryPrimitives.WriteUInt16BigEndian(head, record.Type);
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(head[4..], Ttl);
            BinaryPrimitives.WriteUInt16BigEndian(head[8..], (ushort)record.Wire.Length);
            hash.AppendData(head);
            hash.AppendData(record.Wire);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Labels from the right, each ended by what sorts before all characters.</summary>
    private static byte[] CanonicalOrder(string name) =>
        Encoding.ASCII.GetBytes(string.Join('\0', name.TrimEnd('.').Split('.').Reverse()));

    private static byte[] WireName(string name) => name == "." ? [0]
        : [.. name.TrimEnd('.').Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    private static byte[] Numbers(params ReadOnlySpan<uint> numbers)
    {
        var bytes = new byte[4 * numbers.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), numbers[i]);
        }

        return bytes;
    }

    private static string Word(ushort type) => type switch { A => "A", Ns => "NS", Cname => "CNAME", Soa => "SOA", _ => "AAAA" };

    private sealed record Record(string Owner, ushort Type, string Text, byte[] Wire);

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
