using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CPort.Domain.CodeLists;
using CPort.Domain.Routing;
using CPort.Domain.Text;

namespace CPort.Actors.Routing;

/// <summary>
/// The operator's own table of networks and domains, read once at start. One entry a line, comma-separated:
/// <code>
/// # network or domain , country , AS number , organisation      , CDN (yes, no)
/// 192.0.2.0/24        , NL      , AS64496   , "Example Host, BV", no
/// cdn.example         , -       , 64497     , Example Edge      , yes
/// </code>
/// A domain stands for itself and all below it. <c>-</c> or nothing means "not known"; trailing fields may be left out. The
/// longest prefix and the longest domain win; a question about a host is answered by domains, one about an address by networks.
/// </summary>
public sealed class StaticTableProvider : ITraceProvider
{
    private const int DomainConfidence = 90;
    private const int NetworkConfidence = 85;

    private readonly FrozenDictionary<string, Entry> _domains;
    private readonly FrozenDictionary<(int Length, UInt128 Network), Entry> _v4;
    private readonly FrozenDictionary<(int Length, UInt128 Network), Entry> _v6;
    private readonly int[] _v4Lengths;
    private readonly int[] _v6Lengths;

    private StaticTableProvider(
        Dictionary<string, Entry> domains, Dictionary<(int Length, UInt128 Network), Entry> v4,
            Dictionary<(int Length, UInt128 Network), Entry> v6)
    {
        _domains = domains.ToFrozenDictionary(StringComparer.Ordinal);
        _v4 = v4.ToFrozenDictionary();
        _v6 = v6.ToFrozenDictionary();
        _v4Lengths = [.. v4.Keys.Select(k => k.Length).Distinct().OrderDescending()];
        _v6Lengths = [.. v6.Keys.Select(k => k.Length).Distinct().OrderDescending()];
    }

    private sealed record Entry(Country? Country, uint? Network, string? Organisation, bool? IsCdn);

    /// <inheritdoc/>
    public string Name => "static-table";

    /// <summary>Number of entries.</summary>
    public int Count => _domains.Count + _v4.Count + _v6.Count;

    /// <summary>Reads a file; throws <see cref="IOException"/> or, with the line's number and what is wrong in it, <see cref="FormatException"/>.</summary>
    public static StaticTableProvider Load(string path)
    {
        using var reader = new StreamReader(path);
        return Parse(reader, path);
    }

    /// <summary>As <see cref="Load"/>, from any text; <paramref name="name"/> is for messages.</summary>
    public static StaticTableProvider Parse(TextReader reader, string name)
    {
        var domains = new Dictionary<string, Entry>(StringComparer.Ordinal);
        var v4 = new Dictionary<(int Length, UInt128 Network), Entry>();
        var v6 = new Dictionary<(int Length, UInt128 Network), Entry>();
        using var fields = new CsvLine(',');
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.TrimStart().StartsWith('#'))
            {
                continue;
            }

