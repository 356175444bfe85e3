using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Iwol;
using CPort.Domain.People;
using CPort.Domain.Referrals;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Audit;

/// <summary>
/// Entries of what the journal says: who brought reports, changed them, or changed agencies, keys and people. The event is durable before it is acknowledged,
/// so that nothing of it waits for the log; the log takes it over, each event once, because the position moves with the entries. One entry tells of all that
/// one caller did by one kind in a stretch of the journal, each event by entity and number.
/// </summary>
public sealed class JournalAudit(JournalTail journal, ConfidentialSeam seam, AuditPeriods periods, AuditNode node)
{
    /// <summary>So many, with the agencies and keys they are about, have room in an entry.</summary>
    private const int EventsAnEntry = 500;

    /// <summary>The journal's next entries after a position, and up to where they tell of it.</summary>
    /// <param name="after">What the log has.</param>
    /// <param name="limit">Events at most.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<(ImmutableArray<Appended> Entries, long UpTo, int Events)> ReadAsync(long after, int limit, CancellationToken cancellation)
    {
        var (rows, upTo) = await journal.ReadAsync(after, long.MaxValue, limit, _ => true, cancellation).ConfigureAwait(false);
        var events = rows.Select(Told.Of).OfType<Told>();
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

        return (entries.ToImmutable(), upTo, rows.Length);
    }

    private static AuditKind KindOf(object happened) => happened switch
    {
        ReportSubmitted or ItemsAdded => AuditKind.Collection,
        IReportEvent or IReferralEvent or IIwolEvent or IwolListChanged or IPackageEvent => AuditKind.Alteration,
        TrainingEmptied => AuditKind.Erasure,
        _ => AuditKind.Administration,
    };

    private static IEnumerable<AuditObject> About(object happened)
    {
        if (happened is IPersonEvent of)
        {
            yield return new AuditObject(AuditObjectKind.Person, of.Person.Value);
        }

        if (happened is PackageReleased released)
        {
            // So that who has a file can be shown that this very file was released.
            yield return new AuditObject(AuditObjectKind.Package, $"sha256 {released.VicsSha256}");
            yield return new AuditObject(AuditObjectKind.Package, $"sha256 {released.CsvSha256}");
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

    /// <summary>An event with somebody who did it; of hash buckets nobody is known, and their changes are written down where they come in.</summary>
    private sealed record Told(long Ordering, string Name, DateTimeOffset At, object Event, EventMeta Meta)
    {
        /// <summary>Null: nobody did it, or it cannot be read. Then its entity is stuck and named; who did it cannot be read by anybody.</summary>
        public static Told? Of(JournalEvent row)
        {
            var meta = row.Happened switch
            {
                IReportEvent report => report.Meta,
                IAgencyEvent agency => agency.Meta,
                IPersonEvent person => person.Meta,
                IReferralEvent referral => referral.Meta,
                IIwolEvent domain => domain.Meta,
                IwolListChanged list => list.Meta,
                IPackageEvent package => package.Meta,
                _ => null,
            };
            return meta is null ? null : new Told(
                row.Ordering, string.Create(CultureInfo.InvariantCulture, $"{row.PersistenceId}#{row.Sequence}"),
                new DateTimeOffset(row.RecordedTicks, TimeSpan.Zero), row.Happened!, meta);
        }
    }
}
