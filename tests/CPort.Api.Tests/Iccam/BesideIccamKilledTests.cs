using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CPort.Domain.Identity;
using CPort.IccamClient.Our;
using CPort.IccamClient.Running;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Iccam;

/// <summary>
/// The client between an ICCAM and a node that are both in memory and in trouble, ended at random before and after each request and each commit. Whatever the
/// seed: each content once, each word once, in order.
/// </summary>
public sealed class BesideIccamKilledTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-beside-").FullName;
    private readonly HurriedTime _time = new();
    private readonly List<string> _log = [];

    public void Dispose() => TestFolders.Remove(_folder);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public Task Whatever_happens_each_content_is_taken_once_and_each_word_written_once_in_order(int seed) => PlayAsync(seed);

    [Fact]
    [Trait("Run", "whole")]
    public async Task So_it_is_with_many_seeds()
    {
        for (var seed = 100; seed < 250; seed++)
        {
            await PlayAsync(seed);
        }
    }

    private async Task PlayAsync(int seed)
    {
        var random = new Random(seed);
        var killing = new Killing(seed, 0.02);
        var (iccam, ours) = (new FakeIccam(random, 0.05, killing.Step), new FakeOurs(random, 0.03, killing.Step));
        var file = Path.Combine(_folder, $"{seed}.db");
        for (var n = 1; n <= 24; n++)
        {
            // The same URL twice in a report; none at all; one that cannot be taken.
            var url = n == 7 ? null : n == 11 ? "gopher:nothing" : $"https://fake.example/{(n == 5 ? 4 : n)}.jpg";
            iccam.Contents[n] = new FakeIccam.Content(n, (n + 2) / 3, url) { Assigned = _time.GetUtcNow().AddMinutes(-60 + n) };
        }

        iccam.BadRows.Add(new JsonObject { ["reportId"] = "what" });
        await UntilAsync(file, iccam, ours, killing, store => store.Figures() is { Contents: 22, Intended: 0 });
        Assert.Equal(22, ours.Items.Count);

        // Work here, a word at a time, while the client goes on dying.
        var expected = ours.Items.Keys.ToDictionary(i => i, _ => new List<string> { "reference" });
        for (var n = 0; n < 60; n++)
        {
            var item = ours.Items.Keys.ElementAt(random.Next(ours.Items.Count));
            if (ours.Items[item].Item.AssignedCountry == "NL")
            {
                expected[item].AddRange(Say(ours, item, random));
            }

            if (n % 6 == 0)
            {
                await PassAsync(file, iccam, ours, killing);
            }
        }

        (iccam.IsCalm, ours.IsCalm) = (random.Next(2) == 0, random.Next(2) == 0);
        await UntilAsync(
            file, iccam, ours, killing,
            store => store.Figures() is { Waiting: 0, Intended: 0 } && store.NewsPlace == $"{ours.NewsCount - 1:D13}-00001");
        (iccam.IsCalm, ours.IsCalm, killing.IsOn) = (true, true, false);
        await PassAsync(file, iccam, ours, killing);

        Assert.True(killing.Kills > 10, $"{killing.Kills} kills");
        Assert.Equal(22, ours.Items.Count);
        using var end = Open(file, null);
        foreach (var content in iccam.Contents.Values.Where(c => c.Number is not (7 or 11)))
        {
            var item = end.Content(new ContentNumber(content.Number))!.Item!.Value;
            Assert.Equal(content.Url, ours.Items[item].Url);
            Assert.Equal(expected[item], content.Done);
        }

        Assert.Equal([null, 7, 11], end.Errors(all: true, 100).Select(e => e.Content?.Value).Order());
        Assert.Equal("url.urlString", end.Errors(all: true, 100).Single(e => e.Content?.Value == 7).Refusal.Field);
        Assert.DoesNotContain("fake.example", string.Join('\n', _log), StringComparison.Ordinal);
    }

    /// <summary>What an analyst does next; what others say, and what waits, is not told.</summary>
    private static IEnumerable<string> Say(FakeOurs ours, ItemRef item, Random random)
    {
        var (now, told) = (ours.Items[item].Item, new List<string>());
        switch (random.Next(6))
        {
            case 0 or 1:
                ours.Say(item, i => FakeOurs.Assess(i, (now.Assessments.Length % 2) + 1));
                told.Add($"assessment {(now.Assessments.Length % 2) + 1}/{(now.Assessments.Length % 4) + 1}");
                break;
            case 2 or 3:
                ours.Say(item, i => FakeOurs.Act(i, random.Next(1, 3)));
                told.Add($"action {ours.Items[item].Item.Actions[^1].Type}");
                break;
            case 4:
                ours.Say(item, i => FakeOurs.Act(FakeOurs.Assess(i, 4, agency: "hotline-de"), 2, agency: "hotline-de"));
                ours.Say(item, i => FakeOurs.Act(FakeOurs.Assess(i, 1, counts: false), 1, episode: 0));
                break;
            default:
                ours.Say(item, i => i with { AssignedCountry = "DE" }, move: true);
                told.Add("move DE");
                break;
        }

        return told;
    }

    [Fact]
    public async Task A_refusal_holds_back_what_comes_after_it_of_the_same_content_until_a_person_has_looked()
    {
        var (iccam, ours, killing, file) = Calm();
        Add(iccam, 1, "https://fake.example/1.jpg");
        Add(iccam, 2, "https://fake.example/2.jpg");
        iccam.Contents[1].Refuses[1] = 2;
        await PassAsync(file, iccam, ours, killing);
        foreach (var item in ours.Items.Keys.ToArray())
        {
            ours.Say(item, i => FakeOurs.Act(i, 1));
            ours.Say(item, i => FakeOurs.Act(i, 2));
        }

        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(["reference"], iccam.Contents[1].Done);
        Assert.Equal(["reference", "action 1", "action 2"], iccam.Contents[2].Done);
        using (var store = Open(file, null))
        {
            var error = Assert.Single(store.Errors(all: false, 10));
            Assert.Equal(("action", 1, "actionType", "400"), (error.What, error.Content!.Value.Value, error.Refusal.Field, error.Refusal.Code));
            Assert.DoesNotContain("quoted.example", error.Refusal.Text, StringComparison.Ordinal);
            Assert.Contains("rule 9", error.Refusal.Text, StringComparison.Ordinal);
            Assert.Equal(1, store.Figures().Held);
            Assert.True(store.Close(error.Number, retry: true, "it was assessed in the meantime"));
            Assert.False(store.Close(error.Number, retry: true, "again"));
        }

        // Refused once more, and left: what waits behind it goes on.
        await PassAsync(file, iccam, ours, killing);
        using (var store = Open(file, null))
        {
            Assert.True(store.Close(Assert.Single(store.Errors(all: false, 10)).Number, retry: false, "told by telephone"));
            Assert.Equal(["retried", "dismissed"], store.Errors(all: true, 10).Select(e => e.State));
        }

        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(["reference", "action 2"], iccam.Contents[1].Done);
    }

    [Fact]
    public async Task What_could_not_be_taken_is_taken_when_a_person_has_it_tried_again_also_where_the_others_of_its_report_are_here_already()
    {
        var (iccam, ours, killing, file) = Calm();
        Add(iccam, 1, "https://fake.example/1.jpg");
        Add(iccam, 2, null);
        await PassAsync(file, iccam, ours, killing);
        Assert.Single(ours.Items);

        iccam.Contents[2] = new FakeIccam.Content(2, 1, "https://fake.example/2.jpg") { Assigned = _time.GetUtcNow() };
        await PassAsync(file, iccam, ours, killing);
        Assert.Single(ours.Items);
        using (var store = Open(file, null))
        {
            Assert.True(store.Close(Assert.Single(store.Errors(all: false, 10)).Number, retry: true, "mended there"));
        }

        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(["https://fake.example/1.jpg", "https://fake.example/2.jpg"], ours.Items.Values.Select(i => i.Url).Order());
        Assert.Equal(["reference"], iccam.Contents[2].Done);
    }

    [Fact]
    public async Task A_backlog_of_any_size_is_taken_in_one_go_past_what_cannot_be()
    {
        var (iccam, ours, killing, file) = Calm();
        for (var n = 1; n <= 520; n++)
        {
            // More than a page of them cannot be taken, and they are the oldest.
            iccam.Contents[n] = new FakeIccam.Content(n, (n + 9) / 10, n <= 210 ? null : $"https://fake.example/{n}.jpg")
                { Assigned = _time.GetUtcNow().AddDays(-30).AddMinutes(n) };
        }

        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(310, ours.Items.Count);
        Assert.All(iccam.Contents.Values.Skip(210), c => Assert.Equal(["reference"], c.Done));
        using var store = Open(file, null);
        Assert.Equal((310, 210), (store.Figures().Contents, store.Figures().Errors));
    }

    [Fact]
    public async Task Who_was_away_for_longer_than_news_are_kept_looks_at_everything()
    {
        var (iccam, ours, killing, file) = Calm();
        Add(iccam, 1, "https://fake.example/1.jpg");
        await PassAsync(file, iccam, ours, killing);
        ours.Say(ours.Items.Keys.Single(), i => FakeOurs.Assess(i, 1));
        ours.KeptFrom = 100;
        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(["reference", "assessment 1/1"], iccam.Contents[1].Done);
    }

    [Fact]
    public async Task What_stands_in_ICCAM_already_is_not_written_again()
    {
        var (iccam, ours, killing, file) = Calm();
        Add(iccam, 1, "https://fake.example/1.jpg");
        await PassAsync(file, iccam, ours, killing);
        iccam.Contents[1].Assessments.Add(new() { Classification = 1, AgeCategorization = 1, GenderCategorization = 1 });
        iccam.Contents[1].Actions.Add(new() { ActionType = 3, ActionDate = "2026-02-01T00:00:00Z" });
        ours.Say(ours.Items.Keys.Single(), i => FakeOurs.Act(FakeOurs.Act(FakeOurs.Assess(i, 1), 1), 3));
        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(["reference", "action 1"], iccam.Contents[1].Done);
    }

    [Fact]
    public async Task A_report_that_is_in_both_is_linked_and_not_taken_and_what_was_said_since_is_written()
    {
        var (iccam, ours, killing, file) = Calm();
        Add(iccam, 1, "https://fake.example/1.jpg");
        Add(iccam, 2, "https://fake.example/2.jpg");
        var draft = new IntakeReport
        {
            Reference = "own-1", Received = _time.GetUtcNow(), Urls = [new IntakeUrl { Url = "https://fake.example/2.jpg", IsSource = false, Country = "NL" }],
        };
        var report = (await ours.SubmitAsync(draft, CancellationToken.None)).Report;
        ours.Say(new ItemRef(report, 1), i => FakeOurs.Assess(FakeOurs.Assess(i, 1, episode: 0), 2));
        using (var store = Open(file, null))
        {
            Assert.Equal((2, 1), await Bridge(iccam, ours, store).LinkAsync(new ReportNumber(1), report, CancellationToken.None));
        }

        await PassAsync(file, iccam, ours, killing);
        Assert.Equal(2, ours.Items.Count);
        Assert.Equal(["assessment 2/2"], iccam.Contents[2].Done.Where(d => d != "reference"));
    }

    [Fact]
    public async Task A_folder_is_one_hotlines_and_one_process_works_in_it()
    {
        using (var store = Open(Path.Combine(_folder, "owned.db"), null))
        {
            store.Claim("hotline-nl https://iccam.example user");
            store.Claim("hotline-nl https://iccam.example user");
            Assert.Throws<InvalidDataException>(() => store.Claim("hotline-de https://iccam.example user"));
        }

        using (var first = FolderLock.TryTake(_folder))
        {
            Assert.NotNull(first);
            Assert.Null(FolderLock.TryTake(_folder));
        }

        using var second = FolderLock.TryTake(_folder);
        Assert.NotNull(second);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_wrong_password_is_waited_out_and_not_hammered_at()
    {
        var (iccam, ours, _, file) = Calm();
        using var store = Open(file, null);
        var began = _time.GetUtcNow();
        using var stop = new CancellationTokenSource();
        var waits = 0;
        var bridge = Bridge(iccam, ours, store, password: "wrong", say: line =>
        {
            waits += line.StartsWith("sign-in-refused", StringComparison.Ordinal) ? 1 : 0;
            if (waits == 12)
            {
                stop.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bridge.RunAsync(stop.Token));
        Assert.Equal((0, 12), (iccam.SignIns, iccam.Seen.Count));
        Assert.True(_time.GetUtcNow() - began > TimeSpan.FromMinutes(30), $"{_time.GetUtcNow() - began}");
    }

    private (FakeIccam Iccam, FakeOurs Ours, Killing Killing, string File) Calm()
    {
        var (random, killing) = (new Random(1), new Killing(1, 0) { IsOn = false });
        return (new FakeIccam(random, 0, killing.Step), new FakeOurs(random, 0, killing.Step), killing, Path.Combine(_folder, "calm.db"));
    }

    private void Add(FakeIccam iccam, long number, string? url) =>
        iccam.Contents[number] = new FakeIccam.Content(number, 1, url) { Assigned = _time.GetUtcNow().AddMinutes(-number) };

    private async Task UntilAsync(string file, FakeIccam iccam, FakeOurs ours, Killing killing, Func<ClientStore, bool> isSo)
    {
        for (var i = 0; i < 2_000; i++)
        {
            await PassAsync(file, iccam, ours, killing);
            using var store = Open(file, null);
            if (isSo(store))
            {
                return;
            }
        }

        Assert.Fail(string.Join('\n', _log.TakeLast(40)));
    }

    /// <summary>Begins the client, and lets it go once through everything, or until it is killed.</summary>
    private async Task PassAsync(string file, FakeIccam iccam, FakeOurs ours, Killing killing)
    {
        try
        {
            using var store = Open(file, killing.Step);
            var bridge = Bridge(iccam, ours, store);
            await bridge.PassAsync(await bridge.ClaimAsync(CancellationToken.None), poll: true, CancellationToken.None);
        }
        catch (KilledException)
        {
            _log.Add("killed");
        }
        catch (PassingFaultException e)
        {
            _log.Add(e.Code);
        }

        _time.Pass(TimeSpan.FromMinutes(3));
    }

    private Bridge Bridge(FakeIccam iccam, FakeOurs ours, ClientStore store, string password = "secret", Action<string>? say = null) => new(
        new IccamWire(
            new HttpClient(iccam, disposeHandler: false) { BaseAddress = new Uri("https://iccam.example/") },
            new WireSettings { User = "nl", Password = password }, _time),
        ours, store, "the fake", "Analyst", new RunSettings(), _time, say ?? _log.Add);

    private ClientStore Open(string file, Action? onCommit) => new(file, _time, onCommit);
}
