using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Exchange;
using CPort.Actors.Persistence;
using CPort.Domain.Access;
using CPort.Domain.Confidential;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Exchange;

/// <summary>What follows from receivers' answers, what may be sent to, what signs; and that nobody's row is taken for another's.</summary>
public sealed class WebhookTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 3, 12, 0, 0, TimeSpan.Zero);
    private static readonly FeedPlace First = new(7, 1);

    private static readonly Webhook Hook = new()
    {
        Id = new ReportId(12345), Agency = AgencyId.Parse("hotline-nl"), Tenant = Tenant.Live, Url = "https://hooks.example/cport", Secret = new byte[32],
        CreatedAt = Noon, State = WebhookState.Active,
    };

    [Fact]
    public void What_is_taken_moves_on_and_what_is_not_is_tried_for_three_days_and_then_given_up()
    {
        var (hook, now, outcomes) = (Hook, Noon, new List<WebhookOutcome>());
        do
        {
            (hook, var outcome) = WebhookRules.After(hook, First, new WebhookAnswer(503), now, 0);
            outcomes.Add(outcome);
            now = hook.NextAt > now ? hook.NextAt : now;
        }
        while (outcomes[^1] == WebhookOutcome.Failed);

        Assert.Equal(WebhookRules.Waits.Length + 1, outcomes.Count);
        Assert.Equal(WebhookOutcome.Dead, outcomes[^1]);
        Assert.InRange((now - Noon).TotalHours, 72, 80);
        Assert.Equal((First, 0, WebhookState.Active, now), (hook.After, hook.Tries, hook.State, hook.GivenUpAt));

        // The next one is taken: all is well again.
        (hook, _) = WebhookRules.After(hook, new FeedPlace(8, 1), new WebhookAnswer(204), now, 0);
        Assert.Equal((new FeedPlace(8, 1), null, null), (hook.After, hook.FailingSince, hook.LastFault));
    }

    /// <summary>Whoever changed its name meanwhile did not make nine tries of it again.</summary>
    [Fact]
    public void What_was_found_of_its_receiver_holds_for_one_that_was_changed_meanwhile_unless_that_began_anew()
    {
        var begun = Hook with { Tries = 9, FailingSince = Noon.AddDays(-4), LastFault = "503" };
        var done = WebhookRules.After(begun, First, new WebhookAnswer(204), Noon, 0).Next;
        var named = WebhookRules.Carried(begun, done, begun with { Types = [FeedTypes.Assessed.Name] });
        Assert.Equal((First, 0, null, null, 1), (named.After, named.Tries, named.FailingSince, named.LastFault, named.Types.Length));
        var moved = WebhookRules.Carried(begun, done, begun with { Url = "https://hooks.example/other", Tries = 1 });
        Assert.Equal((1, begun.FailingSince), (moved.Tries, moved.FailingSince));
    }

    /// <summary>Also when it was stopped in between, or its agency changed its name.</summary>
    [Fact]
    public void A_batch_that_was_not_taken_is_known_by_its_last_event_until_it_was_or_is_given_up()
    {
        var (batched, last) = (Hook with { Batch = 50 }, new FeedPlace(9, 2));
        foreach (var status in new[] { 503, 410 })
        {
            var failed = WebhookRules.After(batched, last, new WebhookAnswer(status), Noon, 0).Next;
            Assert.Equal((FeedPlace.Start, last), (failed.After, failed.Tried));
            Assert.Equal(last, WebhookRules.Carried(batched, failed, batched with { Name = "other" }).Tried);
            var taken = WebhookRules.After(failed, last, new WebhookAnswer(200), Noon, 0).Next;
            Assert.Equal((last, null), (taken.After, taken.Tried));
            Assert.Null((failed with { Batch = 1 }).Tried);
        }

        var given = WebhookRules.After(batched with { Tries = WebhookRules.Waits.Length }, last, new WebhookAnswer(503), Noon, 0).Next;
        Assert.Equal((last, null), (given.After, given.Tried));

        // What is sent again goes alone, and an event by itself is the next one anyhow.
        Assert.Null(WebhookRules.After(batched with { Again = [last.ToString()] }, last, new WebhookAnswer(503), Noon, 0).Next.Tried);
        Assert.Null(WebhookRules.After(Hook, last, new WebhookAnswer(503), Noon, 0).Next.Tried);
    }

    [Fact]
    public void A_batchs_id_follows_from_the_events_in_it()
    {
        var id = WebhookRules.BatchId([First, new FeedPlace(9, 2)]);
        Assert.Equal(id, WebhookRules.BatchId([First, new FeedPlace(9, 2)]));
        Assert.Matches("^batch-[0-9a-f]{32}$", id);
        Assert.Equal(3, new[] { id, WebhookRules.BatchId([First]), WebhookRules.BatchId([First, new FeedPlace(9, 3)]) }.Distinct().Count());
    }

    /// <summary>A webhook of before has no figure.</summary>
    [Fact]
    public void A_webhook_that_was_kept_without_a_figure_has_events_by_themselves()
    {
        // Protobuf writes no zero: as if the field were not there yet.
        var place = new SealedPlace(Hook.Id, SealedField.Webhook);
        Assert.Equal(1, TestKeys.Seam.Open<Webhook>(place, TestKeys.Seam.Seal(place, Hook with { Batch = 0 })).Batch);
    }

    [Fact]
    public void A_receiver_that_is_gone_or_takes_nothing_for_days_is_stopped()
    {
        Assert.Equal(WebhookState.Stopped, WebhookRules.After(Hook, First, new WebhookAnswer(410), Noon, 0).Next.State);
        var failing = Hook with { FailingSince = Noon - WebhookRules.GiveUpAfter };
        Assert.Equal(WebhookState.Active, WebhookRules.After(failing, First, new WebhookAnswer(500), Noon, 0).Next.State);
        Assert.Equal(WebhookState.Stopped, WebhookRules.After(failing, First, new WebhookAnswer(null, "no connection"), Noon.AddSeconds(1), 0).Next.State);

        // One that never answered the first ping is not given news.
        var pending = Hook with { State = WebhookState.Pending, Tries = WebhookRules.Waits.Length };
        Assert.Equal(WebhookState.Stopped, WebhookRules.After(pending, null, new WebhookAnswer(404), Noon, 0).Next.State);
        Assert.Equal(WebhookState.Active, WebhookRules.After(pending, null, new WebhookAnswer(200), Noon, 0).Next.State);
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(600, 600)]
    [InlineData(10_000_000, 86_400)]
    public void What_the_receiver_asks_for_is_waited_for_within_a_day(int asked, int waited)
    {
        var next = WebhookRules.After(Hook, First, new WebhookAnswer(429, null, TimeSpan.FromSeconds(asked)), Noon, 0).Next;
        Assert.Equal(Noon.AddSeconds(waited), next.NextAt);
    }

    [Fact]
    public void Waits_differ_by_a_fifth_at_most()
    {
        foreach (var jitter in new[] { -5, -1, 0.5, 1, 5 })
        {
            var wait = WebhookRules.After(Hook with { Tries = 1 }, First, new WebhookAnswer(500), Noon, jitter).Next.NextAt - Noon;
            Assert.InRange(wait.TotalSeconds, 240, 360);
        }
    }

    [Fact]
    public void What_is_sent_again_leaves_the_place_where_it_is()
    {
        var hook = Hook with { AfterOrdering = 20, AfterPart = 3, Again = [First.ToString(), new FeedPlace(9, 1).ToString()] };
        var (next, _) = WebhookRules.After(hook, First, new WebhookAnswer(200), Noon, 0);
        Assert.Equal(new FeedPlace(20, 3), next.After);
        Assert.Equal(new FeedPlace(9, 1).ToString(), Assert.Single(next.Again));
    }

    [Fact]
    public void What_was_taken_stays_taken_when_the_agency_changes_the_webhook_meanwhile()
    {
        var begun = Hook with { AfterOrdering = 10, Again = ["3-1", "4-1"] };
        var done = begun with { AfterOrdering = 14, AfterPart = 2, Again = ["4-1"], LastTakenAt = Noon };
        var paused = WebhookRules.Carried(begun, done, begun with { State = WebhookState.Paused, Again = ["3-1", "4-1", "5-1"] });
        Assert.Equal((WebhookState.Paused, new FeedPlace(14, 2), Noon), (paused.State, paused.After, paused.LastTakenAt));
        Assert.Equal("4-1 5-1", string.Join(" ", paused.Again));

        // Sent back to an earlier place: it begins there.
        Assert.Equal(new FeedPlace(5, 0), WebhookRules.Carried(begun, done, begun with { AfterOrdering = 5 }).After);
    }

    [Fact]
    public void Both_secrets_sign_for_a_day_after_a_rotation()
    {
        byte[] now = [.. Enumerable.Repeat((byte)1, 32)], former = [.. Enumerable.Repeat((byte)2, 32)];
        var hook = Hook with { Secret = now, FormerSecret = former, FormerUntil = Noon.AddHours(24) };
        var body = "{\"a\":1}"u8.ToArray();
        var signed = WebhookSignature.Of("id-1", 1_700_000_000, body, WebhookRules.SecretsOf(hook, Noon.AddHours(23)));
        string By(byte[] secret) => "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("id-1.1700000000.{\"a\":1}")));
        Assert.Equal($"{By(now)} {By(former)}", signed);
        Assert.Equal(By(now), WebhookSignature.Of("id-1", 1_700_000_000, body, WebhookRules.SecretsOf(hook, Noon.AddHours(24))));
        Assert.Contains(" v1a,", WebhookSignature.Of("id-1", 1, body, [now], former), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("64:ff9b::808:808", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.0.1", false)]
    [InlineData("198.51.100.7", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2002:a00:1::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1%1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2001:db8::1", false)]
    public void Only_addresses_of_the_public_internet_are_sent_to(string address, bool may) =>
        Assert.Equal(may, OutsideAddresses.MayReach(IPAddress.Parse(address), []));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("127.1.0.1", false)]
    [InlineData("10.0.0.1", false)]
    public void An_operator_may_allow_a_network(string address, bool may) =>
        Assert.Equal(may, OutsideAddresses.MayReach(IPAddress.Parse(address), [IPNetwork.Parse("127.0.0.0/16")]));

    [Theory]
    [InlineData("https://hooks.example/x?y=1", true)]
    [InlineData("ftp://hooks.example/", false)]
    [InlineData("https://user:secret@hooks.example/", false)]
    [InlineData("https://hooks.example/#here", false)]
    [InlineData("/relative", false)]
    [InlineData("", false)]
    public void An_address_that_cannot_be_one_is_refused_before_it_is_tried(string url, bool good) => Assert.Equal(good, WebhookRules.FaultOfUrl(url) is null);

    [Fact]
    public async Task A_row_that_was_changed_or_given_to_somebody_else_is_noted_and_not_obeyed()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, null!);
        await WebhookStore.EnsureTablesAsync(database);
        var doubts = new DatabaseDoubts(TimeProvider.System);
        var store = new WebhookStore(database, TestKeys.Seam, doubts);
        await store.AddAsync(Hook, default);
        Assert.NotNull(await store.FindAsync(Hook.Agency, Tenant.Live, Hook.Id, default));
        Assert.Null(await store.FindAsync(Hook.Agency, Tenant.Training, Hook.Id, default));
        Assert.Null(await store.FindAsync(AgencyId.Parse("hotline-de"), Tenant.Live, Hook.Id, default));
        await Assert.ThrowsAsync<WebhookChangedException>(() => store.ReplaceAsync(Hook, 9, default));
        await database.ExecuteAsync("UPDATE cport_webhooks SET agency = 'hotline-de'", default);
        Assert.Empty(await store.AllAsync(default));
        Assert.Null(await store.FindAsync(AgencyId.Parse("hotline-de"), Tenant.Live, Hook.Id, default));
        Assert.Contains(doubts.List(), d => d.Place == DoubtfulPlace.Feed);
        TestDatabases.Delete(database);
    }
}
