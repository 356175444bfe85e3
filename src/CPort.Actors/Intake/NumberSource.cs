using System.Collections.Concurrent;

namespace CPort.Actors.Intake;

/// <summary>
/// Gives out the numbers of reports and items (design.md, "number"), each tenant's its own. Thread-safe; throws when the database is away.
/// </summary>
public interface INumberSource
{
    ValueTask<long> ReportAsync(Tenant tenant, CancellationToken cancellation);

    /// <summary>The first of <paramref name="count"/> consecutive numbers.</summary>
    ValueTask<long> ItemsAsync(Tenant tenant, int count, CancellationToken cancellation);
}

/// <summary>Which numbers are in use, as journal and read tables know it.</summary>
public interface IHeldNumbers
{
    /// <summary>The highest number of a tenant's reports and items; 0: none.</summary>
    Task<long> HighestAsync(Tenant tenant, CancellationToken cancellation);
}

/// <summary>Numbers in blocks from the database; a tenant's reports and items share one series, so that a number names one thing only.</summary>
public sealed class AllocatedNumbers(Database database, ConfidentialSeam seam, IHeldNumbers held, DatabaseDoubts? doubts = null) : INumberSource, IDisposable
{
    private readonly ConcurrentDictionary<Tenant, NumberAllocator> _tenants = new();

    public ValueTask<long> ReportAsync(Tenant tenant, CancellationToken cancellation) => Of(tenant).NextAsync(1, cancellation);

    public ValueTask<long> ItemsAsync(Tenant tenant, int count, CancellationToken cancellation) => Of(tenant).NextAsync(count, cancellation);

    public void Dispose()
    {
        foreach (var numbers in _tenants.Values)
        {
            numbers.Dispose();
        }
    }

    /// <summary>The name of a tenant's series of this kind in the database.</summary>
    internal static string NameOf(string kind, Tenant tenant) =>
        tenant == Tenant.Live ? kind : string.Create(CultureInfo.InvariantCulture, $"{kind}-training-{(int)tenant}");

    private NumberAllocator Of(Tenant tenant) => _tenants.GetOrAdd(tenant, t => new NumberAllocator(
        database, NameOf("number", t), new NumberGuard(seam, cancellation => held.HighestAsync(t, cancellation), doubts)));
}
