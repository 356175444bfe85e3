using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CPort.Actors.Agencies;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Tests.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>A bucket beside its node's directory of agencies, which moves on when the test says so (audit B14).</summary>
public class HashBucketTrustTests() : TestKit("""
    akka.loglevel = WARNING
    akka.test.single-expect-default = 20s
    akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
    akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
    """)
{
    private static readonly ContentHash Hash = Sha256(1);
    private static readonly HashBucketId Bucket = HashBucketId.For(Tenant.Live, Hash);
    private static readonly AgencyId Interpol = AgencyId.Parse("interpol");

    private readonly Directory _directory = new();

    private IActorRef Start(IActorRef? reports = null, IAgencyDirectorySource? directory = null) => Sys.ActorOf(HashBucketActor.Props(
        Bucket, () => reports ?? ActorRefs.Nobody, new EntityShell(TimeProvider.System), new HashBucketOptions { Agencies = directory ?? _directory }));

    private async Task Stop(IActorRef bucket)
    {
        await WatchAsync(bucket);
        bucket.Tell(StopEntity.Instance);
        await ExpectTerminatedAsync(bucket);
    }

    private async Task<TrustLevel> TrustAsync(IActorRef bucket)
    {
        bucket.Tell(new LookupHashes { Bucket = Bucket, RequestId = 1, Hashes = [Hash] });
        return Assert.Single((await FishForMessageAsync<HashesAnswered>(_ => true)).Verdicts[0].Opinions).Trust;
    }

    [Fact]
    public async Task Reports_are_told_when_an_agency_loses_the_trust_that_its_word_decided_by()
    {
        var reports = CreateTestProbe();
        var bucket = Start(reports);
        bucket.Tell(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        await ExpectMsgAsync<OpinionsStored>();
        bucket.Tell(Sight(Bucket, (Hash, Item(1))));
        await ExpectMsgAsync<HashesAnswered>();

        _directory.Set(TrustLevel.Untrusted);
        var told = await reports.ExpectMsgAsync<TakeVerdicts>();
        Assert.Equal(Report(1), told.ReportId);
        Assert.Equal(TrustLevel.Untrusted, Assert.Single(told.Items[0].Exact[0].Opinions).Trust);
    }

    [Fact]
    public async Task The_words_of_a_trusted_agency_that_closes_are_a_standard_judges_from_then_on()
    {
        var bucket = Start();
        bucket.Tell(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        await ExpectMsgAsync<OpinionsStored>();
        Assert.Equal(TrustLevel.Trusted, await TrustAsync(bucket));
        _directory.Do(new DeactivateAgency { Context = AgencyExamples.By(), Agency = Interpol });
        await AwaitAssertAsync(async () => Assert.Equal(TrustLevel.Standard, await TrustAsync(bucket)));
    }

    [Fact]
    public async Task A_word_on_its_way_while_the_trust_changed_comes_in_with_the_present_one()
    {
        _directory.Set(TrustLevel.Untrusted);
        var bucket = Start();
        bucket.Tell(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        await ExpectMsgAsync<OpinionsStored>();
        Assert.Equal(TrustLevel.Untrusted, await TrustAsync(bucket));
    }

    [Fact]
    public async Task A_bucket_that_slept_while_the_trust_changed_learns_of_it_when_it_wakes_and_a_node_that_lags_does_not_undo_it()
    {
        var bucket = Start();
        bucket.Tell(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)));
        await ExpectMsgAsync<OpinionsStored>();
        await Stop(bucket);
        var lagging = new Directory();

        _directory.Set(TrustLevel.Untrusted);
        bucket = Start();
        await AwaitAssertAsync(async () => Assert.Equal(TrustLevel.Untrusted, await TrustAsync(bucket)));
        await Stop(bucket);

        // Another node, which has not read the last event of the directory yet; it looks when asked for figures, too.
        Assert.True(lagging.Current.Version < _directory.Current.Version);
        bucket = Start(directory: lagging);
        bucket.Tell(new GetBucketStats { Bucket = Bucket });
        await ExpectMsgAsync<BucketStats>();
        bucket.Tell(Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted, minute: 1)));
        await ExpectMsgAsync<OpinionsStored>();
        Assert.Equal(TrustLevel.Untrusted, await TrustAsync(bucket));

        lagging.Set(TrustLevel.Untrusted);
        lagging.Set(TrustLevel.Trusted);
        await AwaitAssertAsync(async () => Assert.Equal(TrustLevel.Trusted, await TrustAsync(bucket)));
    }

    /// <summary>INTERPOL, trusted at first.</summary>
    private sealed class Directory : IAgencyDirectorySource
    {
        private readonly Lock _gate = new();
        private AgencyRegistry _registry = AgencyExamples.After(
            AgencyRegistry.Empty, AgencyExamples.Register("interpol", AgencyKind.Interpol) with { Trust = TrustLevel.Trusted });

        private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public AgencyDirectory Current { get; private set; }

        public Directory() => Current = AgencyDirectory.Of(_registry);

        public void Set(TrustLevel trust) => Do(new SetTrust { Context = AgencyExamples.By(), Agency = Interpol, Trust = trust });

        public void Do(IAgencyCommand command)
        {
            lock (_gate)
            {
                _registry = AgencyExamples.After(_registry, command);
                Current = AgencyDirectory.Of(_registry);
                var moved = _moved;
                _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved.SetResult();
            }
        }

        public async Task WaitForAsync(long sequenceNr, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task moved;
                lock (_gate)
                {
                    if (Current.Version >= sequenceNr)
                    {
                        return;
                    }

                    moved = _moved.Task;
                }

                await moved.WaitAsync(cancellationToken);
            }
        }
    }
}
