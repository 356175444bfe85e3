using System.Collections.Concurrent;
using System.Text.Json;
using CPort.Actors.Agencies;
using CPort.Actors.Exchange;
using CPort.Actors.People;
using CPort.Actors.Personal;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Domain.Exchange;
using CPort.Domain.People;

namespace CPort.Api.Exchange;

/// <summary>Where notifications come from; each fact stands there, and nowhere again.</summary>
public sealed record NotificationSources(
    NotificationReader News, ReferralReader Referrals, QuestionReader Questions, HoldReader Holds, HouseClocks House,
    PeopleDirectoryFeed People);

/// <summary>
/// What a person, or a key, is told: news of its agency by kind, and clocks that run out, read from where they stand. Kept is only up to where each has read.
/// Thread-safe.
/// </summary>
public sealed class Notifications(NotificationSources sources, PersonalStore store, TimeProvider time)
{
    private const string List = "notifications";

    /// <summary>Clocks of one kind that are told.</summary>
    private const int MostClocks = 20;

    /// <summary>How long a number of new ones is shown before it is counted anew: it stands on every page.</summary>
    private static readonly TimeSpan CountKept = TimeSpan.FromSeconds(15);
    private const int MostCounts = 10_000;

    private static readonly TimeSpan SoonDue = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<PersonalOwner, (int New, long At)> _counts = new();

    /// <summary>Up to where somebody has read.</summary>
    private sealed record Mark(long Ordering, DateTimeOffset At)
    {
        public static readonly Mark None = new(0, DateTimeOffset.MinValue);
    }

    /// <summary>How the caller, or whose key it is, wants to be told.</summary>
    public NotificationRules RulesOf(Caller caller) => SettingsOf(caller)?.Notifications ?? NotificationRules.Default;

    /// <summary>The caller's, or of whose key it is; null: it is no person's.</summary>
    public PersonSettings? SettingsOf(Caller caller) => (caller.Person ?? caller.Owner) is { } id ? sources.People.Current.Find(id)?.Settings : null;

    /// <summary>What the caller is told; <paramref name="only"/>: of these kinds.</summary>
    public async Task<NotificationsAnswer> OfAsync(Caller caller, NotificationKind? only, CancellationToken cancellation)
    {
        var (now, mark) = (time.GetUtcNow(), await MarkAsync(caller, cancellation));
        var kinds = NotificationKinds.For(caller) & ~RulesOf(caller).Muted;
        var wanted = only is { } some ? kinds & some : kinds;
        var clocks = await ClocksAsync(caller, wanted, now, cancellation);
        var (news, head) = await sources.News.LatestAsync(caller, wanted, cancellation);
        NotificationAnswer[] all =
        [
            .. clocks.OrderBy(c => c.Until ?? c.At).Select(c => c with { New = c.At > mark.At }),
            .. news.Select(n => Of(n, n.News.Facts.Ordering > mark.Ordering)),
        ];
        var count = all.Count(n => n.New);
        if (only is null)
        {
            Keep(caller, count);
        }

        return new NotificationsAnswer(all, count, Cursor.Write(List, new Mark(head, now)), [.. kinds.Each()]);
    }

    /// <summary>How many are new: as it was a few seconds ago, or counted now.</summary>
    public async Task<int> CountAsync(Caller caller, CancellationToken cancellation) =>
        _counts.TryGetValue(OwnerOf(caller), out var kept) && time.GetElapsedTime(kept.At) < CountKept ? kept.New
            : (await OfAsync(caller, null, cancellation)).New;

    /// <summary>All up to there was read; never back again.</summary>
    public async Task ReadAsync(Caller caller, string? upTo, CancellationToken cancellation)
    {
        if (!Cursor.TryRead<Mark>(List, upTo, out var read))
        {
            throw ApiProblemException.OfField("upTo", ProblemCodes.OutOfRange, "The upTo of a list of notifications is expected.");
        }

        var before = await MarkAsync(caller, cancellation);
        var mark = new Mark(Math.Max(read.Ordering, before.Ordering), read.At > before.At ? read.At : before.At);
        await store.PutOnlyAsync(By(caller), PersonalKind.Read, JsonSerializer.Serialize(mark), cancellation);
        Forget(caller);
    }

