using System.Collections.Immutable;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Iwol;
using CPort.Domain.Referrals;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Whatever has been written on a report, its answers fit between nodes, and all of it can be read, page by page.</summary>
public sealed class ReportAnswerSizeTests
{
    private static readonly string Long = new('ж', 9_900);
    private readonly KeyRingSeam _seam = new(KeyRing.New());

    [Fact]
    public void Memos_of_any_number_come_in_pages_in_order_and_each_once_beside_the_items()
    {
        var report = WithMemos(105, items: 150);
        var (memos, items, pages) = (new List<string>(), new List<int>(), 0);
        for (GetReport? query = new() { ReportId = report.Id, Caller = Nl, FromMemo = 0, MaxItems = 40 }; query is not null; pages++)
        {
            var page = ReportViews.Page(report, query, _seam).Cut();
            AssertFits(page);
            memos.AddRange(page.Head!.Memos.Select(m => m.Text!));
            items.AddRange(page.Items.Select(i => i.Item.Ordinal));
            Assert.All(page.Head.Memos, m => Assert.Empty(m.Memo.Text.Bytes));
            query = page.Next(query);
        }

        Assert.Equal(Enumerable.Range(1, 105).Select(n => Text(n)), memos);
        Assert.Equal(Enumerable.Range(1, 150), items);
        Assert.InRange(pages, 5, 10);

        // Who asks for an item gets none of them.
        var one = ReportViews.Page(report, new GetReport { ReportId = report.Id, Caller = Nl, FromOrdinal = 7, MaxItems = 1 }, _seam).Cut();
        Assert.Equal(7, Assert.Single(one.Items).Item.Ordinal);
        Assert.Empty(one.Head!.Memos);
        Assert.Null(one.NextMemo);
        Assert.True(Bytes(one).Length < 10_000);
    }

    /// <summary>Questions with all the lines there can be, a referral with many answers: the newest are told, the rest is counted.</summary>
    [Fact]
    public void What_police_and_hotlines_say_of_an_item_has_its_room_and_what_has_none_is_counted()
    {
        var report = WithMemos(0, items: 1);
        SecretText Said(int line) => new() { Text = $"{line}{Long}" };
        Sealed Closed(SealedField field, int line) => _seam.Seal(new SealedPlace(report.Id, field), Said(line));
        var police = PoliceNl.Agency;
        report = report with
        {
            Items = report.Items.SetItem(0, report.Items[0] with
            {
                Referrals =
                [
                    new ItemReferral
                    {
                        Agency = police,
                        Words = [.. Enumerable.Range(1, 60).Select(n => new PoliceWord
                        {
                            Line = n, State = ReferralState.Received, At = Start, Text = Closed(SealedField.ReferralText, n),
                        })],
                    },
                ],
            }),
            Questions =
            [
                .. Enumerable.Range(1, 2).Select(n => new PoliceQuestion
                {
                    Number = n, Agency = police, To = QuestionTo.Source, Ordinals = [1], Due = Start,
                    Lines = [.. Enumerable.Range(1, ReportLimits.LinesPerQuestion).Select(l => new QuestionLine
                    {
                        State = QuestionState.Asked, Agency = police, KeyId = "key", At = Start, Text = Closed(SealedField.QuestionText, l),
                    })],
                }),
            ],
        };
        var page = AssertFits(ReportViews.Page(report, new GetReport { ReportId = report.Id, Caller = Nl, MaxItems = 1 }, _seam).Cut());
        var item = Assert.Single(page.Items);
        var newest = item.Questions[1].Texts;
        Assert.Equal(ReportLimits.LinesPerQuestion, newest.Length);
        var told = newest.Count(t => t.Length > 0);
        Assert.InRange(told, 5, ReportLimits.LinesPerQuestion - 1);
        Assert.Equal(Enumerable.Range(1, ReportLimits.LinesPerQuestion).Select(l => l > ReportLimits.LinesPerQuestion - told ? Said(l).Text : ""), newest);
        Assert.All(item.Questions[0].Texts, t => Assert.Equal("", t));
        Assert.All(item.Referrals[0].Texts, t => Assert.Equal("", t));
        Assert.Equal((2 * ReportLimits.LinesPerQuestion) + 60 - told, item.TextsLeftOut);
    }

