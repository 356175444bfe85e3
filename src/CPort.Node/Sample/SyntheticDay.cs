using System.Buffers;
using System.Text;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;

namespace CPort.Node.Sample;

/// <summary>What a synthetic line is, and so what intake should answer.</summary>
public enum SampleLineKind
{
    /// <summary>A report: accepted.</summary>
    Report,

    /// <summary>An earlier line of the same hotline once more, byte for byte: duplicate.</summary>
    Duplicate,

    /// <summary>An earlier reference with changed content: conflict.</summary>
    Conflict,

    /// <summary>A line broken in one way: rejected.</summary>
    Malformed,
}

/// <summary>
/// One line of a synthetic stream: its JSON without line end, valid until the next line is drawn, and its number of <c>urls</c> entries (0 for malformed
/// lines).
/// </summary>
public readonly record struct SampleLine(SampleLineKind Kind, AgencyId Hotline, ReadOnlyMemory<byte> Utf8, int Items)
{
    public override string ToString() => Encoding.UTF8.GetString(Utf8.Span);
}

/// <summary>
/// A made-up day of ICCAM traffic, the same for the same seed, hotlines and time: report bodies of ICCAM v3 (domain.md 1.3) with optional hashes, in the shares
/// of domain.md 1.8 (63% of media already known, websites 43%, image hosts 39%, forums 9%, orphan countries), with 1.5% duplicates, 0.5% conflicts and 1%
/// malformed lines. Every report is drawn by its own number, so a stream of any length needs no memory. Hosts end in <c>.example</c>, addresses are of the
/// documentation ranges, hashes are random.
/// </summary>
public sealed class SyntheticDay
{
    public const int DefaultReports = 2_000;
    public const ulong DefaultSeed = 20_260_104;
    private const int DuplicatesPerMille = 15;
    private const int ConflictsPerMille = 5;
    private const int MalformedPerMille = 10;
    private const int HostsPerCountry = 40;

    private static readonly (int, SiteType)[] SiteTypeShares =
    [
        (427, SiteType.Website), (394, SiteType.ImageHost), (88, SiteType.Forum), (30, SiteType.FileHost),
            (18, SiteType.ImageStore),
        (15, SiteType.ImageBoard), (10, SiteType.SocialNetworking), (6, SiteType.LinkSite), (4, SiteType.Blog),
            (3, SiteType.BannerSite),
        (3, SiteType.Redirector), (2, SiteType.SearchProvider),
    ];

    private static readonly (int, PaymentMethod)[] PaymentShares =
    [
        (50, PaymentMethod.Bitcoin), (15, PaymentMethod.Visa), (12, PaymentMethod.Mastercard), (9, PaymentMethod.Paypal),
            (8, PaymentMethod.Other),
        (4, PaymentMethod.Sms), (2, PaymentMethod.WesternUnion),
    ];

    /// <summary>Hosting countries besides those of the hotlines, from the most to the least used.</summary>
    private static readonly string[] OtherCountries =
        ["RU", "UA", "LU", "BG", "RO", "HK", "SG", "VN", "TR", "MD", "SC", "IN", "ID", "PA", "KZ", "MY", "AE", "CY", "IS", "VG",
            "BZ", "GE", "RS", "CR"];

    private readonly ulong _seed;
    private readonly DateTimeOffset _now;

    /// <summary>Stands in every reference, so that two days never claim the same one: another time gives other dates and would be a conflict.</summary>
    private readonly string _name;
    private readonly ImmutableArray<SampleAgency> _hotlines;
    private readonly Country[] _memberCountries;
    private readonly Country[] _orphanCountries;
    private readonly (int Weight, int Value)[] _hotlineShares;
    private readonly (int Weight, int Value)[] _countryShares;
    private readonly SampleHost[] _hosts;
    private readonly string[] _analysts = ["analyst.one", "analyst.two", "analyst.three", "analyst.four"];

