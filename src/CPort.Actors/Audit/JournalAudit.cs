using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;
using CPort.Domain.People;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Audit;

/// <summary>
/// Entries of what the journal says: who brought reports, changed them, or changed agencies, keys and people. The event is durable before it is acknowledged,
/// so that nothing of it waits for the log; the log takes it over, each event once, because the position moves with the entries. One entry tells of all that
/// one caller did by one kind in a stretch of the journal, each event by entity and number.
/// </summary>
public sealed class JournalAudit(Database database, JournalSeal seal, ConfidentialSeam seam, AuditPeriods periods, AuditNode node, TimeProvider time)
{
    /// <summary>So many, with the agencies and keys they are about, have room in an entry.</summary>
    private const int EventsAnEntry = 500;

    private readonly JournalReader _journal = new(database, seal);
    private JournalHorizon _horizon = new();
    private long _after;

    /// <summary>The journal's next entries after a position, and up to where they tell of it.</summary>
    /// <param name="after">What the log has.</param>
    /// <param name="limit">Events at most.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<(ImmutableArray<Appended> Entries, long UpTo, int Events)> ReadAsync(long after, int limit, CancellationToken cancellation)
    {
        // Another node has gone on from somewhere else: what was looked at for the place before says nothing of this one.
        _horizon = _horizon.Safe < after || after < _after ? new JournalHorizon { Safe = after } : _horizon;
        _after = after;
        _horizon = await _journal.LookAsync(_horizon, time.GetElapsedTime(0), cancellation).ConfigureAwait(false);
        if (_horizon.Safe <= after)
        {
            return ([], after, 0);
        }

        var (events, upTo, rows) = await EventsAsync(after, _horizon.Safe, limit, cancellation).ConfigureAwait(false);
        var entries = ImmutableArray.CreateBuilder<Appended>();
        foreach (var (who, of) in events.GroupBy(e => (KindOf(e.Event), e.Meta.Agency, e.Meta.Kind, e.Meta.Roles, e.Meta.KeyId, e.Meta.Purpose, e.Meta.Tenant))
            .SelectMany(g => g.Chunk(EventsAnEntry).Select(part => (g.Key, part))))
        {
            var (kind, agency, agencyKind, roles, key, purpose, tenant) = who;
            var record = new AuditRecord
            {
                Kind = kind, Action = "journal", Outcome = AuditOutcome.Done,
                Caller = new Caller { Agency = agency, Kind = agencyKind, Roles = roles, KeyId = key, Purpose = purpose, Tenant = tenant },
            };
            var entry = await AuditLog.EntryOfAsync(record, AuditLog.Milliseconds(of.Max(e => e.At)), node.Name, periods, cancellation).ConfigureAwait(false);
            entry = entry with
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{AuditEntry.OfJournal}-{of.Min(e => e.Ordering)}"),
                Objects = [.. of.Select(e => new AuditObject(AuditObjectKind.Event, e.Name)), .. of.SelectMany(e => About(e.Event)).Distinct()],
            };
            entries.Add(new Appended(
                entry.ToBytes(), entry, AuditLog.PersonTag(seam, key), null, IsIndexed: agencyKind != AgencyKind.System));
        }

        return (entries.ToImmutable(), upTo, rows);
    }

    private static AuditKind KindOf(object happened) => happened switch
    {
        ReportSubmitted or ItemsAdded => AuditKind.Collection,
        IReportEvent => AuditKind.Alteration,
        TrainingEmptied => AuditKind.Erasure,
        _ => AuditKind.Administration,
    };

    private static IEnumerable<AuditObject> About(object happened)
    {
        if (happened is IPersonEvent of)
        {
            yield return new AuditObject(AuditObjectKind.Person, of.Person.Value);
        }

        if (happened is IAgencyEvent e)
        {
            yield return new AuditObject(AuditObjectKind.Agency, e.Agency.Value);
            if (e.OfKey is { } key)
            {
                yield return new AuditObject(AuditObjectKind.Key, key);
            }
        }
    }

    /// <summary>Events with somebody who did them; of hash buckets nobody is known, and their changes are written down where they come in.</summary>
    private async Task<(List<Told> Events, long UpTo, int Rows)> EventsAsync(long after, long safe, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            $"""
            SELECT ordering, persistence_id, sequence_number, created, message, manifest FROM journal
            WHERE ordering > @after AND ordering <= @safe AND persistence_id NOT LIKE '{EntityKind.HashBucket.Prefix}%' ORDER BY ordering LIMIT @limit
            """, ("after", after), ("safe", safe), ("limit", limit));
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var (events, rows, last) = (new List<Told>(), 0, after);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            (rows, last) = (rows + 1, reader.GetInt64(0));
            var (id, sequence) = (reader.GetString(1), reader.GetInt64(2));
            object happened;
            try
            {
                happened = seal.OpenEvent(id, sequence, new SealedRow(reader.IsDBNull(5) ? "" : reader.GetString(5), (byte[])reader.GetValue(4)));
            }
            catch (Exception e) when (!Faults.IsPassing(e))
            {
                // Its entity is stuck and named (StuckEntities); who did it cannot be read by anybody.
                continue;
            }

            var meta = happened switch
            {
                IReportEvent report => report.Meta,
                IAgencyEvent agency => agency.Meta,
                IPersonEvent person => person.Meta,
                _ => null,
            };
            if (meta is not null)
            {
                events.Add(new Told(
                    last, string.Create(CultureInfo.InvariantCulture, $"{id}#{sequence}"), new DateTimeOffset(reader.GetInt64(3), TimeSpan.Zero),
                    happened, meta));
            }
        }

        return (events, rows < limit ? safe : last, rows);
    }

    private sealed record Told(long Ordering, string Name, DateTimeOffset At, object Event, EventMeta Meta);
}