    /// <summary>What the caller is told has changed.</summary>
    public void Forget(Caller caller) => _counts.TryRemove(OwnerOf(caller), out _);

    private void Keep(Caller caller, int count)
    {
        if (_counts.Count >= MostCounts)
        {
            _counts.Clear();
        }

        _counts[OwnerOf(caller)] = (count, time.GetTimestamp());
    }

    private async Task<Mark> MarkAsync(Caller caller, CancellationToken cancellation) =>
        await store.OnlyAsync(By(caller), PersonalKind.Read, cancellation) is { } kept ? JsonSerializer.Deserialize<Mark>(kept.Body)! : Mark.None;

    /// <summary>A person reads once, signed in or by a key of their own.</summary>
    private static Caller By(Caller caller) => caller with { KeyId = caller.Hand };

    private static PersonalOwner OwnerOf(Caller caller) => PersonalOwner.Of(By(caller));

    private static NotificationAnswer Of(Notification told, bool isNew) => new()
    {
        Kind = told.Kind, What = told.News.Facts.Type, At = told.News.Facts.At, New = isNew, Urgent = told.News.Facts.Urgent ? true : null,
        ReportId = told.News.Report.ToString(), Items = told.Ordinals.IsEmpty ? null : told.Ordinals, Number = told.News.Facts.Number,
        By = told.News.ShowsWho ? told.News.Facts.By.Value : null,
    };

    private async Task<List<NotificationAnswer>> ClocksAsync(Caller caller, NotificationKind kinds, DateTimeOffset now, CancellationToken cancellation)
    {
        var clocks = new List<NotificationAnswer>();
        bool Wants(NotificationKind kind) => (kinds & kind) != 0;
        if (Wants(NotificationKind.Urgent) && AccessTable.May(caller, Deed.AnswerReferrals))
        {
            clocks.AddRange((await sources.Referrals.AlertsAsync(caller, MostClocks, cancellation)).Select(r => new NotificationAnswer
            {
                Kind = NotificationKind.Urgent, What = "alert-due", At = ReadRows.Time(r.OpenedAt), Until = ReadRows.Time(r.AlertDue), New = false,
                Urgent = true, ReferralId = r.ReferralId,
            }));
        }

        if (Wants(NotificationKind.Questions))
        {
            var open = await sources.Questions.PageAsync(caller, new QuestionQuery { MaxResults = MostClocks }, cancellation);
            clocks.AddRange(open.Questions.Where(q => (q.ToAnswer || q.IsOwn) && ReadRows.Time(q.Row.DueAt) - now < SoonDue).Select(q => new NotificationAnswer
            {
                Kind = NotificationKind.Questions, What = "question-due", At = Later(ReadRows.Time(q.Row.DueAt) - SoonDue, ReadRows.Time(q.Row.AskedAt)),
                Until = ReadRows.Time(q.Row.DueAt), New = false, Urgent = q.Row.Urgent ? true : null, ReportId = q.Row.ReportId, Items = q.Items,
                RequestId = $"{q.Row.ReportId}-q{q.Row.Number}", By = q.Row.Agency,
            }));
        }

        if (Wants(NotificationKind.Holds))
        {
            var running = await sources.Holds.PageAsync(caller, new HoldQuery { MaxResults = MostClocks }, cancellation);
            clocks.AddRange(running.Holds.Where(h => ReadRows.Time(h.Row.EndsAt) - now < SoonDue).Select(h => new NotificationAnswer
            {
                Kind = NotificationKind.Holds, What = "hold-ends", At = Later(ReadRows.Time(h.Row.EndsAt) - SoonDue, ReadRows.Time(h.Row.Since)),
                Until = ReadRows.Time(h.Row.EndsAt), New = false, ReportId = h.Row.ReportId, Items = h.Items, HoldId = $"{h.Row.ReportId}-h{h.Row.Number}",
                By = h.Row.Agency,
            }));
        }

        clocks.AddRange((await sources.House.OfAsync(caller.Agency, caller.Tenant, kinds, now, cancellation)).Select(h => new NotificationAnswer
        {
            Kind = h.Kind, What = h.What, At = h.At, Until = h.Until, New = false, WebhookId = h.Kind == NotificationKind.Webhooks ? h.Id : null,
            KeyId = h.Kind == NotificationKind.Keys ? h.Id : null,
        }));
        return clocks;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