    private SyntheticDay(int reports, ulong seed, ImmutableArray<SampleAgency> hotlines, DateTimeOffset now)
    {
        Reports = reports;
        _seed = seed;
        _hotlines = hotlines;
        _now = now;
        _name = string.Create(CultureInfo.InvariantCulture, $"{now:yyMMddHHmmss}-{seed % 1_000_000_000}");
        _memberCountries = [.. hotlines.SelectMany(h => h.Countries).Distinct()];
        _orphanCountries = [.. OtherCountries.Select(Country.Parse).Except(_memberCountries)
            .Take(Math.Max(4, _memberCountries.Length))];
        _hotlineShares = [.. hotlines.Select((h, i) => (Math.Max(1, h.Weight), i))];

        // Nine tenths of the items lie in member countries, falling off quickly; the rest is spread over as many countries again.
        _countryShares =
        [
            .. _memberCountries.Select((_, i) => (9_000 / (i + 1), i)),
            .. _orphanCountries.Select((_, i) => (1_000 / (i + 1), _memberCountries.Length + i)),
        ];
        _hosts = [.. _memberCountries.Concat(_orphanCountries)
            .SelectMany((country, c) => Enumerable.Range(0, HostsPerCountry).Select(n => Host(country, c, n)))];
        KnownCount = Math.Clamp(reports, 200, 500_000);
    }

    public int Reports { get; }

    /// <summary>Rows of the list of known hashes.</summary>
    public int KnownCount { get; }

    public ImmutableArray<SampleAgency> Hotlines => _hotlines;

    /// <summary>
    /// A day of so many reports (about 3.4 items each). <paramref name="agencies"/>: those of kind hotline report, by default
    /// <see cref="SampleAgencies.Hotlines"/>. Dates lie before <paramref name="now"/>, by default the present; it is part of every reference.
    /// </summary>
    public static SyntheticDay Create(
        int reports = DefaultReports, ulong seed = DefaultSeed, IEnumerable<SampleAgency>? agencies = null,
            DateTimeOffset? now = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(reports);
        ImmutableArray<SampleAgency> hotlines = [.. (agencies ?? SampleAgencies.Hotlines)
            .Where(a => a.Kind == AgencyKind.Hotline)];
        if (hotlines.IsEmpty || hotlines.Any(h => h.Countries.IsDefaultOrEmpty))
        {
            throw new ArgumentException("A synthetic day needs at least one hotline, each with a country.", nameof(agencies));
        }

        var time = now ?? DateTimeOffset.UtcNow;
        return new SyntheticDay(reports, seed, hotlines, new DateTimeOffset(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero));
    }

    /// <summary>The stream of one hotline as text, one JSON document a line; each call draws it anew.</summary>
    public IEnumerable<string> Lines(AgencyId hotline) => Stream(hotline).Select(line => line.ToString());

    /// <summary>The streams of all hotlines by id.</summary>
    public IReadOnlyDictionary<AgencyId, IEnumerable<string>> PerHotline() => _hotlines.ToDictionary(h => h.Id, h => Lines(h.Id));

    /// <summary>
    /// The lines of one hotline, or of all in one sequence when null. A line's bytes are valid until the next is drawn. Duplicates and conflicts always refer
    /// to an earlier line of the same hotline.
    /// </summary>
    public IEnumerable<SampleLine> Stream(AgencyId? hotline = null)
    {
        var chosen = -1;
        if (hotline is { } id)
        {
            chosen = _hotlines.Select(h => h.Id).ToList().IndexOf(id);
            if (chosen < 0)
            {
                throw new ArgumentException($"The synthetic day has no hotline '{id}'.", nameof(hotline));
            }
        }

        var writer = new ReportWriter(this);
        for (var number = 0; number < Reports; number++)
        {
            var sender = HotlineOf(number);
            if (chosen >= 0 && sender != chosen)
            {
                continue;
            }

            var items = writer.Write(number, sender);
            var report = new SampleLine(SampleLineKind.Report, _hotlines[sender].Id, writer.Line, items);
            yield return report;

            var extra = SampleRandom.For(_seed, 3, (ulong)number);
            var draw = extra.Below(1000);
            if (draw < DuplicatesPerMille + ConflictsPerMille)
            {
                var earlier = Earlier(number, sender, 1 + extra.Below(60));
                items = writer.Write(earlier, sender);
                yield return draw < DuplicatesPerMille
                    ? new SampleLine(SampleLineKind.Duplicate, _hotlines[sender].Id, writer.Line, items)
                    : new SampleLine(SampleLineKind.Conflict, _hotlines[sender].Id, SampleFaults.Change(writer.Line), items);
            }
            else if (draw < DuplicatesPerMille + ConflictsPerMille + MalformedPerMille)
            {
                // A report of its own that never comes whole: its reference carries an x.
                writer.Write(number, sender, broken: true);
                yield return new SampleLine(SampleLineKind.Malformed, _hotlines[sender].Id,
                    SampleFaults.Break(writer.Line, extra.Below(SampleFaults.Kinds), _now), 0);
            }
        }
    }

