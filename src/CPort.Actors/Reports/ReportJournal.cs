using Akka.Persistence.Query;
using Akka.Streams;
using CPort.Actors.Confidential;

namespace CPort.Actors.Reports;

/// <summary>Reads a report's events back for its history.</summary>
public interface IReportJournal
{
    /// <summary>Events <paramref name="from"/> to <paramref name="to"/>, both included; empty when there are none.</summary>
    Task<ImmutableArray<SequencedEvent>> ReadAsync(string persistenceId, long from, long to);
}

/// <summary>Over Akka.Persistence.Query.</summary>
public sealed class QueryReportJournal(ActorSystem system, string readJournalId, JournalSeal seal) : IReportJournal
{
    private readonly Lazy<ICurrentEventsByPersistenceIdQuery> _query =
        new(() => system.ReadJournalFor<Akka.Persistence.Sql.Query.SqlReadJournal>(readJournalId));

    public async Task<ImmutableArray<SequencedEvent>> ReadAsync(string persistenceId, long from, long to)
    {
        var events = ImmutableArray.CreateBuilder<SequencedEvent>();
        if (from <= to)
        {
            await _query.Value.CurrentEventsByPersistenceId(persistenceId, from, to)
                .RunForeach(
                    e => events.Add(new SequencedEvent(e.SequenceNr, (IReportEvent)seal.OpenEvent(persistenceId, e.SequenceNr, e.Event))),
                    system.Materializer())
                .ConfigureAwait(false);
        }

        return events.ToImmutable();
    }
}
