using System.Collections.Immutable;
using Akka.Actor;
using CPort.Actors.Reports;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>When news of a hash are decided at once, when with a look-up, and whose news are answered then.</summary>
public sealed class VerdictNewsTests
{
    private static readonly ContentHash A = ReportScenario.Sha256(1), B = ReportScenario.Sha256(2);

    private readonly ReportScenario _s = new();
    private readonly VerdictNews _news = new();
    private long _fanOut;

    [Fact]
    public void News_of_one_hash_are_decided_with_what_was_heard_of_the_others_also_of_what_changed_nothing()
    {
        Submit(A, B);
        TakeRound(Known(A, 0), Known(B, 0));

        // Heard only by a hotline whose word decides nothing: no event tells of it.
        Tell(Said(A, 1, "hotline-ie", Classification.NotIllegal));
        var first = _news.Take(_s.Report);
        Assert.False(_news.WantsLookup);
        Assert.Single(first.Senders);
        _s.Work(verdicts: [.. first.Verdicts]);

        Tell(Said(B, 2, "interpol", Classification.Baseline));
        var second = _news.Take(_s.Report);
        Assert.False(_news.WantsLookup);
        Assert.Equal([(A, 1L), (B, 2L)], Versions(Assert.Single(second.Verdicts)));
        Assert.Single(second.Senders);
    }

    [Fact]
    public void News_that_come_late_do_not_bring_an_older_version_back()
    {
        Submit(A, B);
        TakeRound(Known(A, 4), Known(B, 0));
        Tell(Known(A, 3));
        Assert.Equal([(A, 4L), (B, 0L)], Versions(Assert.Single(_news.Take(_s.Report).Verdicts)));
    }

    [Fact]
    public void After_a_new_start_an_item_of_several_hashes_is_looked_up_again_and_the_news_are_answered_after_that()
    {
        Submit(A, B);
        _s.Work(verdicts: [LookedUp(Known(A, 0), Known(B, 0))], full: true);

        Tell(Known(A, 1));
        var taken = _news.Take(_s.Report);
        Assert.Empty(taken.Verdicts);
        Assert.Empty(taken.Senders);
        Assert.True(_news.WantsLookup);
        Assert.Empty(_news.Told(_s.Report, failed: false));
        Assert.Equal([1], _news.Lookup());

        TakeRound(Known(A, 1), Known(B, 0));
        Assert.Single(_news.Told(_s.Report, failed: false));
        Assert.Empty(_news.Told(_s.Report, failed: false));
    }

    [Fact]
    public void What_is_being_looked_up_for_the_first_time_is_joined_with_the_news_that_came_meanwhile()
    {
        Submit(A);
        Tell(Known(A, 5));
        Assert.Empty(_news.Take(_s.Report).Senders);
        Assert.False(_news.WantsLookup);
        Assert.Empty(_news.Told(_s.Report, failed: false));

        // The look-up began before the news.
        Assert.Equal([(A, 5L)], Versions(TakeRound(Known(A, 4))));
        Assert.Single(_news.Told(_s.Report, failed: false));

        // An item's only hash needs no looking up.
        Tell(Known(A, 6));
        Assert.Equal([(A, 6L)], Versions(Assert.Single(_news.Take(_s.Report).Verdicts)));
    }

    [Fact]
    public void After_a_failed_round_nobody_is_answered_and_what_they_send_again_is_taken()
    {
        Submit(A, B);
        _s.Work(verdicts: [LookedUp(Known(A, 0), Known(B, 0))], full: true);
        Tell(Known(A, 1));
        _news.Take(_s.Report);
        _news.Lookup();
        Assert.Empty(_news.Told(_s.Report, failed: true));
        Assert.Empty(_news.Told(_s.Report, failed: false));

        Tell(Known(A, 1));
        _news.Take(_s.Report);
        Assert.Equal([1], _news.Lookup());
    }

    [Fact]
    public void News_of_what_was_withdrawn_or_never_submitted_are_answered_at_once()
    {
        Submit(A, B);
        _news.Add(new TakeVerdicts { ReportId = _s.Id, FanOutId = 1, Items = [new ItemVerdicts { Ordinal = 7, Exact = [Known(A, 1)] }] }, ActorRefs.Nobody);
        Assert.Single(_news.Take(_s.Report).Senders);
        _s.Withdraw(Nl);
        Tell(Known(A, 2));
        var taken = _news.Take(_s.Report);
        Assert.Empty(taken.Verdicts);
        Assert.Single(taken.Senders);
        Assert.False(_news.WantsLookup);
    }

    private void Submit(params ContentHash[] hashes) => _s.Submit(Nl, Entry(NL) with { Hashes = [.. hashes] });

    private void Tell(HashVerdict verdict) => _news.Add(
        new TakeVerdicts { ReportId = _s.Id, FanOutId = ++_fanOut, Items = [new ItemVerdicts { Ordinal = 1, Exact = [verdict] }] }, ActorRefs.Nobody);

    /// <summary>The end of a round that looked the item up, as the actor takes it over.</summary>
    private ItemVerdicts TakeRound(params HashVerdict[] found)
    {
        var work = _news.With(_s.Report, new CompleteAutomaticWork
        {
            ReportId = _s.Id, Context = _s.Context(Caller.System), Verdicts = [LookedUp(found)],
        });
        _s.Do(work);
        return work.Verdicts.Single();
    }

    private static ItemVerdicts LookedUp(params HashVerdict[] found) => new() { Ordinal = 1, LookedUp = true, NearSearched = true, Exact = [.. found] };

    private static HashVerdict Known(ContentHash hash, long version) =>
        new() { Hash = hash, Version = version, Opinions = version == 0 ? [] : [HashSamples.Says("interpol", Classification.Baseline)] };

    private static HashVerdict Said(ContentHash hash, long version, string by, Classification what) =>
        new() { Hash = hash, Version = version, Opinions = [HashSamples.Says(by, what)] };

    private static IEnumerable<(ContentHash, long)> Versions(ItemVerdicts verdicts) => verdicts.Exact.Select(v => (v.Hash, v.Version));
}
