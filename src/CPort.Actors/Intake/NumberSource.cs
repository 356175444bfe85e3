namespace CPort.Actors.Intake;

/// <summary>Gives out the numbers of reports and items (design.md, "number"). Thread-safe; throws when the database is away.</summary>
public interface INumberSource
{
    ValueTask<long> ReportAsync(CancellationToken cancellation);

    /// <summary>The first of <paramref name="count"/> consecutive numbers.</summary>
    ValueTask<long> ItemsAsync(int count, CancellationToken cancellation);
}

/// <summary>Numbers in blocks from the database; reports and items share one series, so that a number names one thing only.</summary>
public sealed class AllocatedNumbers(NumberAllocator numbers) : INumberSource
{
    public ValueTask<long> ReportAsync(CancellationToken cancellation) => numbers.NextAsync(1, cancellation);

    public ValueTask<long> ItemsAsync(int count, CancellationToken cancellation) => numbers.NextAsync(count, cancellation);
}
