using System.Data.Common;
using CPort.Actors.Confidential;
using LinqToDB;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>
/// A read table of one kind of entities, and how far in the journal it is. Written by one follower at a time: the position moves in the rows' transaction, and
/// who finds it elsewhere than where it left it writes nothing.
/// </summary>
public abstract class EntityRows<TRow>
    where TRow : class
{
    private readonly JournalSeal _seal;
    private readonly EntityPlace _place;
    private readonly string _table;
    private readonly string _prefix;

    /// <param name="database">Where the journal and the table are.</param>
    /// <param name="journal">What is followed.</param>
    /// <param name="seal">Opens events.</param>
    /// <param name="kind">Whose rows.</param>
    /// <param name="table">The table; its position stands in one of that name and <c>_position</c>.</param>
    /// <param name="version">Raised when what a column means changes: the table is then written anew from the journal.</param>
    protected EntityRows(Database database, JournalTail journal, JournalSeal seal, EntityKind kind, string table, int version)
    {
        (Database, _seal, _table, _prefix) = (database, seal, table, kind.Prefix);
        _place = new EntityPlace(journal, kind, version, table);
    }

    protected Database Database { get; }

    /// <summary>Takes the table forward, one stretch of the journal at most. Answers whether it is where the journal is complete.</summary>
    public async Task<bool> AdvanceAsync(CancellationToken cancellation)
    {
        await using var db = new DataConnection(Database.DataOptions);
        if (await _place.NextAsync(db, cancellation).ConfigureAwait(false) is not { } stretch)
        {
            return true;
        }

        var rows = new List<(string Id, TRow Row)>();
        foreach (var entity in stretch.Entities)
        {
            if (await EventsAsync(entity, stretch.UpTo, cancellation).ConfigureAwait(false) is { Count: > 0 } events && RowOf(events) is { } row)
            {
                rows.Add((entity[_prefix.Length..], row));
            }
        }

        await using var transaction = await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        if (!await _place.MoveAsync(db, stretch, cancellation).ConfigureAwait(false))
        {
            return false;
        }

        foreach (var (id, row) in rows)
        {
            await db.ExecuteAsync($"DELETE FROM {_table} WHERE id = @id", cancellation, new DataParameter("id", id)).ConfigureAwait(false);
            await db.InsertAsync(row, token: cancellation).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        _place.Moved(stretch);
        return stretch.IsAll;
    }

    /// <summary>The row of an entity by all its events, each with its place in the journal; null: none.</summary>
    protected abstract TRow? RowOf(List<(long Ordering, object Event)> events);

    /// <summary>The table's position, made where it is missing; several nodes may do it at once.</summary>
    protected static Task EnsureAsync(Database database, string tables, CancellationToken cancellation) =>
        DatabaseSchema.ApplyAsync(database, tables, cancellation);

    /// <summary>Null: they cannot be read, and the entity's row stays as it is (it is stuck and named).</summary>
    private async Task<List<(long Ordering, object Event)>?> EventsAsync(string persistenceId, long upTo, CancellationToken cancellation)
    {
        await using var connection = await Database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("""
            SELECT ordering, sequence_number, message, manifest FROM journal WHERE persistence_id = @id AND ordering <= @to ORDER BY sequence_number
            """, ("id", persistenceId), ("to", upTo));
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var events = new List<(long, object)>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                var row = new SealedRow(reader.IsDBNull(3) ? "" : reader.GetString(3), (byte[])reader.GetValue(2));
                events.Add((reader.GetInt64(0), _seal.OpenEvent(persistenceId, reader.GetInt64(1), row)));
            }
            catch (Exception e) when (!Faults.IsPassing(e))
            {
                return null;
            }
        }

        return events;
    }
}
