using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

public class HashQuarantineTests
{
    private static readonly HashBucketId Bucket = new(Tenant.Live, HashBucketKind.Exact, 17);
    private static readonly ContentHash Hash = Sha256(1);
    private static readonly QuarantineLimits Limits = new() { Reports = 5, PdqReports = 3 };

    private static HashVerdict Verdict(HashBucket state) => HashBucketRules.VerdictOf(state, Hash);

    private static ChangeQuarantine Change(bool release = false, QuarantineReason reason = QuarantineReason.Operator) => new()
    {
        Bucket = Bucket, RequestId = 1, Hashes = [Hash], Release = release, Reason = reason, At = Start,
        By = reason == QuarantineReason.Operator ? AgencyId.Parse("operator") : null,
    };

    // One sighting a batch, each in a report of its own or all in one.
    private static HashBucket Sighted(HashBucket state, int items, bool oneReport = false)
    {
        for (var n = 0; n < items; n++)
        {
            var sight = Sight(Bucket, (Hash, oneReport ? Item(1, n + 1) : Item(n)));
            state = HashBucketRules.Apply(state, HashBucketRules.Decide(state, [sight], null, Limits, Start).Event!);
        }

        return state;
    }

    [Fact]
    public void A_hash_in_too_many_reports_goes_into_quarantine_and_one_in_many_items_of_one_report_does_not()
    {
        var listed = HashBucket.New(Bucket).Do(Import(Bucket, [new HashListRow { Hash = Hash, Classification = Classification.Baseline }])).State;
        Assert.True(Verdict(Sighted(Copy(listed), 5)).IsKnown);
        Assert.True(Verdict(Sighted(Copy(listed), 50, oneReport: true)).IsKnown);

        var state = Sighted(listed, 6);
        var verdict = Verdict(state);
        Assert.True(verdict is { Quarantined: true, Trap: true, IsKnown: false, Version: 2 });
        Assert.Equal(0, state.Known);

        // All reports that inherited from it learn of it; the one that brought it over the limit took the verdict as it is now only later.
        Assert.True(state.IsPending(state.RowOf(Hash)));
        var row = Assert.Single(HashBucketRules.Describe(state, new GetQuarantine { Bucket = Bucket }).Rows);
        Assert.Equal((Hash, QuarantineReason.ManyReports, 5, 6, 1, false),
            (row.Hash, row.State.Reason, row.State.Reports, row.Items, row.Opinions, row.Confirmed));
    }

    [Theory]
    [InlineData(OpinionBasis.Human, TrustLevel.Trusted, true)]
    [InlineData(OpinionBasis.Human, TrustLevel.Standard, false)]
    [InlineData(OpinionBasis.List, TrustLevel.Trusted, false)]
    public void In_quarantine_opinions_apply_only_when_a_human_of_a_trusted_agency_confirmed(OpinionBasis basis, TrustLevel trust, bool applies)
    {
        var (state, _) = HashBucket.New(Bucket).Do(Change());
        (state, _) = state.Do(Opine(Bucket, Hash, Says("police-nl", Classification.Baseline, trust: trust, list: basis == OpinionBasis.List ? "known" : null)));
        Assert.Equal(applies, Verdict(state).IsKnown);
        Assert.True(Verdict(state).Quarantined);
    }

    [Fact]
    public void Two_trusted_agencies_confirm_and_two_lists_of_one_do_not()
    {
        var one = Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted, list: "a");
        var (state, _) = HashBucket.New(Bucket).Do(Change(), Opine(Bucket, Hash, one), Opine(Bucket, Hash, one with { List = "b" }));
        Assert.False(Verdict(state).IsKnown);
        (state, _) = state.Do(Opine(Bucket, Hash, Says("police-nl", Classification.Baseline, trust: TrustLevel.Trusted, list: "a")));
        Assert.True(Verdict(state).IsKnown);
    }

    [Fact]
    public void A_confirmed_exact_hash_is_not_put_in_by_itself()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Says("police-nl", Classification.Baseline, trust: TrustLevel.Trusted)));
        Assert.False(Verdict(Sighted(state, 10)).Quarantined);
    }

    [Fact]
    public void A_released_hash_is_as_before_and_does_not_go_back_by_itself()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Import(Bucket, [new HashListRow { Hash = Hash, Classification = Classification.Baseline }]));
        state = Sighted(state, 7);
        (state, var e) = state.Do(Change(release: true));
        Assert.Equal(AgencyId.Parse("operator"), Assert.Single(e!.Quarantined).State.By);
        Assert.True(Verdict(state) is { IsKnown: true, Quarantined: false, Version: 3 });
        Assert.Empty(HashBucketRules.Describe(state, new GetQuarantine { Bucket = Bucket }).Rows);

        for (var n = 100; n < 110; n++)
        {
            HashBucketRules.Apply(state, HashBucketRules.Decide(state, [Sight(Bucket, (Hash, Item(n)))], null, Limits, Start).Event!);
        }

        Assert.Null(state.Do(Change(reason: QuarantineReason.ManyNearValues)).Event);
        Assert.True(Verdict(state).IsKnown);
        Assert.True(Verdict(state.Do(Change()).State).Quarantined);
    }

    [Fact]
    public void The_same_change_again_writes_nothing_and_rows_name_hashes_too()
    {
        var (state, e) = HashBucket.New(Bucket).Do(Change(), Change());
        Assert.Single(e!.Quarantined);
        Assert.Null(state.Do(Change()).Event);
        var (_, released) = state.Do(Change() with { Hashes = [], Rows = [state.RowOf(Hash), 7, 800, -1], Release = true });
        Assert.True(Assert.Single(released!.Quarantined).State.Released);
        Assert.Null(state.Do(Change(release: true)).Event);
    }

    [Fact]
    public void The_list_comes_in_pages()
    {
        var state = HashBucket.New(Bucket).Do(Change() with { Hashes = [.. Enumerable.Range(1, 25).Select(n => Sha256(n))] }).State;
        var (rows, from) = (new List<QuarantineRow>(), 0);
        QuarantineReply page;
        do
        {
            page = HashBucketRules.Describe(state, new GetQuarantine { Bucket = Bucket, FromRow = from, Limit = 10 });
            rows.AddRange(page.Rows);
            from = page.Rows[^1].Row + 1;
        }
        while (page.More);
        Assert.Equal(25, rows.Select(r => r.Hash).Distinct().Count());
    }
}
