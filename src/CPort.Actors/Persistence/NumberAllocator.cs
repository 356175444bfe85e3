using System.Buffers.Binary;
using System.Data.Common;
using System.Text;

namespace CPort.Actors.Persistence;

/// <summary>
/// What a series of numbers is held against, because the table <c>cport_numbers</c> alone is not trusted: whoever can write it could have numbers given twice.
/// </summary>
/// <param name="Seam">Makes the row's keyed mark.</param>
/// <param name="HeldAsync">The highest number of the series that something in the database has; 0: none.</param>
/// <param name="Doubts">Is told of a row that was changed; null: nobody is.</param>
public sealed record NumberGuard(ConfidentialSeam Seam, Func<CancellationToken, Task<long>> HeldAsync, DatabaseDoubts? Doubts = null);

/// <summary>
/// Gives out positive numbers of one series: unique in the cluster, below 2^52, rising within a node. Each node takes blocks from the table
/// <c>cport_numbers</c> in one short transaction; what is left of a block when a node stops is never used, which is no fault. Thread-safe.
/// <para>
/// A row says what comes next, with a keyed mark. One without its mark, or one of former times that gives a number which is in use already, is not obeyed:
/// the series goes on <see cref="Leap"/> after all that is known to be in use, beyond whatever blocks other nodes may hold.
/// </para>
/// </summary>
public sealed class NumberAllocator(Database database, string name, NumberGuard guard, int blockSize = NumberAllocator.DefaultBlockSize) : IDisposable
{
    public const int DefaultBlockSize = 10_000;

    /// <summary>ICCAM clients keep numbers as doubles.</summary>
    public const long Limit = 1L << 52;

    /// <summary>So many numbers are left out after a row that was changed: a hundred blocks, which is more than nodes hold.</summary>
    public const long Leap = 1_000_000;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _taking = new(1, 1);
    private long _next;
    private long _end;

    /// <summary>
    /// The first of <paramref name="count"/> consecutive numbers (count 1 to 1,000,000). Usually at once; every block costs a transaction. Throws the
    /// provider's exception when the database is away and <see cref="InvalidOperationException"/> when 2^52 is reached.
    /// </summary>
    public ValueTask<long> NextAsync(int count, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1_000_000);
        return TryTake(count, out var first) ? new ValueTask<long>(first) : TakeBlockAsync(count, cancellation);
    }

    public void Dispose() => _taking.Dispose();

    private bool TryTake(int count, out long first)
    {
        lock (_lock)
        {
            first = _next;
            if (_end - _next < count)
            {
                return false;
            }

            _next += count;
            return true;
        }
    }

    private async ValueTask<long> TakeBlockAsync(int count, CancellationToken cancellation)
    {
        await _taking.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // Another caller may have fetched a block while this one waited.
            if (TryTake(count, out var first))
            {
                return first;
            }

            // Before the row is locked: a number that is given meanwhile comes from a block that the row is beyond.
            var free = Math.Max(await guard.HeldAsync(cancellation).ConfigureAwait(false) + 1, _end);
            var size = Math.Max(count, blockSize);
            first = await MoveAsync(free, size, cancellation).ConfigureAwait(false);
            lock (_lock)
            {
                _next = first + count;
                _end = first + size;
                return first;
            }
        }
        finally
        {
            _taking.Release();
        }
    }

    /// <summary>Takes the row forward by a block and answers the block's first number.</summary>
    private async Task<long> MoveAsync(long free, int size, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using (var insert = In(transaction, "INSERT INTO cport_numbers(name, next, mark) VALUES (@name, 1, @mark) ON CONFLICT (name) DO NOTHING",
            ("name", name), ("mark", Mark(1))))
        {
            await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        // It is this transaction's until its end.
        long next;
        string? mark;
        await using (var take = In(transaction, "UPDATE cport_numbers SET next = next WHERE name = @name RETURNING next, mark", ("name", name)))
        await using (var reader = await take.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            (next, mark) = (reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetString(1));
        }

        var (first, fault) = FirstOf(next, mark == Mark(next), free);
        var end = first + size;
        if (end > Limit)
        {
            throw new InvalidOperationException($"The numbers of '{name}' are used up (2^52).");
        }

        await using (var update = In(transaction, "UPDATE cport_numbers SET next = @end, mark = @mark WHERE name = @name",
            ("end", end), ("mark", Mark(end)), ("name", name)))
        {
            await update.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        if (fault is not null)
        {
            guard.Doubts?.Note(DoubtfulPlace.Numbers, name, fault);
        }

        return first;
    }

    /// <summary>Where to go on, and what is wrong with the row.</summary>
    /// <param name="next">What it says.</param>
    /// <param name="marked">It carries its mark.</param>
    /// <param name="free">From here on nothing is known to be in use.</param>
    internal static (long First, string? Fault) FirstOf(long next, bool marked, long free) =>
        marked && next >= free ? (next, null)

        // Somebody may have meant well (docs/operations.md has numbers left out after a restore), and leaving out more is no harm; not all of them, though.
        : (Math.Max(free + Leap, next < Limit / 2 ? next : 0), next < free ? "SetBack" : "NotMarked");

    private string Mark(long next)
    {
        var bytes = new byte[8 + Encoding.UTF8.GetByteCount(name)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, next);
        Encoding.UTF8.GetBytes(name, bytes.AsSpan(8));
        return Convert.ToHexStringLower(guard.Seam.Keyed("numbers-1", bytes).AsSpan(0, 16));
    }

    private static DbCommand In(DbTransaction transaction, string sql, params (string Name, object? Value)[] parameters)
    {
        var command = transaction.Connection!.Statement(sql, parameters);
        command.Transaction = transaction;
        return command;
    }
}
