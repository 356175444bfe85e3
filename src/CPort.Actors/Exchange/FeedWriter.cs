using System.Data.Common;
using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.Exchange;
using CPort.Domain.People;

namespace CPort.Actors.Exchange;

/// <summary>Another node has taken the feeds further: what this one knows of their end is old.</summary>
public sealed class FeedFencedException() : UnavailableException("Another node has taken the feeds further.");

/// <summary>
/// Takes the journal's events of reports into agencies' feeds, in the journal's order: one transaction a step, which moves the feeds' position from where it
/// was, so that of two writers one fails (<see cref="FeedFencedException"/>) and nothing is told twice or left out. Not thread-safe.
/// <para>
/// Of a report whose events cannot be read (it is stuck, and named) nothing is told from there on; others go on.
/// </para>
/// </summary>
public sealed class FeedWriter(
    Database database, JournalReader journal, JournalTail tail, ConfidentialSeam seam, IAgencyDirectorySource directory, TimeProvider time,
    int cachedItems = 50_000)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private static readonly string Agencies = EntityName.Agencies.ToString();

    /// <summary>Events a step: on SQLite, which has one writer, the journal waits for it.</summary>
    private readonly int _batch = database.IsSqlite ? 200 : 1_000;

    private static readonly ImmutableArray<string> Prune =
    [
        "UPDATE cport_feed_log SET kept_after = @last WHERE id = 1 AND kept_after < @last", "DELETE FROM cport_feed WHERE ordering <= @last",
        "DELETE FROM cport_notifications WHERE ordering <= @last",
        "DELETE FROM cport_feed_news WHERE ordering <= @last",
    ];

    private readonly ReportCache _reports = new(cachedItems);
    private long? _position;

    // Whom news concern, as long as the agencies are these, and the day.
    private (AgencyDirectory? Agencies, DateOnly Day) _audiencesOf;
    private Dictionary<Tenant, FeedAudience> _audiences = [];

    // The last event of the agencies that the position includes.
    private long? _registered;

    /// <summary>Step by step until it is cancelled; what is older than <paramref name="kept"/> goes. Ends with what goes wrong.</summary>
    public async Task RunAsync(TimeSpan kept, CancellationToken cancellation)
    {
        Forget();
        long? pruned = null;
        while (!cancellation.IsCancellationRequested)
        {
            var more = await StepAsync(cancellation).ConfigureAwait(false);
            if (pruned is not { } at || time.GetElapsedTime(at) >= PruneEvery)
            {
                pruned = await PruneAsync(time.GetUtcNow() - kept, cancellation).ConfigureAwait(false) ? null : time.GetTimestamp();
            }

            if (!more)
            {
                await Task.Delay(Idle, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One step; whether there is more to do at once.</summary>
    public async Task<bool> StepAsync(CancellationToken cancellation)
    {
        var after = _position ??= await PositionAsync(cancellation).ConfigureAwait(false);
        var (rows, upTo) = await tail.ReadAsync(after, long.MaxValue, _batch, row => row.IsOfReport || IsOfAgencies(row), cancellation).ConfigureAwait(false);
        if (upTo <= after)
        {
            return false;
        }

        // An agency that was registered before an event is told of it, also when this node has only just begun.
        var registered = _registered is { } known ? rows.Where(IsOfAgencies).Select(r => r.Sequence).DefaultIfEmpty(known).Max()
            : await journal.LastOfAsync(EntityName.Agencies, upTo, cancellation).ConfigureAwait(false);
        var isPart = rows.Length == _batch;
        rows = [.. rows.Where(r => r.IsOfReport)];
        await directory.WaitForAsync(registered, cancellation).ConfigureAwait(false);
        var news = await NewsAsync(rows, after, cancellation).ConfigureAwait(false);

        // From here on what is remembered is ahead of the database: whatever goes wrong, it is read anew.
        (_position, _registered) = (null, null);
        try
        {
            await WriteAsync(news, after, upTo, cancellation).ConfigureAwait(false);
        }
        catch
        {
            _reports.Clear();
            throw;
        }

        (_position, _registered) = (upTo, registered);
        return isPart;
    }

    private static bool IsOfAgencies(JournalEvent row) => row.PersistenceId == Agencies;

    /// <summary>Forgets what it knows of the end: another node may have gone on.</summary>
    public void Forget()
    {
        (_position, _registered) = (null, null);
        _reports.Clear();
    }

    /// <summary>Takes away news that came before <paramref name="before"/>, a part at a time; whether there may be more.</summary>
    public async Task<bool> PruneAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        const int AtOnce = 5_000;
        var limit = before.ToUnixTimeMilliseconds();
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        var (last, count) = (0L, 0);
        await using (var select = connection.Statement("SELECT ordering, at FROM cport_feed_news ORDER BY ordering, part LIMIT @most", ("most", AtOnce)))
        await using (var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false) && reader.GetInt64(1) < limit)
            {
                (last, count) = (reader.GetInt64(0), count + 1);
            }
        }

        if (count == 0)
        {
            return false;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        foreach (var sql in Prune)
        {
            await transaction.ExecuteAsync(sql, cancellation, ("last", last)).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return count == AtOnce;
    }

    private async Task<long> PositionAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT position FROM cport_feed_log WHERE id = 1");
        return (long)(await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false)
            ?? throw new ReadModelUnavailableException("The feeds have no beginning yet."));
    }

    private async Task<List<FeedNews>> NewsAsync(ImmutableArray<JournalEvent> rows, long after, CancellationToken cancellation)
    {
        var unknown = rows.DistinctBy(r => r.PersistenceId)
            .Where(first => first.Sequence > 1 && (!_reports.TryGet(first.PersistenceId, out var known) || known.Version != first.Sequence - 1))
            .ToDictionary(first => first.PersistenceId, first => first.Sequence - 1);
        var read = await tail.ReadReportsAsync(unknown, cancellation).ConfigureAwait(false);
        var states = new Dictionary<string, Folding>(StringComparer.Ordinal);
        var day = AgencyDirectory.DayOf(time.GetUtcNow());
        var agencies = directory.Current;
        if (!ReferenceEquals(_audiencesOf.Agencies, agencies) || _audiencesOf.Day != day)
        {
            (_audiencesOf, _audiences) = ((agencies, day), []);
        }

        var news = new List<FeedNews>();
        foreach (var row in rows)
        {
            if (!states.TryGetValue(row.PersistenceId, out var report))
            {
                var known = unknown.ContainsKey(row.PersistenceId) || !_reports.TryGet(row.PersistenceId, out var cached) ? Report.None : cached;
                states[row.PersistenceId] = report = new Folding(row.PersistenceId, known);
                report.Fold(read.GetValueOrDefault(row.PersistenceId, []).Where(e => e.Ordering <= after));
            }

            report.Fold([row]);
            if (report.Fault is null && row.Event is { } happened)
            {
                var tenant = report.Now.Tenant;
                if (!_audiences.TryGetValue(tenant, out var of))
                {
                    _audiences[tenant] = of = new FeedAudience(FeedRules.ReadersOf(agencies, day, tenant));
                }

                news.AddRange(FeedRules.NewsOf(row.Ordering, happened, report.Now, of));
            }
        }

        foreach (var (id, report) in states)
        {
            if (report.Fault is null)
            {
                _reports.Put(id, report.Now);
            }
            else
            {
                _reports.Remove(id);
            }
        }

        return news;
    }

    private async Task WriteAsync(List<FeedNews> news, long from, long to, CancellationToken cancellation)
    {
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        var feeds = news.SelectMany(n => n.Agencies.Select(a => (News: n, Agency: a))).ToArray();
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        if (await transaction.ExecuteAsync(
            "UPDATE cport_feed_log SET position = @to WHERE id = 1 AND position = @from", cancellation, ("from", from), ("to", to)).ConfigureAwait(false) != 1)
        {
            throw new FeedFencedException();
        }

        await ManyRows.InsertAsync(
            connection, transaction, "cport_feed_news", "", ("ordering", news.Select(n => n.Facts.Ordering).ToArray()),
            ("part", news.Select(n => n.Facts.Part).ToArray()),
            ("report", news.Select(n => n.Report.ToString()).ToArray()), ("at", news.Select(_ => at).ToArray()),
            ("sealed", news.Select(n => seam.Seal(PlaceOf(n.Report), n.Facts).Bytes).ToArray())).ConfigureAwait(false);
        await ManyRows.InsertAsync(
            connection, transaction, "cport_feed", "", ("agency", feeds.Select(f => f.Agency.Value).ToArray()),
            ("tenant", feeds.Select(f => (int)f.News.Tenant).ToArray()),
            ("ordering", feeds.Select(f => f.News.Facts.Ordering).ToArray()), ("part", feeds.Select(f => f.News.Facts.Part).ToArray())).ConfigureAwait(false);
        var agencies = directory.Current;
        var told = feeds.Select(f => (f.News, f.Agency, Kind: NotificationKinds.Of(f.News.Facts, f.Agency, agencies.Find(f.Agency)?.Kind ?? default)))
            .Where(t => t.Kind != NotificationKind.None).ToArray();
        await ManyRows.InsertAsync(
            connection, transaction, "cport_notifications", "", ("agency", told.Select(t => t.Agency.Value).ToArray()),
            ("tenant", told.Select(t => (int)t.News.Tenant).ToArray()), ("kind", told.Select(t => (int)t.Kind).ToArray()),
            ("ordering", told.Select(t => t.News.Facts.Ordering).ToArray()), ("part", told.Select(t => t.News.Facts.Part).ToArray())).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>For what a report's news are sealed; which of them it is stands inside.</summary>
    internal static SealedPlace PlaceOf(ReportId report) => new(report, SealedField.Feed);
}
