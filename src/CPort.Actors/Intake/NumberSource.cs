using CPort.Actors.Persistence;

namespace CPort.Actors.Intake;

/// <summary>Gives out the numbers of reports and items (design.md, "number"). Thread-safe; throws when the database is away.</summary>
public interface INumberSource
{
    ValueTask<long> ReportAsync(CancellationToken cancellation);

    /// <summary>The first of <paramref name="count"/> consecutive numbers.</summary>
    ValueTask<long> ItemsAsync(int count, CancellationToken cancellation);
}

/// <summary>Numbers in blocks from the database.</summary>
public sealed class AllocatedNumbers(Database database) : INumberSource, IDisposable
{
    private readonly NumberAllocator _reports = new(database, "report");
    private readonly NumberAllocator _items = new(database, "item");

    public ValueTask<long> ReportAsync(CancellationToken cancellation) => _reports.NextAsync(1, cancellation);

    public ValueTask<long> ItemsAsync(int count, CancellationToken cancellation) => _items.NextAsync(count, cancellation);

    public void Dispose()
    {
        _reports.Dispose();
        _items.Dispose();
    }
}
