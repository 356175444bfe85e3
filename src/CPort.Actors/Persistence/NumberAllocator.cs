namespace CPort.Actors.Persistence;

/// <summary>
/// Gives out positive numbers of one series: unique in the cluster, below 2^52, rising within a node. Each node takes blocks from the table
/// <c>cport_numbers</c> by one atomic statement; what is left of a block when a node stops is never used, which is no fault. Thread-safe.
/// </summary>
public sealed class NumberAllocator(Database database, string name, int blockSize = NumberAllocator.DefaultBlockSize) : IDisposable
{
    public const int DefaultBlockSize = 10_000;

    /// <summary>ICCAM clients keep numbers as doubles.</summary>
    public const long Limit = 1L << 52;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _taking = new(1, 1);
    private long _next;
    private long _end;

    /// <summary>
    /// The first of <paramref name="count"/> consecutive numbers (count 1 to 1,000,000). Usually at once; every block costs a statement. Throws the provider's
    /// exception when the database is away and <see cref="InvalidOperationException"/> when 2^52 is reached.
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

            var size = Math.Max(count, blockSize);
            await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
            await using (var insert = connection.Statement(
                "INSERT INTO cport_numbers(name, next) VALUES (@name, 1) ON CONFLICT (name) DO NOTHING", ("name", name)))
            {
                await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }

            await using var update = connection.Statement(
                "UPDATE cport_numbers SET next = next + @size WHERE name = @name RETURNING next", ("name", name), ("size", (long)size));
            var end = Convert.ToInt64(await update.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
            if (end > Limit)
            {
                throw new InvalidOperationException($"The numbers of '{name}' are used up (2^52).");
            }

            lock (_lock)
            {
                _next = end - size + count;
                _end = end;
                return end - size;
            }
        }
        finally
        {
            _taking.Release();
        }
    }
}
