using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>Trust belongs to the agency: a change of it reaches all words that a bucket holds of it (audit B14).</summary>
public class HashTrustTests
{
    private static readonly HashBucketId Bucket = HashBucketId.For(Tenant.Live, Sha256(1));
    private static readonly ContentHash Hash = Sha256(1);
    private static readonly AgencyId Interpol = AgencyId.Parse("interpol");

    private static HashVerdict Verdict(HashBucket state, ContentHash? hash = null) => HashBucketRules.VerdictOf(state, hash ?? Hash);

    private static ChangeTrust Trust(TrustLevel trust, long asOf = 1, string agency = "interpol") =>
        new() { Bucket = Bucket, RequestId = 9, Agency = AgencyId.Parse(agency), Trust = trust, AsOf = asOf };

    private static IEnumerable<TrustLevel> TrustsOf(HashBucket state, ContentHash? hash = null) => Verdict(state, hash).Opinions.Select(o => o.Trust);

    [Fact]
    public void A_change_of_trust_reaches_earlier_words_and_whoever_carries_their_hashes()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)),
            Opine(Bucket, Sha256(2), Says("hotline-nl", Classification.Baseline, trust: TrustLevel.Trusted)));
        (state, _) = state.Do(Sight(Bucket, (Hash, Item(1)), (Sha256(2), Item(2))));
        var version = Verdict(state).Version;
        (state, _) = state.Do(Trust(TrustLevel.Untrusted));
        Assert.Equal([TrustLevel.Untrusted], TrustsOf(state));
        Assert.Equal(version + 1, Verdict(state).Version);
        Assert.Equal([state.RowOf(Hash)], state.Pending);
        Assert.Equal([TrustLevel.Trusted], TrustsOf(state, Sha256(2)));
    }

    [Fact]
    public void A_word_that_was_made_under_another_trust_takes_the_present_one()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Trust(TrustLevel.Untrusted));
        (state, _) = state.Do(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        (state, _) = state.Do(Import(Bucket, [new HashListRow { Hash = Sha256(2), Classification = Classification.Baseline }]));
        Assert.Equal([TrustLevel.Untrusted], TrustsOf(state));
        Assert.Equal([TrustLevel.Untrusted], TrustsOf(state, Sha256(2)));

        // An agency of which nobody told the bucket is believed as its words say.
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline, trust: TrustLevel.Trusted)));
        Assert.Equal([TrustLevel.Trusted, TrustLevel.Untrusted], TrustsOf(state));
    }

    [Fact]
    public void Older_knowledge_and_the_same_again_change_nothing()
    {
        var (state, first) = HashBucket.New(Bucket).Do(Trust(TrustLevel.Untrusted, asOf: 5));
        Assert.NotNull(first);
        Assert.Null(state.Do(Trust(TrustLevel.Untrusted, asOf: 7)).Event);
        Assert.Null(state.Do(Trust(TrustLevel.Trusted, asOf: 4)).Event);
        Assert.Null(Copy(state).Do(Trust(TrustLevel.Trusted, asOf: 5)).Event);
        Assert.NotNull(state.Do(Trust(TrustLevel.Trusted, asOf: 6)).Event);
    }

    [Fact]
    public void In_one_write_the_trust_comes_first_in_whatever_order_the_commands_stand()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        (state, _) = state.Do(Sight(Bucket, (Hash, Item(1))));
        var replayed = Copy(state);
        var word = Says("hotline-nl", Classification.NotIllegal, Nl);
        (state, var e) = state.Do(
            Opine(Bucket, Hash, word), Opine(Bucket, Sha256(2), Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)),
            Trust(TrustLevel.Standard));
        Assert.Equal([TrustLevel.Standard, TrustLevel.Standard], TrustsOf(state));
        Assert.Equal([TrustLevel.Standard], TrustsOf(state, Sha256(2)));
        Assert.Equal(3, Verdict(state).Version);
        Assert.Equal(Fingerprint(state), Fingerprint(HashBucketRules.Apply(replayed, OverTheWire(e!))));
    }

    [Fact]
    public void Hashes_that_share_an_entry_still_do()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Import(
            Bucket, Enumerable.Range(1, 1_000).Select(n => new HashListRow { Hash = Sha256(n), Classification = Classification.Baseline })));
        (state, _) = state.Do(Trust(TrustLevel.Standard));
        Assert.Equal(1, state.EntryCount);
        Assert.Equal(1_000, state.Known);
        Assert.Equal([TrustLevel.Standard], TrustsOf(state, Sha256(777)));
        Assert.Equal(Fingerprint(state), Fingerprint(Copy(state)));
    }

    [Fact]
    public void A_trap_that_only_an_untrusted_agency_set_blinds_nobody_any_more()
    {
        var row = new HashListRow { Hash = Hash, Classification = Classification.Baseline, Flags = HashFlags.Trap };
        var (state, _) = HashBucket.New(Bucket).Do(
            Import(Bucket, [row]), Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline)));
        Assert.Equal((true, 0), (Verdict(state).Trap, state.Known));
        (state, _) = state.Do(Trust(TrustLevel.Untrusted));
        Assert.Equal((false, 1), (Verdict(state).Trap, state.Known));
    }

    [Fact]
    public void A_retracted_word_takes_the_trust_and_is_told_to_nobody()
    {
        var opinion = Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted);
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, opinion));
        (state, _) = state.Do(Opine(Bucket, Hash, opinion with { At = Start.AddMinutes(1) }, retract: true));
        (state, _) = state.Do(Sight(Bucket, (Hash, Item(1))));
        (state, _) = state.Do(Trust(TrustLevel.Untrusted));
        Assert.Empty(state.Pending);
        Assert.Equal(2, Verdict(state).Version);
        Assert.Equal(TrustLevel.Untrusted, state.TrustIn(Interpol)!.Trust);
    }
}
