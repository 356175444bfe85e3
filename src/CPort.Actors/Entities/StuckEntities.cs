using System.Collections.Concurrent;

namespace CPort.Actors.Entities;

/// <summary>An entity that cannot be read from the journal: its row is there for the operator, and others go on.</summary>
/// <param name="PersistenceId">Whose events: an <see cref="EntityName"/> as text.</param>
/// <param name="AfterSequence">The last event that could be read.</param>
/// <param name="Reason">The kind of fault, without data.</param>
/// <param name="Since">When it was first seen, UTC.</param>
/// <param name="Attempts">How often reading was tried in vain.</param>
public sealed record StuckEntity(string PersistenceId, long AfterSequence, string Reason, DateTimeOffset Since, int Attempts);

/// <summary>
/// Lists what is stuck (table <c>cport_stuck</c>). Only faults of the data count: a database that is away is not the entity's fault. Thread-safe.
/// </summary>
public sealed class StuckEntities(Database database, TimeProvider time)
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private long _readAt = time.GetTimestamp();

    /// <summary>Makes the table and reads what is listed.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await DatabaseSchema.ApplyAsync(database, """
            CREATE TABLE IF NOT EXISTS cport_stuck (persistence_id VARCHAR(255) NOT NULL PRIMARY KEY, after_sequence BIGINT NOT NULL,
              reason VARCHAR(200) NOT NULL, since VARCHAR(40) NOT NULL, attempts INTEGER NOT NULL);
            """, cancellation).ConfigureAwait(false);
        foreach (var stuck in await ListAsync(cancellation).ConfigureAwait(false))
        {
            _known[stuck.PersistenceId] = true;
        }
    }

    /// <summary>
    /// Whether this node knows the entity to be stuck; waits for no query. That another node has had it read again is seen within seconds, of being asked for
    /// it.
    /// </summary>
    public bool IsStuck(EntityName name)
    {
        if (_known.IsEmpty || !_known.ContainsKey(name.ToString()))
        {
            return false;
        }

        var (last, now) = (Volatile.Read(ref _readAt), time.GetTimestamp());
        if (time.GetElapsedTime(last, now) > ReadAgainAfter && Interlocked.CompareExchange(ref _readAt, now, last) == last)
        {
            _ = ReadAgainAsync();
        }

        return true;
    }

    /// <summary>From an entity whose recovery failed; returns at once and never throws.</summary>
    public void Note(EntityName name, long afterSequence, Exception fault)
    {
        if (Faults.IsPassing(fault))
        {
            return;
        }

        _known[name.ToString()] = true;
        CPortMetrics.EntityStuck(name.Kind.Word);
        _ = WriteAsync(name.ToString(), afterSequence, (fault.InnerException ?? fault).GetType().Name);
    }

    public async Task<ImmutableArray<StuckEntity>> ListAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            "SELECT persistence_id, after_sequence, reason, since, attempts FROM cport_stuck ORDER BY since, persistence_id LIMIT 1000");
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = ImmutableArray.CreateBuilder<StuckEntity>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            rows.Add(new StuckEntity(reader.GetString(0), reader.GetInt64(1), reader.GetString(2),
                DateTimeOffset.Parse(reader.GetString(3), CultureInfo.InvariantCulture), reader.GetInt32(4)));
        }

        return rows.ToImmutable();
    }

    /// <summary>The entity answered again.</summary>
    public async Task ClearAsync(EntityName name, CancellationToken cancellation)
    {
        await database.ExecuteAsync("DELETE FROM cport_stuck WHERE persistence_id = @id", cancellation, ("id", name.ToString())).ConfigureAwait(false);
        _known.TryRemove(name.ToString(), out _);
    }

    private async Task ReadAgainAsync()
    {
        try
        {
            var listed = (await ListAsync(CancellationToken.None).ConfigureAwait(false)).Select(s => s.PersistenceId).ToHashSet(StringComparer.Ordinal);
            foreach (var id in _known.Keys.Where(id => !listed.Contains(id)))
            {
                _known.TryRemove(id, out _);
            }
        }
        catch (Exception e) when (Faults.IsPassing(e))
        {
            // The list stands until the database answers.
        }
    }

    private async Task WriteAsync(string persistenceId, long afterSequence, string reason)
    {
        try
        {
            await database.ExecuteAsync("""
                INSERT INTO cport_stuck (persistence_id, after_sequence, reason, since, attempts) VALUES (@id, @after, @reason, @since, 1)
                ON CONFLICT (persistence_id) DO UPDATE SET after_sequence = excluded.after_sequence, reason = excluded.reason,
                    attempts = cport_stuck.attempts + 1
                """, CancellationToken.None, ("id", persistenceId), ("after", afterSequence), ("reason", reason),
                ("since", time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture))).ConfigureAwait(false);
        }
        catch (Exception e) when (Faults.IsPassing(e))
        {
            // It is noted again at the next attempt to read the entity.
        }
    }
}
