using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;
using CPort.Node.Sample;

namespace CPort.Api.Tests.Sample;

public class SyntheticDayTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static SyntheticDay Day(int reports = 2_000, ulong seed = 7) => SyntheticDay.Create(reports, seed, now: Now);

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        static string Text(SyntheticDay day) => string.Join("\n", day.Stream().Select(l => l.ToString()));

        Assert.Equal(Text(Day(300)), Text(Day(300)));
        Assert.NotEqual(Text(Day(300)), Text(Day(300, seed: 8)));
        Assert.StartsWith(Text(Day(100)).Split('\n')[0], Text(Day(100)));
    }

    [Fact]
    public void The_hotlines_streams_together_are_the_whole_day()
    {
        var day = Day(400);
        var whole = day.Stream().Select(l => (l.Hotline, Text: l.ToString())).ToLookup(l => l.Hotline, l => l.Text);
        foreach (var (hotline, lines) in day.PerHotline())
        {
            Assert.Equal(whole[hotline], lines);
        }
    }

    [Fact]
    public void A_default_day_has_the_shares_of_the_dossier()
    {
        var day = SyntheticDay.Create(now: Now);
        var known = day.KnownHashes().Select(k => k[HashAlgorithm.Md5].ToHex()).ToHashSet();
        var nearby = day.KnownHashes().Select(k => k[HashAlgorithm.Pdq]).ToArray();
        int items = 0, media = 0, knownMedia = 0, near = 0, unknownHosting = 0, cdn = 0, orphans = 0, single = 0, largest = 0;
        var sites = new Dictionary<int, int>();
        var kinds = new Dictionary<SampleLineKind, int>();
        var countries = new HashSet<string>();
        var urls = new Dictionary<string, int>();
        var members = day.Hotlines.SelectMany(h => h.Countries).Select(c => c.Code).ToHashSet();
        foreach (var line in day.Stream())
        {
            kinds[line.Kind] = kinds.GetValueOrDefault(line.Kind) + 1;
            if (line.Kind != SampleLineKind.Report)
            {
                continue;
            }

            var report = JsonElement.Parse(line.Utf8.Span);
            items += line.Items;
            largest = Math.Max(largest, line.Items);
            single += line.Items == 1 ? 1 : 0;
            var site = report.GetProperty("sourceUrlSiteType").GetInt32();
            sites[site] = sites.GetValueOrDefault(site) + 1;
            Assert.Equal(line.Items, report.GetProperty("urls").GetArrayLength());
            Assert.Single(report.GetProperty("urls").EnumerateArray(), u => u.GetProperty("isSourceUrl").GetBoolean());
            foreach (var entry in report.GetProperty("urls").EnumerateArray())
            {
                var url = entry.GetProperty("urlString").GetString()!;
                Assert.EndsWith(".example", new Uri(url).Host);
                urls[url] = urls.GetValueOrDefault(url) + 1;
                if (entry.TryGetProperty("hostingCountryCode", out var country))
                {
                    Assert.True(Country.TryParse(country.GetString(), out _));
                    countries.Add(country.GetString()!);
                    orphans += members.Contains(country.GetString()!) ? 0 : 1;
                    cdn += entry.GetProperty("hostingOrganization").GetProperty("isContentDeliveryNetwork").GetBoolean() ? 1 : 0;
                }
                else
                {
                    unknownHosting++;
                }

                if (entry.GetProperty("contentType").GetInt32() != (int)ContentType.Media)
                {
                    Assert.False(entry.TryGetProperty("hashes", out _));
                    continue;
                }

                media++;
                if (!entry.TryGetProperty("hashes", out var hashes))
                {
                    continue;
                }

                if (known.Contains(hashes.GetProperty("md5").GetString()!))
                {
                    knownMedia++;
                }
                else if (media % 4 == 0 && hashes.TryGetProperty("pdq", out var pdq))
                {
                    var value = ContentHash.Parse(HashAlgorithm.Pdq, pdq.GetString()!);
                    Assert.Equal(128, Distance(value.Bytes, new byte[32]));
                    near += nearby.Any(n => Distance(n.Bytes, value.Bytes) <= 31) ? 1 : 0;
                }
            }
        }

        Assert.Equal(2_000, kinds[SampleLineKind.Report]);
        Assert.InRange(kinds[SampleLineKind.Duplicate], 15, 50);
        Assert.InRange(kinds[SampleLineKind.Conflict], 3, 25);
        Assert.InRange(kinds[SampleLineKind.Malformed], 8, 40);
        Assert.InRange(items, 6_300, 7_400);
        Assert.InRange(largest, 150, 400);
        Assert.InRange(single, 400, 750);
        Assert.InRange(knownMedia / (double)media, 0.60, 0.66);
        Assert.InRange(near, 10, 100);
        Assert.InRange(sites[2] / 2_000.0, 0.39, 0.47);
        Assert.InRange(sites[20] / 2_000.0, 0.35, 0.44);
        Assert.InRange(sites[6] / 2_000.0, 0.06, 0.12);
        Assert.InRange(unknownHosting / (double)items, 0.04, 0.10);
        Assert.InRange(cdn / (double)items, 0.03, 0.40);
        Assert.InRange(orphans / (double)items, 0.03, 0.20);
        Assert.InRange(countries.Count(c => !members.Contains(c)), 10, 30);
        Assert.True(urls.Count(u => u.Value > 1) > 100);
    }

    [Fact]
    public void Duplicates_repeat_an_earlier_line_and_conflicts_an_earlier_reference()
    {
        var seen = new HashSet<string>();
        var references = new HashSet<string>();
        foreach (var line in Day(3_000).Stream())
        {
            var text = $"{line.Hotline} {line}";
            switch (line.Kind)
            {
                case SampleLineKind.Duplicate:
                    Assert.Contains(text, seen);
                    break;
                case SampleLineKind.Conflict:
                    Assert.DoesNotContain(text, seen);
                    Assert.Contains(Reference(), references);
                    break;
                case SampleLineKind.Report:
                    Assert.True(seen.Add(text));
                    Assert.True(references.Add(Reference()));
                    break;
            }

            string Reference() => $"{line.Hotline} {JsonElement.Parse(line.Utf8.Span).GetProperty("hotlineReference").GetString()}";
        }
    }

    [Fact]
    public void Every_kind_of_broken_line_occurs_and_none_breaks_the_framing()
    {
        var broken = Day(20_000).Stream().Where(l => l.Kind == SampleLineKind.Malformed).Select(l => l.ToString()).ToList();

        Assert.InRange(broken.Count, 140, 260);
        Assert.All(broken, text => Assert.DoesNotContain('\n', text));
        Assert.Contains(broken, text => !text.StartsWith('{'));
        Assert.Contains(broken, text => text.Contains("\"sourceUrlSiteType\":99", StringComparison.Ordinal));
        Assert.Contains(broken, text => text.Contains("\"urls\":[]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_known_list_reads_back_as_a_hash_list()
    {
        var day = Day(300);
        var text = new StringWriter();
        day.WriteKnownCsv(text);
        var rows = new List<HashListRowResult>();
        await foreach (var row in HashListReader.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()))))
        {
            rows.Add(row);
        }

        Assert.Equal(day.KnownCount, rows.Count);
        Assert.All(rows.Zip(day.KnownHashes(), (first, second) => (First: first, Second: second)), pair =>
        {
            Assert.Equal(HashAlgorithms.All.Count(a => a.Strength != HashStrength.Opaque), pair.First.Row!.Hashes.Length);
            Assert.Equal(pair.Second.Classification, pair.First.Row.Classification);
            Assert.Equal(pair.Second.Classification == Classification.National, pair.First.Row.Country is not null);
        });
    }

    [Fact]
    public void Lines_are_drawn_fast_enough_to_feed_a_load_test()
    {
        var day = Day(20_000);
        var watch = Stopwatch.StartNew();
        long bytes = day.Stream().Sum(l => (long)l.Utf8.Length);

        // 50,000 a second in a Release build on a quiet core; a debug build on a shared machine is given much slack.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{bytes:N0} bytes in {watch.Elapsed}");
    }

    private static int Distance(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var distance = 0;
        for (var i = 0; i < a.Length; i++)
        {
            distance += System.Numerics.BitOperations.PopCount((uint)(a[i] ^ b[i]));
        }

        return distance;
    }
}
