using System.Linq.Expressions;
using CPort.Domain.CodeLists;
using CPort.Domain.Routing;

namespace CPort.Actors.Projections;

/// <summary>
/// Which items of a list are wanted: fields are combined by "and", the values of one field by "or"; what is empty does not filter. It finds only items of which the
/// caller sees the fields that it filters by (docs/access.md).
/// </summary>
public sealed record ItemFilter
{
    public static readonly ItemFilter None = new();

    public ImmutableArray<Classification> Classifications { get; init; } = [];
    public ImmutableArray<Country> HostingCountries { get; init; } = [];
    public ImmutableArray<SiteType> SiteTypes { get; init; } = [];

    /// <summary>Nothing but urgent items.</summary>
    public bool UrgentOnly { get; init; }

    public bool IsNone => Classifications.IsEmpty && HostingCountries.IsEmpty && SiteTypes.IsEmpty && !UrgentOnly;

    /// <summary>As a condition on the read tables.</summary>
    internal Expression<Func<ItemRow, bool>> For(Caller caller)
    {
        Expression<Func<ItemRow, bool>> wanted = i => true;
        void Add(bool given, FieldGroup? field, Expression<Func<ItemRow, bool>> condition)
        {
            if (given)
            {
                wanted = AccessScope.And(wanted, condition);
                wanted = field is { } read ? AccessScope.And(wanted, AccessScope.Sees(caller, read)) : wanted;
            }
        }

        // Lists, because an array's Contains binds to a span in C# 14, which no database understands.
        var (classifications, siteTypes) = (Classifications.Select(c => (Classification?)c).ToList(), SiteTypes.Select(s => (SiteType?)s).ToList());
        var countries = HostingCountries.Select(c => c.Code).ToList();
        Add(!Classifications.IsEmpty, FieldGroup.Classification, i => classifications.Contains(i.Classification));
        Add(!HostingCountries.IsEmpty, FieldGroup.Hosting, i => countries.Contains(i.HostingCountry!));
        Add(!SiteTypes.IsEmpty, FieldGroup.Hosting, i => siteTypes.Contains(i.SiteType));
        Add(UrgentOnly, null, i => i.Urgent);
        return wanted;
    }
}
