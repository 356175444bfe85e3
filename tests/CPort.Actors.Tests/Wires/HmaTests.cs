using System.Text.Json;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Wires;
using CsCheck;

namespace CPort.Actors.Tests.Wires;

/// <summary>What HMA and ThreatExchange call what CPort has.</summary>
public sealed class HmaTests
{
    private static readonly AgencyId Nl = AgencyId.Parse("hotline-nl");
    private static readonly AgencyId De = AgencyId.Parse("hotline-de");
    private static readonly ContentHash Pdq = HashSamples.Made(HashAlgorithm.Pdq, 1);
    private static readonly ContentHash Near = HashSamples.Made(HashAlgorithm.Pdq, 2);

    [Theory]
    [InlineData("hotline-nl", "MY_BANK", "MY_BANK")]
    [InlineData("hotline-de", "MY_BANK", "HOTLINE_DE__MY_BANK")]
    [InlineData("hotline-nl", null, "HOTLINE_NL")]
    [InlineData("hotline-de", null, "HOTLINE_DE")]
    public void A_bank_is_a_list_by_its_own_name_and_others_have_their_agency_before_it(string agency, string? list, string bank) =>
        Assert.Equal(bank, HmaNames.BankOf(Nl, AgencyId.Parse(agency), list));

    [Fact]
    public void Every_list_has_a_bank_of_its_own_that_HMA_can_write() => Gen.String[Gen.Char["abAB_ -.é0X1"], 1, 100].HashSet[2, 30].Sample(lists =>
    {
        var banks = lists.Append("HOTLINE_NL").Append("A__B").Append("A_X0123ABCD").ToHashSet()
            .Select(l => (List: l, Bank: HmaNames.BankOf(Nl, Nl, l))).ToArray();
        return banks.Select(b => b.Bank).Append(HmaNames.BankOf(Nl, Nl, null)).Distinct().Count() == banks.Length + 1
            && banks.All(b => b.Bank.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_'))
            && banks.All(b => HmaNames.IsListName(Nl, b.Bank) == (b.Bank == b.List));
    });

    [Fact]
    public void A_number_of_content_is_a_place_and_no_other() => Gen.Select(Gen.Int[0, 95], Gen.Int[0, int.MaxValue]).Sample((bucket, row) =>
        HmaNames.PlaceOf(HmaNames.ContentId(bucket, row)) == (bucket, row) && HmaNames.ContentId(bucket, row) < 1L << 53);

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void What_is_no_number_of_content_is_no_place(long id) => Assert.Null(HmaNames.PlaceOf(id));

    [Fact]
    public void Each_algorithm_has_a_name_by_which_it_is_found_again() => Assert.All(HashAlgorithms.All,
        a => Assert.Equal(a.Algorithm, HmaNames.AlgorithmOf(HmaNames.SignalTypeOf(a.Algorithm))));

    [Fact]
    public void A_match_stands_with_each_bank_that_has_it_nearest_first_and_only_where_it_is_illegal()
    {
        var asked = Verdict(Pdq, HashSamples.Says("hotline-nl", Classification.National, list: "MY_BANK"),
            HashSamples.Says("hotline-de", Classification.Baseline));
        var near = Verdict(Near, HashSamples.Says("hotline-nl", Classification.National, list: "MY_BANK"),
            HashSamples.Says("hotline-de", Classification.NotIllegal, list: "FINE"));
        var fine = Verdict(HashSamples.Made(HashAlgorithm.Pdq, 3), HashSamples.Says("hotline-de", Classification.NotIllegal, list: "FINE"));
        var found = HmaMatches.Found(asked,
            [new NearMatch { Distance = 9, Verdict = near }, new NearMatch { Distance = 0, Verdict = asked }, new NearMatch { Distance = 4, Verdict = fine }]);
        static long? Id(ContentHash hash) => hash == Pdq ? 1001 : 1002;

        var banks = HmaMatches.ByBank(Nl, found, Id, null);

        Assert.Equal(
            """{"HOTLINE_DE":[{"bank_content_id":1001,"distance":"0"}],""" + "\"MY_BANK\":"
            + """[{"bank_content_id":1001,"distance":"0"},{"bank_content_id":1002,"distance":"9"}]}""",
            JsonSerializer.Serialize(banks));
        Assert.Equal([1002L], HmaMatches.ByBank(Nl, found.RemoveAt(0), Id, new HashSet<string> { "MY_BANK" }).Single().Value.Select(m => m.BankContentId));
        Assert.Equal([(1001L, "0"), (1002L, "9")], HmaMatches.Raw(Nl, found, Id, null).Select(m => (m.BankContentId, m.Distance)));
        Assert.Equal([1001L], HmaMatches.Raw(De, found, Id, new HashSet<string> { "HOTLINE_DE" }).Select(m => m.BankContentId));
    }

    [Fact]
    public void What_is_unknown_or_a_trap_matches_nothing_and_what_is_looked_up_exactly_has_no_distance()
    {
        var md5 = HashSamples.Made(HashAlgorithm.Md5, 1);
        var known = Verdict(md5, HashSamples.Says("hotline-nl", Classification.Baseline));
        Assert.Empty(HmaMatches.Found(new HashVerdict { Hash = md5, Version = 0 }, []));
        Assert.Empty(HmaMatches.Found(known with { Trap = true }, []));
        Assert.Equal("-", Assert.Single(HmaMatches.Raw(Nl, HmaMatches.Found(known, []), _ => 1, null)).Distance);
    }

    [Fact]
    public void What_a_list_has_is_told_with_its_words_and_what_it_takes_back_is_to_be_deleted()
    {
        var opinion = HashSamples.Says("hotline-nl", Classification.National, HashSamples.Nl, list: "a", minute: 61) with { Origin = "a maker" };
        var listed = new ListedHash { Row = 5, Hash = Pdq, Words = [new SourceOpinion { Opinion = opinion, Flags = HashFlags.VictimIdentified }] };

        var update = JsonSerializer.SerializeToElement(ThreatUpdate.Of(3, listed));

        Assert.Equal((HmaNames.ContentId(3, 5).ToString(System.Globalization.CultureInfo.InvariantCulture), Pdq.ToHex(), "HASH_PDQ", false),
            (update.GetProperty("id").GetString()!, update.GetProperty("indicator").GetString()!, update.GetProperty("type").GetString()!,
                update.GetProperty("should_delete").GetBoolean()));
        Assert.Equal(opinion.At.ToUnixTimeSeconds(), update.GetProperty("last_updated").GetInt64());
        var said = Assert.Single(update.GetProperty("descriptors").GetProperty("data").EnumerateArray());
        Assert.Equal(("hotline-nl", "MALICIOUS", "2026-09-01T09:01:00+0000"), (said.GetProperty("owner").GetProperty("id").GetString(),
            said.GetProperty("status").GetString(), said.GetProperty("added_on").GetString()));
        Assert.Equal(["cport:national", "law:NL", "origin:a maker", "victim-identified"],
            said.GetProperty("tags").GetProperty("data").EnumerateArray().Select(t => t.GetProperty("text").GetString()));

        var gone = JsonSerializer.SerializeToElement(ThreatUpdate.Of(3, listed with { Words = [listed.Words[0] with { Retracted = true }] }));
        Assert.True(gone.GetProperty("should_delete").GetBoolean());
        Assert.False(gone.TryGetProperty("descriptors", out _));
    }

    [Theory]
    [InlineData(Classification.Baseline, "MALICIOUS")]
    [InlineData(Classification.NotIllegal, "NON_MALICIOUS")]
    [InlineData(Classification.Doubtful, "UNKNOWN")]
    public void The_status_follows_the_classification(Classification classification, string status) => Assert.Equal(status,
        ThreatDescriptor.Of("1", new SourceOpinion { Opinion = HashSamples.Says("hotline-nl", classification, list: "a") }).Status);

    private static HashVerdict Verdict(ContentHash hash, params HashOpinion[] opinions) => new() { Hash = hash, Version = 1, Opinions = [.. opinions] };
}