    [Fact]
    public void All_that_was_said_of_a_referral_and_of_a_domain_can_be_read_part_by_part()
    {
        const int Notes = 25 * IwolLimits.NotesOfAgency;
        var (referral, domain) = (new ReferralKey(7), new IwolKey(8));
        var book = new ReferralBook
        {
            Version = 1, Key = referral, Tenant = PoliceNl.Tenant, Agency = PoliceNl.Agency, Referrals =
            [
                new Referral
                {
                    Number = 1, OpenedAt = Start, OpenedBy = PoliceNl.Agency, Lines = [.. Enumerable.Range(1, ReferralLimits.Lines).Select(n => new FeedbackLine
                    {
                        Line = n, State = ReferralState.InUse, At = Start, KeyId = "key",
                        Text = _seam.Seal(ReferralRules.PlaceOf(referral, 1), new SecretText { Text = $"{n}{Long}" }),
                    })],
                },
            ],
        };
        var candidate = new IwolCandidate
        {
            Version = 1, Key = domain, Tenant = Interpol.Tenant, Name = _seam.Seal(IwolRules.PlaceOf(domain), new SecretText { Text = "bad.example" }),
            Notes = [.. Enumerable.Range(1, Notes).Select(n => new IwolNote
            {
                Kind = IwolNoteKind.Declined, Agency = Interpol.Agency, At = Start,
                Text = IwolRules.SealNote(_seam, domain, new SecretText { Text = $"{n}{Long}" }),
            })],
        };

        var officer = PoliceNl with { Purpose = "case 1" };
        AssertAll(ReferralLimits.Lines, before =>
        {
            var page = AssertFits(ReferralRules.Page(
                book, new GetReferral { Key = referral, Number = 1, Caller = officer, BeforeLine = before }, _seam));
            return (page.Texts, page.Earlier);
        });
        AssertAll(Notes, before =>
        {
            var query = new GetIwolCandidate { Key = domain, Caller = officer, Notes = before };
            var page = AssertFits(IwolRules.Page(candidate, query, _seam, new IwolEnvironment(Start, new IwolPolicy(), new FakeMembership())));
            return (page.Texts, page.Earlier);
        });

        static void AssertAll(int lines, Func<int?, (ImmutableArray<string> Texts, int? Earlier)> ask)
        {
            var read = new List<string>();
            int? before = null;
            do
            {
                (var texts, before) = ask(before);
                read.InsertRange(0, texts.Where(t => t.Length > 0));
            }
            while (before is not null);
            Assert.Equal(Enumerable.Range(1, lines).Select(n => $"{n}{Long}"), read);
        }
    }

    [Fact]
    public void Items_with_long_texts_come_as_many_as_fit_and_one_that_never_fits_is_said_to_be_too_long()
    {
        // A page of two hundred items with memos of 9,900 characters each would be 4 MB.
        var report = WithMemos(0, items: 200, secret: new ItemSecrets { Url = "https://host.example/", Memo = Long });
        var (items, largest) = (new List<int>(), 0);
        for (GetReport? query = new() { ReportId = report.Id, Caller = Nl, FromMemo = 0 }; query is not null;)
        {
            var page = ReportViews.Page(report, query, _seam).Cut();
            AssertFits(page);
            largest = Math.Max(largest, page.Items.Length);
            items.AddRange(page.Items.Select(i => i.Item.Ordinal));
            query = page.Next(query);
        }

        Assert.Equal(Enumerable.Range(1, 200), items);
        Assert.InRange(largest, 20, 199);

        // One item on which more was said than any answer holds.
        var sealedWhy = _seam.Seal(new SealedPlace(report.Id, SealedField.Why), new SecretText { Text = Long });
        var said = report.Items[0] with
        {
            Assessments = [.. Enumerable.Range(0, 60).Select(_ => new Assessment
            {
                Id = 1, KeyId = "key", Agency = Nl.Agency, Classification = Classification.National, At = Start, Why = sealedWhy,
            })],
        };
        report = report with { Items = report.Items.SetItem(0, said) };
        var single = ReportViews.Page(report, new GetReport { ReportId = report.Id, Caller = Nl, MaxItems = 1 }, _seam).Cut();
        Assert.True(single.TooLong);
        Assert.Null(single.Head);
        AssertFits(single);
    }

    [Fact]
    public void History_comes_in_pages_that_fit()
    {
        var report = WithMemos(105);
        var events = Enumerable.Range(0, 105).Select(i => new SequencedEvent(i + 1, new MemoAdded
        {
            Meta = new CommandContext { CommandId = CommandId.Parse($"m-{i}"), Caller = Nl, OccurredAt = Start }.ToMeta(), Memo = report.Memos[i],
        })).ToImmutableArray();
        report = report with { Version = 105 };
        var read = new List<long>();
        for (long? from = 1; from is { } next;)
        {
            var query = new GetHistory { ReportId = report.Id, Caller = Nl, FromSequence = next };
            var page = ReportViews.History(report, query, [.. events.Where(e => e.Sequence >= next)], _seam).Cut();
            AssertFits(page);
            Assert.False(page.TooLong);
            read.AddRange(page.Entries.Select(e => e.Sequence));
            from = page.NextSequence;
        }

        Assert.Equal(Enumerable.Range(1, 105).Select(i => (long)i), read);
    }

    private static string Text(int number) => $"{number} {Long}";

    private static T AssertFits<T>(T answer)
        where T : class
    {
        Assert.InRange(Bytes(answer).Length, 1, ReportLimits.AnswerBytes + 1_000);
        return answer;
    }

    private Report WithMemos(int memos, int items = 1, ItemSecrets? secret = null)
    {
        Assert.True(ReportLimits.AnswerBytes + 100_000 < ClusterTuning.MaxFrameSize);
        var report = HostedIn(NL, items).Report;
        secret ??= new ItemSecrets { Url = "https://host.example/" };
        return report with
        {
            Secrets = null,
            Items = [.. report.Items.Select(i => i with { Secrets = _seam.Seal(i.SecretsPlace(report.Id), secret) })],
            Memos = [.. Enumerable.Range(1, memos).Select(n =>
                new Memo
                {
                    Agency = Nl.Agency, At = Start, Text = _seam.Seal(new SealedPlace(report.Id, SealedField.Memo), new SecretText { Text = Text(n) }),
                })],
        };
    }
}
