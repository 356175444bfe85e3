using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CPort.Actors.Cluster;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>The shell of a bucket over the in-memory journal; a probe stands for the report region.</summary>
public class HashBucketActorTests() : TestKit("""
    akka.loglevel = WARNING
    akka.test.single-expect-default = 20s
    akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
    akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
    """)
{
    private static readonly HashBucketId Bucket = new(Tenant.Live, HashBucketKind.Exact, 17);
    private static readonly ContentHash Hash = Sha256(1);
    private static readonly HashBucketOptions Quick = new()
    {
        FanOutRetry = TimeSpan.FromMilliseconds(100), FanOutRetryMax = TimeSpan.FromMilliseconds(200), SnapshotEvery = 10,
    };

    private IActorRef Start(TestProbe reports, HashBucketId? id = null) =>
        Sys.ActorOf(HashBucketActor.Props(id ?? Bucket, () => reports, new EntityShell(TimeProvider.System), Quick));

    private async Task Stop(IActorRef bucket)
    {
        await WatchAsync(bucket);
        bucket.Tell(StopEntity.Instance);
        await ExpectTerminatedAsync(bucket);
    }

    /// <summary>Until the bucket has so many reports left to tell.</summary>
    private async Task UntilToTell(IActorRef bucket, int reports) => await AwaitAssertAsync(async () =>
    {
        bucket.Tell(new GetBucketStats { Bucket = Bucket });
        Assert.Equal(reports, (await ExpectMsgAsync<BucketStats>()).ReportsToTell);
    });

    private static VerdictsTaken Taken(TakeVerdicts m) => new() { ReportId = m.ReportId, FanOutId = m.FanOutId };

    [Fact]
    public async Task A_sighting_is_answered_with_the_verdict_and_survives_a_restart()
    {
        var bucket = Start(CreateTestProbe());
        bucket.Tell(Sight(Bucket, (Hash, Item(1)), (Sha256(2), Item(1))));
        var answer = await ExpectMsgAsync<HashesAnswered>();
        Assert.Equal([Hash, Sha256(2)], answer.Verdicts.Select(v => v.Hash));
        await Stop(bucket);

        bucket = Start(CreateTestProbe());
        bucket.Tell(new LookupHashes { Bucket = Bucket, RequestId = 5, Hashes = [Hash] });
        answer = await ExpectMsgAsync<HashesAnswered>();
        Assert.Equal(5, answer.RequestId);
        Assert.Equal(1, answer.Verdicts[0].Sightings);
    }

    [Fact]
    public async Task Every_report_that_saw_the_hash_is_told_until_it_answers()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports);
        bucket.Tell(Sight(Bucket, (Hash, Item(1, 1)), (Hash, Item(1, 3)), (Hash, Item(2))));
        await ExpectMsgAsync<HashesAnswered>();

        bucket.Tell(Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline)));
        Assert.Equal(1, (await ExpectMsgAsync<OpinionsStored>()).Changed);

        var first = await reports.ExpectMsgAsync<TakeVerdicts>();
        var second = await reports.ExpectMsgAsync<TakeVerdicts>();
        var (one, two) = first.ReportId == Report(1) ? (first, second) : (second, first);
        Assert.Equal([1, 3], one.Items.Select(i => i.Ordinal));
        Assert.Equal(1, one.Items[0].Exact.Single().Version);
        bucket.Tell(Taken(one), reports);
        await UntilToTell(bucket, 1);

        // What was sent before that answer is in the probe's mailbox by now, before the mark.
        reports.Tell("mark");
        await reports.FishForMessageAsync<string>(_ => true);

        // The silent one is asked again, with the same id, until it answers.
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(two.FanOutId, (await reports.ExpectMsgAsync<TakeVerdicts>()).FanOutId);
        }

        bucket.Tell(Taken(two), reports);
        await UntilToTell(bucket, 0);
    }

    [Fact]
    public async Task An_unanswered_fan_out_goes_on_after_a_restart_and_an_answered_one_does_not()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports);
        bucket.Tell(Sight(Bucket, (Hash, Item(1)), (Hash, Item(2))));
        await ExpectMsgAsync<HashesAnswered>();
        bucket.Tell(Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline)));
        await ExpectMsgAsync<OpinionsStored>();
        var told = await reports.ExpectMsgAsync<TakeVerdicts>();
        bucket.Tell(Taken(told), reports);
        bucket.Tell(new GetBucketStats { Bucket = Bucket });
        await ExpectMsgAsync<BucketStats>();
        await Stop(bucket);

        var later = CreateTestProbe();
        bucket = Start(later);
        var again = await later.ExpectMsgAsync<TakeVerdicts>();
        Assert.NotEqual(told.ReportId, again.ReportId);
        bucket.Tell(Taken(again), later);
        await UntilToTell(bucket, 0);
        await Stop(bucket);

        var quiet = CreateTestProbe();
        bucket = Start(quiet);
        bucket.Tell(new GetBucketStats { Bucket = Bucket });
        await ExpectMsgAsync<BucketStats>();
        await quiet.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(300));
    }

    private IActorRef Start(TestProbe reports, TimeSpan deliveredAfter, int deliveredWait = 500) => Sys.ActorOf(HashBucketActor.Props(
        Bucket, () => reports, new EntityShell(TimeProvider.System), Quick with { DeliveredAfter = deliveredAfter, DeliveredWait = deliveredWait }));

    private Task<long> EventsAsync() => Sys.ActorOf(Props.Create(() => new JournalLength(EntityName.Of(Bucket).ToString()))).Ask<long>("length");

    /// <summary>A hash that these reports have, and an opinion that they take.</summary>
    private async Task<List<TakeVerdicts>> SpreadAsync(IActorRef bucket, TestProbe reports, params int[] to)
    {
        bucket.Tell(Sight(Bucket, [.. to.Select(n => (Hash, Item(n)))]));
        await ExpectMsgAsync<HashesAnswered>();
        bucket.Tell(Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline)));
        await ExpectMsgAsync<OpinionsStored>();
        var told = new List<TakeVerdicts>();
        while (told.Count < to.Length)
        {
            told.Add(await reports.ExpectMsgAsync<TakeVerdicts>());
            bucket.Tell(Taken(told[^1]), reports);
        }

        await UntilToTell(bucket, 0);
        return told;
    }

    [Fact]
    public async Task What_reports_have_taken_needs_no_event_of_its_own_and_goes_with_the_next()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports, TimeSpan.FromHours(1));
        await SpreadAsync(bucket, reports, 1, 2, 3);
        Assert.Equal(2, await EventsAsync());

        // What writes nothing writes this neither; the next sighting takes it along.
        bucket.Tell(Sight(Bucket, (Hash, Item(1))));
        await ExpectMsgAsync<HashesAnswered>();
        Assert.Equal(2, await EventsAsync());
        bucket.Tell(Sight(Bucket, (Sha256(2), Item(1))));
        await ExpectMsgAsync<HashesAnswered>();
        Assert.Equal(3, await EventsAsync());
        await WatchAsync(bucket);
        Sys.Stop(bucket);
        await ExpectTerminatedAsync(bucket);
        await UntilToTell(Start(CreateTestProbe()), 0);
    }

    [Theory]
    [InlineData(0.01, 500)]
    [InlineData(3_600, 3)]
    public async Task Without_another_event_it_is_written_after_a_while_or_when_much_of_it_waits(double seconds, int many)
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports, TimeSpan.FromSeconds(seconds), many);
        await SpreadAsync(bucket, reports, 1, 2, 3);
        await AwaitAssertAsync(async () => Assert.InRange(await EventsAsync(), 3, 5));
    }

    [Fact]
    public async Task A_crash_before_it_is_written_has_the_reports_told_again_with_the_same_verdict()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports, TimeSpan.FromHours(1));
        var first = await SpreadAsync(bucket, reports, 1, 2);
        await WatchAsync(bucket);
        Sys.Stop(bucket);
        await ExpectTerminatedAsync(bucket);

        var later = CreateTestProbe();
        bucket = Start(later, TimeSpan.FromHours(1));
        var again = new[] { await later.ExpectMsgAsync<TakeVerdicts>(), await later.ExpectMsgAsync<TakeVerdicts>() };
        Assert.Equal(first.Select(m => m.ReportId).Order(), again.Select(m => m.ReportId).Order());
        Assert.All(again, m => Assert.Equal(1, m.Items.Single().Exact.Single().Version));

        // Ended in order it writes what they answer, and nobody is told any more.
        Array.ForEach(again, m => bucket.Tell(Taken(m), later));
        await UntilToTell(bucket, 0);
        await Stop(bucket);
        await UntilToTell(Start(CreateTestProbe()), 0);
    }

    [Fact]
    public async Task News_while_a_delivery_waits_to_be_written_reaches_the_report_all_the_same()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports, TimeSpan.FromHours(1));
        await SpreadAsync(bucket, reports, 1);
        bucket.Tell(Opine(Bucket, Hash, Says("hotline-de", Classification.National, De)));
        await ExpectMsgAsync<OpinionsStored>();
        Assert.Equal(2, (await reports.ExpectMsgAsync<TakeVerdicts>()).Items.Single().Exact.Single().Version);
    }

    [Fact]
    public async Task A_report_busy_with_one_version_gets_the_next_one_after_its_answer()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports);
        bucket.Tell(Sight(Bucket, (Hash, Item(1))));
        await ExpectMsgAsync<HashesAnswered>();
        var opinion = Says("hotline-nl", Classification.Baseline);
        bucket.Tell(Opine(Bucket, Hash, opinion));
        await ExpectMsgAsync<OpinionsStored>();
        var first = await reports.ExpectMsgAsync<TakeVerdicts>();
        bucket.Tell(Opine(Bucket, Hash, opinion with { At = opinion.At.AddMinutes(1) }, retract: true));
        await ExpectMsgAsync<OpinionsStored>();

        bucket.Tell(Taken(first), reports);
        var next = await reports.FishForMessageAsync<TakeVerdicts>(m => m.FanOutId != first.FanOutId);
        Assert.Equal(2, next.Items[0].Exact[0].Version);
        Assert.Empty(next.Items[0].Exact[0].Opinions);
    }

    [Fact]
    public async Task A_report_with_many_items_is_told_in_parts_of_200()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports);
        foreach (var part in Enumerable.Range(1, 450).Chunk(200))
        {
            bucket.Tell(Sight(Bucket, [.. part.Select(n => (Hash, Item(1, n)))]));
            await ExpectMsgAsync<HashesAnswered>();
        }

        bucket.Tell(Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline)));
        var ordinals = new SortedSet<int>();
        while (ordinals.Count < 450)
        {
            var message = await reports.ExpectMsgAsync<TakeVerdicts>();
            Assert.InRange(message.Items.Length, 1, 200);
            ordinals.UnionWith(message.Items.Select(i => i.Ordinal));
            bucket.Tell(Taken(message), reports);
        }
    }

    [Fact]
    public async Task Many_commands_at_once_are_all_answered_and_joined_in_few_events()
    {
        var bucket = Start(CreateTestProbe());
        for (var n = 0; n < 1_000; n++)
        {
            bucket.Tell(Sight(Bucket, (Sha256(n), Item(n))));
        }

        for (var n = 0; n < 1_000; n++)
        {
            await ExpectMsgAsync<HashesAnswered>();
        }

        bucket.Tell(new GetBucketStats { Bucket = Bucket });
        Assert.Equal(1_000, (await ExpectMsgAsync<BucketStats>()).Sightings);
        await Stop(bucket);

        Assert.InRange(await EventsAsync(), 1, 500);
    }

    private sealed class JournalLength : ReceivePersistentActor
    {
        public JournalLength(string persistenceId)
        {
            PersistenceId = persistenceId;
            Recover<object>(_ => { });
            Command<string>(_ => Sender.Tell(LastSequenceNr));
        }

        public override string PersistenceId { get; }
    }

    [Fact]
    public async Task The_waker_touches_every_bucket_few_at_a_time_and_those_of_pdq_first()
    {
        var region = CreateTestProbe();
        var waker = Sys.ActorOf(Props.Create(() =>
            new HashBucketWaker(region, new HashBucketOptions { WakeAtOnce = 3 }, new EntityShell(TimeProvider.System))));
        var woken = new List<HashBucketId>();
        for (var n = 0; n < 3; n++)
        {
            woken.Add((await region.ExpectMsgAsync<GetBucketStats>()).Bucket);
        }

        // No more at a time; each answer lets the next one go.
        await region.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(300));
        for (var n = 0; woken.Count < HashBucketId.AllOf(Tenant.Live).Count(); n++)
        {
            waker.Tell(new BucketStats { Bucket = woken[n] }, region);
            woken.Add((await region.ExpectMsgAsync<GetBucketStats>()).Bucket);
        }

        Assert.Equal(HashBucketId.AllOf(Tenant.Live), woken.OrderBy(id => id.Kind).ThenBy(id => id.Number));
        Assert.All(woken.Take(HashBucketId.PdqBuckets), id => Assert.Equal(HashBucketKind.Pdq, id.Kind));
    }

    [Fact]
    public async Task The_waker_tells_how_many_of_the_buckets_that_hold_anything_are_loaded_and_goes_on_without_those_that_cannot_be_read()
    {
        HashBucketId[] inUse =
            [new(Tenant.Live, HashBucketKind.Pdq, 1), new(Tenant.Live, HashBucketKind.Exact, 7), new(Tenant.Training, HashBucketKind.Exact, 9)];
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, null!);
        var (loading, stuck, journal) = (new HashBucketLoading(), new StuckEntities(database, TimeProvider.System), new TaskCompletionSource());
        await stuck.StartAsync(default);

        // Looks often: left to itself it looks every tenth of the longest wait, and the waker would have asked the silent one again meanwhile.
        async Task Until(HashBucketsLoaded state) =>
            await AwaitConditionAsync(() => Task.FromResult(loading.Now == state), TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(50));
        var region = CreateTestProbe();
        var options = new HashBucketOptions
        {
            WakeAtOnce = 2, Loading = loading, WithEvents = async () =>
            {
                await journal.Task;
                return [.. inUse];
            },
        };
        var waker = Sys.ActorOf(Props.Create(() => new HashBucketWaker(region, options, new EntityShell(TimeProvider.System, stuck))));
        Assert.Equal(new HashBucketsLoaded(null, 0, 0, false), loading.Now);

        journal.SetResult();
        var asked = new List<HashBucketId>();
        for (var n = 0; n < inUse.Length; n++)
        {
            asked.Add((await region.ExpectMsgAsync<GetBucketStats>()).Bucket);
            if (n > 0)
            {
                waker.Tell(new BucketStats { Bucket = asked[n - 1] }, region);
            }

            await Until(new HashBucketsLoaded(3, n, 0, false));
        }

        // The last one is silent: not all are loaded, until it is known that it never will be.
        await region.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(500));
        Assert.Equal(new HashBucketsLoaded(3, 2, 0, false), loading.Now);
        Assert.Equal(asked[^1], (await region.ExpectMsgAsync<GetBucketStats>(TimeSpan.FromSeconds(20))).Bucket);
        stuck.Note(EntityName.Of(asked[^1]), 3, new InvalidDataException());
        await Until(new HashBucketsLoaded(3, 2, 1, true));

        // It is written in the background: once it is listed, the database can go.
        await AwaitAssertAsync(async () => Assert.Single(await stuck.ListAsync(default)));
        TestDatabases.Delete(database);
    }

    [Fact]
    public async Task State_comes_back_from_snapshot_and_later_events()
    {
        var bucket = Start(CreateTestProbe());
        for (var n = 0; n < 35; n++)
        {
            bucket.Tell(Sight(Bucket, (Sha256(n), Item(n))));
            await ExpectMsgAsync<HashesAnswered>();
        }

        await Stop(bucket);
        bucket = Start(CreateTestProbe());
        bucket.Tell(new GetBucketStats { Bucket = Bucket });
        Assert.Equal(35, (await ExpectMsgAsync<BucketStats>()).Sightings);
    }

    [Fact]
    public async Task A_pdq_bucket_finds_known_values_near_and_forgets_retracted_ones()
    {
        var known = Made(HashAlgorithm.Pdq, 1);
        var bytes = known.Bytes.ToArray();
        bytes[31] ^= 0b111;
        var near = ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
        var id = HashBucketId.For(Tenant.Live, known);
        var bucket = Start(CreateTestProbe(), id);
        var opinion = Says("hotline-nl", Classification.Baseline);
        var search = new SearchNear { Bucket = id, RequestId = 9, Queries = [new NearQuery { Hash = near, Radius = 31, MaxResults = 20 }] };

        bucket.Tell(Sight(id, (known, Item(1))));
        await ExpectMsgAsync<HashesAnswered>();
        bucket.Tell(search);
        Assert.Empty((await ExpectMsgAsync<NearFound>()).Answers[0].Matches);

        bucket.Tell(Opine(id, known, opinion));
        await ExpectMsgAsync<OpinionsStored>();
        bucket.Tell(search);
        Assert.Equal(3, Assert.Single((await ExpectMsgAsync<NearFound>()).Answers[0].Matches).Distance);

        await Stop(bucket);
        bucket = Start(CreateTestProbe(), id);
        bucket.Tell(search);
        Assert.Single((await ExpectMsgAsync<NearFound>()).Answers[0].Matches);

        bucket.Tell(Opine(id, known, opinion, retract: true));
        await ExpectMsgAsync<OpinionsStored>();
        bucket.Tell(search);
        Assert.Empty((await ExpectMsgAsync<NearFound>()).Answers[0].Matches);
    }

    private static ContentHash Flip(ContentHash hash, int bits)
    {
        var bytes = hash.Bytes.ToArray();
        for (var i = 0; i < bits; i++)
        {
            bytes[31 - (i / 8)] ^= (byte)(1 << (i % 8));
        }

        return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
    }

    [Fact]
    public async Task Unassessed_values_on_items_are_look_alikes_until_somebody_speaks_of_them()
    {
        var seen = Made(HashAlgorithm.Pdq, 1);
        var id = HashBucketId.For(Tenant.Live, seen);
        var bucket = Start(CreateTestProbe(), id);
        var search = new SearchNear
        {
            Bucket = id, RequestId = 9, Queries = [new NearQuery { Hash = Flip(seen, 5), Radius = 31, MaxResults = 20, MaxLookAlikes = 20 }],
        };
        async Task<NearAnswer> Ask(SearchNear q)
        {
            bucket.Tell(q);
            return Assert.Single((await ExpectMsgAsync<NearFound>()).Answers);
        }

        bucket.Tell(Sight(id, (seen, Item(1)), (seen, Item(2))));
        await ExpectMsgAsync<HashesAnswered>();
        var alike = Assert.Single((await Ask(search)).LookAlikes);
        Assert.Equal((seen, 5, 2), (alike.Hash, alike.Distance, alike.Items));
        Assert.Empty((await Ask(search with { Queries = [search.Queries[0] with { MaxLookAlikes = 0 }] })).LookAlikes);

        var opinion = Says("hotline-nl", Classification.Baseline);
        bucket.Tell(Opine(id, seen, opinion));
        await ExpectMsgAsync<OpinionsStored>();
        var answer = await Ask(search);
        Assert.Empty(answer.LookAlikes);
        Assert.Single(answer.Matches);

        bucket.Tell(Opine(id, seen, opinion with { At = opinion.At.AddMinutes(1) }, retract: true));
        await ExpectMsgAsync<OpinionsStored>();
        Assert.Single((await Ask(search)).LookAlikes);
        await Stop(bucket);
        bucket = Start(CreateTestProbe(), id);
        answer = await Ask(search);
        Assert.Single(answer.LookAlikes);
        Assert.Empty(answer.Matches);
    }

    [Fact]
    public async Task A_value_in_quarantine_is_near_nothing_and_comes_back_when_released()
    {
        var known = Made(HashAlgorithm.Pdq, 1);
        var id = HashBucketId.For(Tenant.Live, known);
        var bucket = Start(CreateTestProbe(), id);
        var search = new SearchNear
        {
            Bucket = id, RequestId = 9, Queries = [new NearQuery { Hash = Flip(known, 5), Radius = 31, MaxResults = 20, MaxLookAlikes = 20 }],
        };
        bucket.Tell(Opine(id, known, Says("police-nl", Classification.Baseline, trust: TrustLevel.Trusted)));
        await ExpectMsgAsync<OpinionsStored>();
        var change = new ChangeQuarantine { Bucket = id, RequestId = 4, Hashes = [known], At = HashSamples.Start, By = AgencyId.Parse("operator") };
        bucket.Tell(change);
        Assert.Equal(1, (await ExpectMsgAsync<QuarantineChanged>()).Changed);
        await Stop(bucket);

        bucket = Start(CreateTestProbe(), id);
        bucket.Tell(search);
        var answer = Assert.Single((await ExpectMsgAsync<NearFound>()).Answers);
        Assert.True(answer.Matches.IsEmpty && answer.LookAlikes.IsEmpty);
        bucket.Tell(new LookupHashes { Bucket = id, RequestId = 1, Hashes = [known] });
        Assert.True(Assert.Single((await ExpectMsgAsync<HashesAnswered>()).Verdicts).IsKnown);

        bucket.Tell(change with { Release = true });
        await ExpectMsgAsync<QuarantineChanged>();
        bucket.Tell(search);
        Assert.Single(Assert.Single((await ExpectMsgAsync<NearFound>()).Answers).Matches);
    }

    [Fact]
    public async Task A_value_near_which_too_many_strangers_lie_goes_into_quarantine_by_itself()
    {
        var known = Made(HashAlgorithm.Pdq, 1);
        var id = HashBucketId.For(Tenant.Live, known);
        var bucket = Sys.ActorOf(HashBucketActor.Props(
            id, () => Nobody.Instance, new EntityShell(TimeProvider.System), Quick with { Quarantine = new QuarantineLimits { NearValues = 64 } }));
        bucket.Tell(Opine(id, known, Says("hotline-nl", Classification.Baseline)));
        await ExpectMsgAsync<OpinionsStored>();

        // The same value again and again is one value.
        var random = new Random(1);
        var one = Near(random);
        for (var n = 0; n < 200; n++)
        {
            Assert.Single(await Found(one));
        }

        var distinct = 1;
        while (!(await Found(Near(random))).IsEmpty)
        {
            Assert.InRange(++distinct, 1, 1_000);
        }

        Assert.InRange(distinct, 8, 1_000);
        bucket.Tell(new GetQuarantine { Bucket = id });
        var row = Assert.Single((await ExpectMsgAsync<QuarantineReply>()).Rows);
        Assert.Equal((known, QuarantineReason.ManyNearValues, 64, null), (row.Hash, row.State.Reason, row.State.NearValues, row.State.By));

        ContentHash Near(Random random)
        {
            var bytes = known.Bytes.ToArray();
            for (var i = 0; i < 12; i++)
            {
                bytes[random.Next(32)] ^= (byte)(1 << random.Next(8));
            }

            return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
        }

        async Task<System.Collections.Immutable.ImmutableArray<NearMatch>> Found(ContentHash hash)
        {
            bucket.Tell(new SearchNear { Bucket = id, RequestId = 1, Queries = [new NearQuery { Hash = hash, Radius = 31, MaxResults = 5 }] });
            return Assert.Single((await ExpectMsgAsync<NearFound>()).Answers).Matches;
        }
    }

    [Fact]
    public async Task A_large_import_is_snapshotted_by_its_rows_and_rarely()
    {
        var store = Sys.ActorOf(HashBucketActor.Props(
            Bucket, () => Nobody.Instance, new EntityShell(TimeProvider.System), Quick with { SnapshotEvery = 1_000_000, SnapshotRows = 1_000 }));
        foreach (var part in Enumerable.Range(0, 10_000).Chunk(200))
        {
            store.Tell(Import(Bucket, part.Select(n => new HashListRow { Hash = Sha256(n), Classification = Classification.Baseline })));
            Assert.Equal(200, (await ExpectMsgAsync<HashesImported>()).Rows.Count(r => r == (byte)HashRowOutcome.Added));
        }

        await Stop(store);
        var restarted = Start(CreateTestProbe());
        restarted.Tell(new GetBucketStats { Bucket = Bucket });
        var stats = await ExpectMsgAsync<BucketStats>();
        Assert.Equal((10_000, 10_000), (stats.Hashes, stats.Known));
    }

    [Fact]
    public async Task An_answer_that_would_be_too_long_is_cut_and_at_least_one_is_given()
    {
        var bucket = Start(CreateTestProbe());
        var hashes = Enumerable.Range(0, 100).Select(n => Sha256(n)).ToArray();
        for (var agency = 0; agency < 30; agency++)
        {
            bucket.Tell(new RecordBucketOpinions
            {
                Bucket = Bucket, RequestId = 1,
                Opinions = [.. hashes.Select(h =>
                    new OpinionOnHash { Hash = h, Opinion = Says($"agency-{agency}", Classification.National, Nl, TrustLevel.Untrusted) })],
            });
            await ExpectMsgAsync<OpinionsStored>();
        }

        bucket.Tell(new LookupHashes { Bucket = Bucket, RequestId = 1, Hashes = [.. hashes] });
        Assert.InRange((await ExpectMsgAsync<HashesAnswered>()).Verdicts.Length, 1, 99);
    }
}
