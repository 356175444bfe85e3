using CPort.Actors.Hashes;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

public sealed class HashFanOutTests
{
    private static readonly ContentHash Hash = Sha256(1);
    private static readonly HashBucketId Bucket = HashBucketId.For(Tenant.Live, Hash);

    private readonly Clock _clock = new();
    private readonly HashFanOut _fanOut;
    private readonly HashBucket _state;

    public HashFanOutTests()
    {
        _fanOut = new HashFanOut(new HashBucketOptions(), _clock);
        (_state, _) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(1))));
        _state.Do(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        _fanOut.Track(_state);
    }

    [Fact]
    public void What_is_not_answered_is_sent_again_the_same_while_nothing_has_changed()
    {
        var first = Assert.Single(_fanOut.First(_state));
        Assert.Empty(_fanOut.Again(_state));

        _clock.Now += TimeSpan.FromHours(1);
        Assert.Same(first, Assert.Single(_fanOut.Again(_state)));
        Assert.NotEmpty(_fanOut.Acknowledge(Taken(first)));
    }

    [Fact]
    public void What_has_changed_meanwhile_is_sent_as_it_is_now_and_an_answer_to_the_older_settles_nothing()
    {
        var first = Assert.Single(_fanOut.First(_state));
        _state.Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.National, Nl)));
        _clock.Now += TimeSpan.FromHours(1);

        var again = Assert.Single(_fanOut.Again(_state));
        Assert.True(VersionIn(again) > VersionIn(first));
        Assert.Empty(_fanOut.Acknowledge(Taken(first)));
        Assert.Equal(VersionIn(again), Assert.Single(_fanOut.Acknowledge(Taken(again))).Version);
    }

    [Fact]
    public void What_its_report_has_heard_otherwise_is_not_sent_again()
    {
        var first = Assert.Single(_fanOut.First(_state));

        // As an answer to a look-up: the older news, sent again, would be taken for newer by an actor that has begun anew.
        var told = new VerdictDelivered { ReportId = Report(1), Row = _state.RowOf(Hash), Version = VersionIn(first), FirstOrdinal = 1, LastOrdinal = 1 };
        HashBucketRules.Apply(_state, HashBucketRules.Decide(_state, [], [told]).Event!);
        _clock.Now += TimeSpan.FromHours(1);

        Assert.Empty(_fanOut.Again(_state));
        Assert.False(_fanOut.Waiting);
        Assert.Equal(0, _fanOut.Count);
        Assert.Empty(_fanOut.Acknowledge(Taken(first)));
    }

    private static long VersionIn(TakeVerdicts news) => news.Items.Single().Exact.Single().Version;

    private static VerdictsTaken Taken(TakeVerdicts news) => new() { ReportId = news.ReportId, FanOutId = news.FanOutId };

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Start;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
