using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CsCheck;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>What an agency's own lists hold in a bucket, and what events say of them.</summary>
public sealed class HashListingTests
{
    private static readonly HashBucketId Bucket = new(Tenant.Live, HashBucketKind.Exact, 17);
    private static readonly AgencyId Agency = AgencyId.Parse("hotline-nl");

    private static ImportHashes Brings(IEnumerable<HashListRow> rows, string list, int minute = 0, string? origin = null, string agency = "hotline-nl") => new()
    {
        Bucket = Bucket, RequestId = 1, Rows = [.. rows],
        Source = new HashListSource
        {
            Agency = AgencyId.Parse(agency), List = list, Trust = TrustLevel.Standard, At = Start.AddMinutes(minute), Origin = origin,
        },
    };

    private static HashListRow Row(ContentHash hash, bool retract = false, Classification classification = Classification.National, Country? law = null) =>
        new() { Hash = hash, Classification = classification, Country = law ?? Nl, Retract = retract };

    private static ReadHashList Read(string list = "a", int from = 0, int limit = 200) =>
        new() { Bucket = Bucket, Agency = Agency, List = list, From = from, Limit = limit };

    [Fact]
    public void Lists_are_counted_by_name_and_origin_and_nobody_elses_are_told()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Brings([Row(Sha256(1)), Row(Sha256(2)), Row(Made(HashAlgorithm.Md5, 3))], "a", 1),
            Brings([Row(Sha256(4))], "b", 2, origin: "a maker"),
            Brings([Row(Sha256(1)), Row(Sha256(5))], "a", agency: "hotline-de"),
            Opine(Bucket, Sha256(6), Says("hotline-nl", Classification.National, Nl)));
        (state, _) = state.Do(Brings([Row(Sha256(2), retract: true)], "a", 9));

        var lists = HashListing.Describe(state, new GetHashLists { Bucket = Bucket, Agency = Agency });

        Assert.Equal([("a", null, 2, 1, 9), ("b", "a maker", 1, 0, 2)],
            lists.Lists.Select(l => (l.List, l.Origin, l.Standing, l.Retracted, (int)(l.Newest - Start).TotalMinutes)));
    }

    [Fact]
    public void A_list_is_read_in_pages_that_have_every_hash_of_it_once_over_all_algorithms() => Gen.Int[1, 7].Sample(limit =>
    {
        ContentHash[] hashes = [.. Enumerable.Range(0, 9).Select(n => Sha256(n)), .. Enumerable.Range(0, 6).Select(n => Made(HashAlgorithm.Md5, n))];
        var (state, _) = HashBucket.New(Bucket).Do(Brings(hashes.Select(h => Row(h)), "a"), Brings([Row(Sha256(50))], "b"));
        var read = new List<ListedHash>();
        for (int? from = 0; from is { } at;)
        {
            var page = HashListing.Describe(state, Read(from: at, limit: limit), sequence: 7);
            Assert.InRange(page.Hashes.Length, 0, limit);
            Assert.Equal(7, page.Sequence);
            read.AddRange(page.Hashes);
            from = page.Next;
        }

        Assert.Equal(hashes.ToHashSet(), read.Select(h => h.Hash).ToHashSet());
        Assert.Equal(hashes.Length, read.Count);
    });

    [Fact]
    public void A_hash_has_a_word_by_each_law_and_stands_while_one_of_them_does()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Brings([Row(Sha256(1)), Row(Sha256(1), law: De)], "a"));
        (state, _) = state.Do(Brings([Row(Sha256(1), retract: true)], "a", 1));
        var one = Assert.Single(HashListing.Describe(state, Read(), 0).Hashes);
        Assert.Equal([("DE", false), ("NL", true)], one.Words.Select(w => (w.Opinion.Country!.Value.Code, w.Retracted)));
        Assert.True(one.Stands);

        (state, _) = state.Do(Brings([Row(Sha256(1), retract: true, law: De)], "a", 2));
        Assert.False(Assert.Single(HashListing.Describe(state, Read(), 0).Hashes).Stands);
    }

    [Fact]
    public void Hashes_are_read_by_their_rows_and_by_value_and_strangers_are_left_out()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Brings([Row(Sha256(1)), Row(Sha256(2))], "a"), Brings([Row(Sha256(3))], "b"));
        var rows = HashListing.Describe(state, new LocateHashes { Bucket = Bucket, Hashes = [Sha256(2), Sha256(99), Sha256(3)] }).Rows;
        Assert.Equal(-1, rows[1]);

        var named = HashListing.Describe(state, Read() with { Rows = [rows[0], rows[2], -1, 4711], Hashes = [Sha256(1), Sha256(2), Sha256(99)] }, 0);

        Assert.Equal([Sha256(2), Sha256(1)], named.Hashes.Select(h => h.Hash));
        Assert.Null(named.Next);
    }

    [Fact]
    public void What_events_change_of_a_list_is_named_however_it_was_said()
    {
        var (state, brought) = HashBucket.New(Bucket).Do(Brings([Row(Sha256(1)), Row(Sha256(2))], "a"), Brings([Row(Sha256(3))], "b"));
        (state, var sighted) = state.Do(Sight(Bucket, (Sha256(1), Item(1))));
        var (_, retracted) = state.Do(Opine(
            Bucket, Sha256(2), Says("hotline-nl", Classification.National, Nl, minute: 5, list: "a"), retract: true));

        var (rows, hashes) = HashListing.ChangedBy([brought!], Agency, "a");
        Assert.Empty(rows);
        Assert.Equal([Sha256(1), Sha256(2)], hashes.OrderBy(h => h.ToHex()).ToArray().Intersect([Sha256(1), Sha256(2)]));
        Assert.Equal(2, hashes.Length);

        (rows, hashes) = HashListing.ChangedBy([sighted!, retracted!], Agency, "a");
        Assert.Equal(HashListing.Describe(state, new LocateHashes { Bucket = Bucket, Hashes = [Sha256(2)] }).Rows, rows);
        Assert.Empty(hashes);
    }

    [Fact]
    public void A_place_in_a_list_goes_into_few_characters_and_comes_back() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 95], Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue].Array[0, 96]).Sample((follows, bucket, at, sequences) =>
        {
            var place = new ListPlace { Follows = follows, Bucket = bucket, At = at, Sequences = [.. sequences] };
            var back = ListPlace.Unpack(place.Pack());
            return back is not null && (back.Follows, back.Bucket, back.At) == (follows, bucket, at) && back.Sequences.SequenceEqual(sequences);
        });

    [Fact]
    public void What_is_no_place_is_told_from_one()
    {
        Assert.Null(ListPlace.Unpack([]));
        Assert.Null(ListPlace.Unpack([1, 2]));
        Assert.Null(ListPlace.Unpack([2, 0, 0]));
        Assert.Null(ListPlace.Unpack([1, 0, 0, 0x80]));
        Assert.Null(ListPlace.Unpack([1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]));
        Assert.Equal(5, ListPlace.Start.Told(2, 5).SequenceOf(2));
        Assert.Equal(0, ListPlace.Start.Told(2, 5).SequenceOf(1));
    }
}