    /// <summary>The list of known hashes that the day's known media are on (Baseline, or National with its country). Drawn anew by each call.</summary>
    public IEnumerable<KnownHash> KnownHashes()
    {
        var media = new SampleMedia();
        for (var number = 0; number < KnownCount; number++)
        {
            yield return media.ToKnown(_seed, number, _memberCountries);
        }
    }

    /// <summary>Writes <see cref="KnownHashes"/> as CSV with a header, as <c>cport hashes import</c> reads it.</summary>
    public void WriteKnownCsv(TextWriter target)
    {
        target.Write(KnownHash.CsvHeader);
        target.Write('\n');
        foreach (var known in KnownHashes())
        {
            target.Write(known.ToCsv());
            target.Write('\n');
        }
    }

    private int HotlineOf(int number) => SampleRandom.For(_seed, 1, (ulong)number).Pick<int>(_hotlineShares);

    private int Earlier(int number, int sender, int back)
    {
        var found = number;
        for (var at = number - 1; at >= 0 && back > 0 && number - at < 2_000; at--)
        {
            if (HotlineOf(at) == sender)
            {
                found = at;
                back--;
            }
        }

        return found;
    }

    private SampleHost Host(Country country, int countryNumber, int number)
    {
        var random = SampleRandom.For(_seed, 5, (ulong)((countryNumber * HostsPerCountry) + number));
        var first = "img pix cdn files board www media forum".Split(' ')[random.Below(8)];
        var name = $"{first}{number + 1}.{country.Code.ToLowerInvariant()}-{random.Below(4096):x3}.example";
        var isCdn = random.PerMille(150);
        var network = random.Below(16);
        string ip = random.PerMille(80)
            ? $"2001:db8:{random.Below(65536):x}::{1 + random.Below(65535):x}"
            : $"{new[] { "192.0.2.", "198.51.100.", "203.0.113." }[random.Below(3)]}{1 + random.Below(254)}";
        return isCdn
            ? new SampleHost(name, country.Code, ip, "Example CDN", 65_536 + network, "Example CDN, Inc.", true)
            : new SampleHost(name, country.Code, ip, $"Example Hosting {country.Code} {network}", 64_496 + network,
                $"Example Hosting {country.Code} {network}", false);
    }

    private sealed record SampleHost(string Name, string Country, string Ip, string Isp, int Asn, string Organization, bool IsCdn);

    /// <summary>Writes reports into one reused buffer.</summary>
    private sealed class ReportWriter
    {
        private const string Date = "yyyy-MM-ddTHH:mm:ssZ";

        private readonly SyntheticDay _day;
        private readonly ArrayBufferWriter<byte> _buffer = new(16_384);
        private readonly Utf8JsonWriter _json;
        private readonly SampleMedia _media = new();