            var fault = fields.Split(Encoding.UTF8.GetBytes(line)) is { } broken ? $"{broken}." : ReadFields(fields, domains, v4, v6);
            if (fault is not null)
            {
                throw new FormatException($"{name}, line {number}: {fault}");
            }
        }

        return new StaticTableProvider(domains, v4, v6);
    }

    /// <inheritdoc/>
    public ValueTask<TraceAnswer> TraceAsync(TraceQuestion question, CancellationToken cancellationToken)
    {
        var (entry, confidence) = question.Subject == TraceSubject.Host
            ? (question.Host is null ? null : FindDomain(question.Host), DomainConfidence)
            : (question.Address is null ? null : FindNetwork(question.Address), NetworkConfidence);
        return ValueTask.FromResult<TraceAnswer>(entry is null ? TraceAnswer.NotKnown.Instance : new TraceAnswer.Found
        {
            Source = HostingSource.StaticTable,
            Confidence = entry.Country is null ? 0 : confidence,
            Country = entry.Country,
            AutonomousSystemNumber = entry.Network,
            OrganizationName = entry.Organisation,
            IsContentDeliveryNetwork = entry.IsCdn,
        });
    }

    private Entry? FindDomain(string host)
    {
        var lookup = _domains.GetAlternateLookup<ReadOnlySpan<char>>();
        var rest = host.AsSpan();
        while (true)
        {
            if (lookup.TryGetValue(rest, out var entry))
            {
                return entry;
            }

            var dot = rest.IndexOf('.');
            if (dot < 0)
            {
                return null;
            }

            rest = rest[(dot + 1)..];
        }
    }

    private Entry? FindNetwork(IPAddress address)
    {
        var plain = IpText.Plain(address);
        var (value, width) = Bits(plain);
        var (table, lengths) = width == 32 ? (_v4, _v4Lengths) : (_v6, _v6Lengths);
        foreach (var length in lengths)
        {
            if (table.TryGetValue((length, Prefix(value, width, length)), out var entry))
            {
                return entry;
            }
        }

        return null;
    }

    private static string? ReadFields(
        CsvLine fields, Dictionary<string, Entry> domains, Dictionary<(int Length, UInt128 Network), Entry> v4,
            Dictionary<(int Length, UInt128 Network), Entry> v6)
    {
        if (fields.Count is < 2 or > 5)
        {
            return "expected 2 to 5 fields: network or domain, country, AS number, organisation, CDN (quote an organisation that holds a comma).";
        }

        string? Field(int i) => i < fields.Count && fields[i] is not ("" or "-") ? fields[i].ToString() : null;

        Country? country = null;
        if (Field(1) is { } countryText)
        {
            if (!Country.TryParse(countryText, out var read))
            {
                return $"'{countryText}' is not an ISO 3166-1 alpha-2 country code.";
            }

            country = read;
        }

        uint? network = null;
        if (Field(2) is { } networkText)
        {
            var digits = networkText.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? networkText[2..] : networkText;
            if (!uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var read))
            {
                return $"'{networkText}' is not an AS number.";
            }

            network = read;
        }

        bool? isCdn = null;
        if (Field(4) is { } cdnText)
        {
            isCdn = cdnText.ToUpperInvariant() switch { "YES" or "CDN" or "TRUE" => true, "NO" or "FALSE" => false, _ => null };
            if (isCdn is null)
            {
                return $"'{cdnText}' is not yes or no.";
            }
        }

        var entry = new Entry(country, network, Field(3), isCdn);
        var key = fields[0].ToString();
        if (!key.Contains('/', StringComparison.Ordinal) && !IpText.TryParse(key, out _))
        {
            return AddDomain(key, entry, domains);
        }

        var slash = key.IndexOf('/', StringComparison.Ordinal);
        if (!IpText.TryParse(slash < 0 ? key : key[..slash], out var address))
        {
            return $"'{key}' is not an IP network (for example 192.0.2.0/24 or 2001:db8::/32).";
        }

        var (value, width) = Bits(address);
        var length = width;
        if (slash >= 0 && (!int.TryParse(key.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > width))
        {
            return $"'{key}' has no prefix length from 0 to {width}.";
        }

        if (Prefix(value, width, length) != value)
        {
            return $"'{key}' has bits set beyond its prefix length.";
        }

        return (width == 32 ? v4 : v6).TryAdd((length, value), entry) ? null : $"'{key}' stands in the table twice.";
    }

    private static string? AddDomain(string key, Entry entry, Dictionary<string, Entry> domains)
    {
        var name = key.StartsWith("*.", StringComparison.Ordinal) ? key[2..] : key.TrimStart('.');
        if (!HostNames.TryNormalise(name, out var domain) || domain.All(c => char.IsAsciiDigit(c) || c == '.'))
        {
            return $"'{key}' is neither an IP network nor a domain name.";
        }

        return domains.TryAdd(domain, entry) ? null : $"'{key}' stands in the table twice.";
    }

    private static (UInt128 Value, int Width) Bits(IPAddress address)
    {
        UInt128 value = 0;
        foreach (var b in address.GetAddressBytes())
        {
            value = (value << 8) | b;
        }

        return (value, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    private static UInt128 Prefix(UInt128 value, int width, int length) => length == 0 ? UInt128.Zero : value >> (width - length) << (width - length);
}
