using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Journal;
using CPort.Actors.Telemetry;

namespace CPort.Actors.Persistence;

/// <summary>
/// Akka.Persistence.Sql's journal, except that the highest sequence numbers of many starting actors are read by one query: a transaction for each
/// new report limited intake to about a thousand reports a second (design.md, "Performance facts").
/// </summary>
public sealed class BatchingSqlJournal : SqlWriteJournal
{
    private readonly ConcurrentDictionary<string, Task> _writing = new();
    private readonly HighestSequenceNumbers _highest;
    private readonly Database _database;

    public BatchingSqlJournal(Config config)
        : base(config)
    {
        var database = Context.System.Settings.Setup.Get<DatabaseSetup>();
        _database = database.HasValue
            ? database.Value.Database
            : throw new ConfigurationException("BatchingSqlJournal needs a DatabaseSetup: use AddSqlPersistence.");
        _highest = new HighestSequenceNumbers(_database);
    }

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        // An actor that failed and starts again must not read past its own write still in flight.
        if (_writing.TryGetValue(persistenceId, out var write))
        {
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await _highest.ReadAsync(persistenceId).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var list = messages as IReadOnlyList<AtomicWrite> ?? [.. messages];
        var start = Stopwatch.GetTimestamp();
        var write = base.WriteMessagesAsync(list, cancellationToken);
        var persistenceId = list[0].PersistenceId;
        _writing[persistenceId] = write;
        try
        {
            var rejected = await write.ConfigureAwait(false);
            CPortMetrics.Hop(CPortMetrics.PersistHop, Stopwatch.GetElapsedTime(start));
            _database.NoteWrite(null);
            return rejected;
        }
        catch (Exception e)
        {
            _database.NoteWrite(e);
            CPortMetrics.PersistFailed();
            throw;
        }
        finally
        {
            _writing.TryRemove(new KeyValuePair<string, Task>(persistenceId, write));
        }
    }
}
