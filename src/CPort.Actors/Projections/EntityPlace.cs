using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>
/// How far a read table of one kind of entities is in the journal: the position moves in the rows' transaction, and who finds it elsewhere than where he left
/// it writes nothing. Where nothing of the kind happened nothing is written: what is only known here is looked through again after a start. Not thread-safe.
/// </summary>
/// <param name="journal">What is followed.</param>
/// <param name="kind">Which entities.</param>
/// <param name="version">Of what a column means: of another one the tables are written anew from the journal.</param>
/// <param name="tables">The tables; the position stands in one of the first's name and <c>_position</c>.</param>
internal sealed class EntityPlace(JournalTail journal, EntityKind kind, int version, params ImmutableArray<string> tables)
{
    /// <summary>Of a long journal so many rows are looked through at once.</summary>
    private const int Window = 20_000;

    /// <summary>So many rows without anything of the kind are looked through again after a start at most.</summary>
    private const int Unwritten = 5_000;

    private readonly string _position = $"{tables[0]}_position";
    private long? _stored;
    private long _seen;

    /// <summary>The entities of which something happened in the journal's next stretch, and the stretch. Null: nothing is to be written now.</summary>
    public async Task<EntityStretch?> NextAsync(DataConnection db, CancellationToken cancellation)
    {
        if (_stored is null)
        {
            _seen = await StoredAsync(db, cancellation).ConfigureAwait(false);
            _stored = _seen;
        }

        while (true)
        {
            var (entities, upTo, isAll) = await journal.ChangedAsync(kind, _seen, Window, cancellation).ConfigureAwait(false);
            if (!entities.IsEmpty || upTo - _stored > Unwritten)
            {
                return new EntityStretch(entities, upTo, isAll);
            }

            _seen = upTo;
            if (isAll)
            {
                return null;
            }
        }
    }

    /// <summary>Moves the position in the rows' transaction; false: it is not where it was left.</summary>
    public async Task<bool> MoveAsync(DataConnection db, EntityStretch stretch, CancellationToken cancellation)
    {
        var before = _stored;

        // Until the transaction is committed nobody knows.
        _stored = null;
        return await db.ExecuteAsync($"UPDATE {_position} SET position = @to WHERE version = @version AND position = @before", cancellation,
            new DataParameter("to", stretch.UpTo), new DataParameter("version", version), new DataParameter("before", before)).ConfigureAwait(false) == 1;
    }

    /// <summary>The transaction is committed.</summary>
    public void Moved(EntityStretch stretch)
    {
        _seen = stretch.UpTo;
        _stored = stretch.UpTo;
    }

    private async Task<long> StoredAsync(DataConnection db, CancellationToken cancellation)
    {
        var held = await db.QueryToListAsync<long>($"SELECT position FROM {_position} WHERE version = {version}", cancellation).ConfigureAwait(false);
        if (held is [var position])
        {
            return position;
        }

        // Of another version, or none: from the beginning.
        await db.ExecuteAsync(
            $"{string.Join(' ', tables.Select(t => $"DELETE FROM {t};"))} DELETE FROM {_position}; INSERT INTO {_position} VALUES ({version}, 0)", cancellation)
            .ConfigureAwait(false);
        return 0;
    }
}

/// <summary>What happened of one kind of entities in a stretch of the journal.</summary>
/// <param name="Entities">Persistence ids.</param>
/// <param name="UpTo">The stretch's end.</param>
/// <param name="IsAll">There is no more to do now.</param>
public readonly record struct EntityStretch(ImmutableArray<string> Entities, long UpTo, bool IsAll);
