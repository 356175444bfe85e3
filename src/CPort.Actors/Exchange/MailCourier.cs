using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Exchange;
using CPort.Domain.People;

namespace CPort.Actors.Exchange;

/// <summary>Where mails get what they tell.</summary>
public sealed record MailSources(
    FeedReader Feed, QueueReader Queues, ReferralReader Referrals, NotificationReader Notifications, HouseClocks House, IAgencyDirectorySource Agencies,
    PeopleDirectoryFeed People);

/// <summary>
/// Tells people by mail, on one node: of something urgent within seconds of its standing in their agency's feed, and once a day of what waits. How far an
/// agency was told is kept after its people were; killed in between, some of them are told twice.
/// </summary>
public sealed class MailCourier(
    Database database, MailSources sources, ConfidentialSeam seam, IMailTexts texts, IMailSender sender, MailTimes times, TimeProvider time,
    Action<string> tell)
{
    private const int AtOnce = 200;
    private const int MostReferrals = 100;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ServerPause = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookDaily = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookNews = TimeSpan.FromSeconds(5);

    // Who has the mail that is under way for an agency, when the server went away in the middle.
    private readonly Dictionary<AgencyId, HashSet<PersonId>> _told = [];
    private readonly NewsMails _mails = new(database, sources.Notifications, times);
    private readonly ClockMails _clocks = new(database, sources.House, sources.Referrals);
    private DateTimeOffset _daily;
    private DateTimeOffset _news;

    /// <summary><c>mails</c>: how far, and when (Unix milliseconds), each agency was told; <c>mail_days</c>: when each person had the daily one.</summary>
    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation = default) => DatabaseSchema.ApplyAsync(
        database,
        """
        CREATE TABLE IF NOT EXISTS cport_mails (agency VARCHAR(40) NOT NULL PRIMARY KEY, ordering BIGINT NOT NULL, part INTEGER NOT NULL,
          told_at BIGINT NULL);
        CREATE TABLE IF NOT EXISTS cport_mail_days (person VARCHAR(32) NOT NULL PRIMARY KEY, day INTEGER NOT NULL);
        """ + NewsMails.Table + ClockMails.Table,
        cancellation);

    /// <summary>Until it is cancelled, or something is away.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        for (var said = ""; !cancellation.IsCancellationRequested;)
        {
            var pause = Look;
            try
            {
                await RoundAsync(cancellation).ConfigureAwait(false);
                said = "";
            }
            catch (MailServerException e)
            {
                if (said != e.Message)
                {
                    tell(said = e.Message);
                }

                pause = ServerPause;
            }

            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Once for everybody.</summary>
    public async Task RoundAsync(CancellationToken cancellation)
    {
        var (now, agencies) = (time.GetUtcNow(), sources.Agencies.Current);
        var people = sources.People.Current.People.Where(p => MailRules.IsTold(p, agencies, now)).ToLookup(p => p.Agency);
        var callers = FeedRules.ReadersOf(agencies, AgencyDirectory.DayOf(now), Tenant.Live);
        foreach (var caller in callers.Where(c => people.Contains(c.Agency)))
        {
            await TellUrgentAsync(caller, people[caller.Agency], now, cancellation).ConfigureAwait(false);
        }

        if (now - _news >= LookNews)
        {
            foreach (var caller in callers.Where(c => people.Contains(c.Agency)))
            {
                await _mails.RoundAsync(
                    caller, people[caller.Agency], now, (person, counts) => SendAsync(person, l => texts.News(l, counts), cancellation), cancellation)
                    .ConfigureAwait(false);
            }

            foreach (var caller in callers)
            {
                await TellClocksAsync(caller, agencies, now, cancellation).ConfigureAwait(false);
            }

            _news = now;
        }

        if (now - _daily >= LookDaily)
        {
            var days = await DaysAsync(cancellation).ConfigureAwait(false);
            foreach (var caller in callers)
            {
                await TellDailyAsync(caller, people[caller.Agency], days, now, cancellation).ConfigureAwait(false);
            }

            _daily = now;
        }
    }

    private async Task TellClocksAsync(Caller caller, AgencyDirectory agencies, DateTimeOffset now, CancellationToken cancellation)
    {
        var people = sources.People.Current.People.Where(p => p.Agency == caller.Agency).ToArray();
        var chosen = people.Select(p => (Person: p, Kinds: MailRules.ClocksOf(p, caller, agencies, now)))
            .Where(p => p.Kinds != NotificationKind.None).ToArray();
        if (chosen.Length > 0)
        {
            await _clocks.HouseAsync(caller, chosen, now, (person, counts) => SendAsync(person, l => texts.News(l, counts), cancellation), cancellation)
                .ConfigureAwait(false);
        }

        if (caller.Kind is AgencyKind.Police or AgencyKind.Interpol && agencies.Find(caller.Agency) is { } agency
            && people.Where(p => MailRules.IsManager(p, agencies, now)).ToArray() is { Length: > 0 } managers)
        {
            await _clocks.ManagersAsync(
                caller, agency, managers, now, (person, alerts) => SendAsync(person, l => texts.Unacknowledged(l, alerts), cancellation), cancellation)
                .ConfigureAwait(false);
        }
    }

    private async Task TellUrgentAsync(Caller caller, IEnumerable<Person> people, DateTimeOffset now, CancellationToken cancellation)
    {
        if (await PlaceAsync(caller.Agency, cancellation).ConfigureAwait(false) is not var (place, last))
        {
            // Whoever is the first of an agency to want mails is told what comes from now on.
            var head = (await sources.Feed.BoundsAsync(cancellation).ConfigureAwait(false)).Head;
            await KeepAsync(caller.Agency, FeedPlace.EndOf(head), null, cancellation).ConfigureAwait(false);
            return;
        }

        var reports = new HashSet<ReportId>();
        var upTo = place;
        for (var more = true; more;)
        {
            var page = await sources.Feed.ReadAsync(caller, upTo, MailRules.Types, AtOnce, cancellation).ConfigureAwait(false);
            reports.UnionWith(page.News.Where(n => n.IsSeen && MailRules.IsAlarm(n.Facts, caller.Agency)).Select(n => n.Report));
            (upTo, more) = (page.UpTo, page.More);
        }

        if (reports.Count > 0)
        {
            if (!MailRules.MayTell(times, last, now))
            {
                return;
            }

            var told = _told.TryGetValue(caller.Agency, out var some) ? some : _told[caller.Agency] = [];
            foreach (var person in people.Where(p => !told.Contains(p.Id)))
            {
                await SendAsync(person, l => texts.Urgent(l, reports.Count), cancellation).ConfigureAwait(false);
                told.Add(person.Id);
            }

            last = now;
        }

        if (upTo > place)
        {
            await KeepAsync(caller.Agency, upTo, last, cancellation).ConfigureAwait(false);
            _told.Remove(caller.Agency);
        }
    }

    private async Task TellDailyAsync(
        Caller caller, IEnumerable<Person> people, Dictionary<string, DateOnly> days, DateTimeOffset now, CancellationToken cancellation)
    {
        var due = people.Where(p => MailRules.IsDaily(times, p, days.TryGetValue(p.Id.Value, out var day) ? day : null, now)).ToArray();
        if (due.Length == 0)
        {
            return;
        }

        var waiting = await WaitingAsync(caller, cancellation).ConfigureAwait(false);
        foreach (var person in due)
        {
            if (waiting.Count > 0)
            {
                await SendAsync(person, l => texts.Daily(l, waiting), cancellation).ConfigureAwait(false);
            }

            await database.ExecuteAsync(
                "INSERT INTO cport_mail_days (person, day) VALUES (@person, @day) ON CONFLICT (person) DO UPDATE SET day = excluded.day", cancellation,
                ("person", person.Id.Value), ("day", AgencyDirectory.DayOf(now).DayNumber)).ConfigureAwait(false);
        }
    }

    private async Task<List<(string What, long Count)>> WaitingAsync(Caller caller, CancellationToken cancellation)
    {
        var waiting = (await sources.Queues.CountsAsync(caller, cancellation).ConfigureAwait(false)).Queues
            .Select(q => (What: q.Queue.Name, q.Count)).ToList();
        var (rows, _) = await sources.Referrals.PageAsync(
            caller, new ReferralQuery { States = [ReferralState.Open], MaxResults = MostReferrals }, cancellation).ConfigureAwait(false);
        waiting.Insert(0, ("referrals", rows.Length));
        return [.. waiting.Where(w => w.Count > 0)];
    }

    private async Task SendAsync(Person person, Func<string, (string Subject, string Text)> say, CancellationToken cancellation)
    {
        if (seam.Open<PersonSecrets>(PersonMarks.Place(person.Id), person.Secrets).Address is { Length: > 0 } address)
        {
            var language = person.Settings.Language ?? "en";
            var (subject, text) = say(language);
            if (!await sender.SendAsync(new Mail(address, language, subject, text), cancellation).ConfigureAwait(false))
            {
                tell($"the server takes no mail for {person.Id}; the address that their agency has registered may be wrong");
            }
        }
    }

    private async Task<(FeedPlace Place, DateTimeOffset? ToldAt)?> PlaceAsync(AgencyId agency, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT ordering, part, told_at FROM cport_mails WHERE agency = @agency", ("agency", agency.Value));
        await using var row = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return !await row.ReadAsync(cancellation).ConfigureAwait(false) ? null
            : (new FeedPlace(row.GetInt64(0), row.GetInt32(1)), row.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)));
    }

    private Task KeepAsync(AgencyId agency, FeedPlace place, DateTimeOffset? told, CancellationToken cancellation) => database.ExecuteAsync(
        """
        INSERT INTO cport_mails (agency, ordering, part, told_at) VALUES (@agency, @ordering, @part, @told)
        ON CONFLICT (agency) DO UPDATE SET ordering = excluded.ordering, part = excluded.part, told_at = excluded.told_at
        """,
        cancellation, ("agency", agency.Value), ("ordering", place.Ordering), ("part", place.Part), ("told", told?.ToUnixTimeMilliseconds()));

    private async Task<Dictionary<string, DateOnly>> DaysAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT person, day FROM cport_mail_days");
        await using var row = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var days = new Dictionary<string, DateOnly>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellation).ConfigureAwait(false))
        {
            days[row.GetString(0)] = DateOnly.FromDayNumber(row.GetInt32(1));
        }

        return days;
    }
}
