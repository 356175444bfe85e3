using System.Linq.Expressions;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// Open items whose hotline serves their country no more, and orphans hosted in a country that has a hotline now. When is
/// <see cref="DirectoryLooks"/>'. One at a time.
/// </summary>
internal sealed class StrandedItems(Func<AgencyDirectory> directory, int limit)
{
    private readonly DirectoryLooks _looks = new();

    public async Task<IReadOnlyList<(string ReportId, Tenant Tenant, int Ordinal)>> FindAsync(IDataContext db, int set, DateTimeOffset now)
    {
        var today = directory();
        if (!_looks.AreDue(today, now))
        {
            return [];
        }

        var (members, training) = (new DirectoryMembership(today, now), today.Training);
        var found = new List<(string, Tenant, int)>();
        async Task AddAsync(Expression<Func<ItemRow, bool>> which) => found.AddRange(
            (await ReadTables.Items(db, set).Where(which).Where(i => i.Tenant == Tenant.Live || i.Tenant == training).OrderBy(i => i.Key).Take(limit)
                .Select(i => new { i.ReportId, i.Tenant, i.Ordinal }).ToListAsync().ConfigureAwait(false)).Select(i => (i.ReportId, i.Tenant, i.Ordinal)));

        Expression<Func<ItemRow, bool>> isAssigned = i => i.QUnassignedToHotline != null || i.QUnassessed != null || i.QUnactioned != null;
        foreach (var job in await ReadTables.Items(db, set).Where(isAssigned).Select(i => new { i.AssignedCountry, i.Hotline }).Distinct()
            .ToListAsync().ConfigureAwait(false))
        {
            var hotlines = members.HotlinesOf(Country.Parse(job.AssignedCountry!));
            if (job.Hotline is { } hotline ? !hotlines.Contains(AgencyId.Parse(hotline)) : hotlines.IsEmpty)
            {
                await AddAsync(AccessScope.And(isAssigned, i => i.AssignedCountry == job.AssignedCountry && i.Hotline == job.Hotline)).ConfigureAwait(false);
            }
        }

        foreach (var host in await ReadTables.Items(db, set).Where(i => i.QOrphaned != null && i.HostingCountry != null).Select(i => i.HostingCountry)
            .Distinct().ToListAsync().ConfigureAwait(false))
        {
            if (!members.HotlinesOf(Country.Parse(host!)).IsEmpty)
            {
                await AddAsync(i => i.QOrphaned != null && i.HostingCountry == host).ConfigureAwait(false);
            }
        }

        _looks.Have(found.Count > 0);
        return found;
    }
}