        public ReportWriter(SyntheticDay day)
        {
            _day = day;
            _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });
        }

        public ReadOnlyMemory<byte> Line => _buffer.WrittenMemory;

        /// <summary>Writes report <paramref name="number"/> and says how many entries it has.</summary>
        public int Write(int number, int sender, bool broken = false)
        {
            _buffer.ResetWrittenCount();
            _json.Reset();
            var random = SampleRandom.For(_day._seed, 2, (ulong)number);
            var hotline = _day._hotlines[sender];
            var site = random.Pick<SiteType>(SiteTypeShares);
            var commerciality = random.Below(100) switch
                { < 9 => Commerciality.Commercial, < 80 => Commerciality.NonCommercial, _ => Commerciality.NotDetermined };
            var received = _day._now - TimeSpan.FromSeconds(600 + random.Skewed(4 * 86_400));
            var reference = $"{hotline.Countries[0].Code}-{_day._name}-{number:0000000}{(broken ? "x" : "")}";
            var analyst = _day._analysts[random.Below(_day._analysts.Length)];
            var pageHost = DrawHost(ref random);
            var size = SizeOf(number, ref random);
            var single = size == 1 && random.PerMille(600);

            var j = _json;
            j.WriteStartObject();
            j.WriteString("reportingAnalystName"u8, analyst);
            WriteDate("hotlineReceivedDate"u8, received);
            j.WriteString("hotlineReference"u8, reference);
            if (random.PerMille(250))
            {
                j.WriteString("memo"u8, $"Synthetic report: {size} item(s) seen on a {site} page.");
            }

            if (site == SiteType.Forum && random.PerMille(350))
            {
                j.WriteString("sourceUrlUsername"u8, $"guest{random.Below(100)}");
                j.WriteString("sourceUrlPassword"u8, $"example-{random.Below(10_000):0000}");
            }

            if (random.PerMille(120))
            {
                j.WriteString("sourceUrlReferrer"u8, $"https://links.{pageHost.Name}/go?id={random.Below(100_000)}");
            }

            j.WriteNumber("sourceUrlSiteType"u8, (int)site);
            j.WriteNumber("sourceUrlCommerciality"u8, (int)commerciality);
            j.WriteStartArray("sourceUrlPaymentMethods"u8);
            j.WriteNumberValue((int)(commerciality switch
            {
                Commerciality.Commercial => random.Pick<PaymentMethod>(PaymentShares),
                Commerciality.NonCommercial => PaymentMethod.None,
                _ => PaymentMethod.NotDetermined,
            }));
            j.WriteEndArray();

            j.WriteStartArray("urls"u8);
            for (var ordinal = 1; ordinal <= size; ordinal++)
            {
                var isSource = ordinal == 1;
                var isMedia = single || !isSource;
                var host = isSource || random.PerMille(600) ? pageHost : DrawHost(ref random);
                var exact = false;
                if (isMedia)
                {
                    exact = DrawMedia(ref random, number, ordinal);
                    if (!isSource && (_media.Token & 3) == 0)
                    {
                        // A quarter of the media has one home, so that the same URL turns up in several reports.
                        var home = SampleRandom.For(_day._seed, 6, _media.Token);
                        host = DrawHost(ref home);
                    }
                }

                j.WriteStartObject();
                WriteUrl(ref random, host, number, isMedia);
                WriteReference(reference, ordinal);
                if (!random.PerMille(70))
                {
                    j.WriteString("hostingCountryCode"u8, host.Country);
                    j.WriteString("hostingIpAddress"u8, host.Ip);
                    j.WriteString("hostingIsp"u8, host.Isp);
                    j.WriteStartObject("hostingOrganization"u8);
                    j.WriteNumber("autonomousSystemNumber"u8, host.Asn);
                    j.WriteString("organizationName"u8, host.Organization);
                    j.WriteBoolean("isContentDeliveryNetwork"u8, host.IsCdn);
                    j.WriteEndObject();
                }

                j.WriteBoolean("isSourceUrl"u8, isSource);
                j.WriteNumber("contentType"u8, (int)(isMedia ? ContentType.Media : ContentType.Website));
                if (isMedia)
                {
                    WriteHashes(ref random, exact);
                    WriteAssessment(ref random, analyst, received);
                }

                j.WriteEndObject();
            }

            j.WriteEndArray();
            j.WriteEndObject();
            j.Flush();
            return size;
        }

        private static int SizeOf(int number, ref SampleRandom random)
        {
            var draw = random.Below(1000);
            var size = draw switch
            {
                < 295 => 1,
                < 612 => 2,
                < 812 => 3,
                < 910 => 4 + random.Below(3),
                < 979 => 7 + random.Below(6),
                _ => 13 + random.Below(18),
            };

            // One in a thousand is a whole gallery; by number, so that small days have theirs too.
            return number % 1000 == 500 ? 150 + random.Below(250) : size;
        }

        private SampleHost DrawHost(ref SampleRandom random) =>
            _day._hosts[(random.Pick<int>(_day._countryShares) * HostsPerCountry) + random.Skewed(HostsPerCountry)];

        /// <summary>63% of media are on the known list; the rest is new, near to a known one, or new and seen in several reports of the hour.</summary>
        private bool DrawMedia(ref SampleRandom random, int number, int ordinal)
        {
            var draw = random.Below(1000);
            var own = ((ulong)number << 16) + (ulong)ordinal;
            if (draw < 630)
            {
                _media.FillKnown(_day._seed, random.Skewed(_day.KnownCount));
                return true;
            }

            if (draw < 670)
            {
                _media.FillNear(_day._seed, random.Skewed(_day.KnownCount), own);
            }
            else if (draw < 740)
            {
                _media.FillNew(_day._seed, (1UL << 60) + ((ulong)(number / 200) * 64) + (ulong)random.Below(64));
            }
            else
            {
                _media.FillNew(_day._seed, own);
            }

            return false;
        }

        private void WriteUrl(ref SampleRandom random, SampleHost host, int number, bool isMedia)
        {
            Span<char> url = stackalloc char[160];
            int length;
            if (isMedia)
            {
                var extension = _media.MimeType switch { "image/png" => "png", "image/webp" => "webp", "image/gif" =>
                    "gif", "video/mp4" => "mp4", _ => "jpg" };
                url.TryWrite(CultureInfo.InvariantCulture, $"https://{host.Name}/i/{_media.Token & 0xFF:x2}/{_media.Token:x16}.{extension}", out length);
            }
            else
            {
                // Some spellings that a normaliser must fold: upper case, default port, an escaped letter, a fragment.
                var page = random.Below(4_000);
                _ = random.Below(50) switch
                {
                    0 => url.TryWrite(CultureInfo.InvariantCulture, $"HTTPS://{host.Name}:443/gallery/{page}", out length),
                    1 => url.TryWrite(CultureInfo.InvariantCulture, $"https://{host.Name}/g%61llery/{page}#top", out length),
                    _ => url.TryWrite(CultureInfo.InvariantCulture, $"https://{host.Name}/gallery/{page}?n={number % 1000}", out length),
                };
            }

            _json.WriteString("urlString"u8, url[..length]);
        }

        private void WriteReference(string reference, int ordinal)
        {
            Span<char> text = stackalloc char[64];
            text.TryWrite(CultureInfo.InvariantCulture, $"{reference}/{ordinal}", out var length);
            _json.WriteString("hotlineReference"u8, text[..length]);
        }

        private void WriteDate(ReadOnlySpan<byte> name, DateTimeOffset value)
        {
            Span<char> text = stackalloc char[24];
            value.UtcDateTime.TryFormat(text, out var length, Date, CultureInfo.InvariantCulture);
            _json.WriteString(name, text[..length]);
        }

        private void WriteHex(string name, ReadOnlySpan<byte> value)
        {
            Span<char> text = stackalloc char[64];
            Convert.TryToHexStringLower(value, text, out var length);
            _json.WriteString(name, text[..length]);
        }

        private void WriteHashes(ref SampleRandom random, bool known)
        {
            if (!known && random.PerMille(60))
            {
                return;
            }

            var j = _json;
            j.WriteStartObject("hashes"u8);
            foreach (var row in HashAlgorithms.All)
            {
                if (!_media.Has(row.Algorithm))
                {
                    continue;
                }

                if (row.Strength == HashStrength.Opaque)
                {
                    j.WriteBase64String(row.JsonName, _media[row.Algorithm]);
                }
                else
                {
                    WriteHex(row.JsonName, _media[row.Algorithm]);
                }

                if (row.Algorithm == HashAlgorithm.Pdq)
                {
                    j.WriteNumber("pdqQuality"u8, _media.PdqQuality);
                }
            }

            j.WriteNumber("mediaSize"u8, _media.Size);
            j.WriteString("mimeType"u8, _media.MimeType);
            j.WriteEndObject();
        }

        /// <summary>Three in ten items come with the reporting hotline's opinion, a few with a first action that fits it.</summary>
        private void WriteAssessment(ref SampleRandom random, string analyst, DateTimeOffset received)
        {
            var j = _json;
            var draw = random.Below(1000);
            var at = received + ((_day._now - received) * (random.Below(900) / 1000.0));
            if (draw < 300)
            {
                j.WriteStartObject("assessment"u8);
                j.WriteString("assessingAnalystName"u8, analyst);
                j.WriteNumber("classification"u8, (int)_media.Classification);
                j.WriteNumber("ageCategorization"u8, _media.Classification == Classification.NotIllegal ? 1 : 2 + random.Below(3));
                j.WriteNumber("genderCategorization"u8, _media.Classification == Classification.NotIllegal ? 1 : 2 + random.Below(3));
                j.WriteNumber("virtualContentCategorization"u8, random.PerMille(30) ? 1 : 0);
                j.WriteNumber("userGeneratedContentCategorization"u8, random.PerMille(200) ? 1 : 0);
                j.WriteNumber("childModelingCategorization"u8, random.PerMille(20) ? 1 : 0);
                j.WriteEndObject();
            }

            ActionType? action = draw switch
            {
                < 60 when _media.Classification != Classification.NotIllegal => ActionType.ReportedToLea,
                < 90 when _media.Classification != Classification.NotIllegal => ActionType.ReportedToIsp,
                > 985 => ActionType.Unavailable,
                _ => null,
            };
            if (action is { } type)
            {
                j.WriteStartArray("actions"u8);
                j.WriteStartObject();
                j.WriteNumber("actionType"u8, (int)type);
                j.WriteString("actioningAnalystName"u8, analyst);
                WriteDate("actionDate"u8, at);
                if (type.NeedsReason())
                {
                    j.WriteNumber("reasonId"u8, (int)ActionReason.Error404NotFoundOrSiteDown);
                    j.WriteString("reasonText"u8, "Gone when first looked at.");
                }

                j.WriteEndObject();
                j.WriteEndArray();
            }
        }
    }
}
