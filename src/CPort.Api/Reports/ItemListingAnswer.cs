using CPort.Domain.Reports;

namespace CPort.Api.Reports;

/// <summary>The item's domain and INTERPOL's "worst of" list.</summary>
/// <param name="Listed">It is on the list; false: it was.</param>
/// <param name="ListVersion">Since this version.</param>
/// <param name="At">When its report heard of it.</param>
public sealed record ItemListingAnswer(bool Listed, int ListVersion, DateTimeOffset At)
{
    public static ItemListingAnswer? Of(ItemListing? listing) => listing is null ? null : new(listing.Listed, listing.ListVersion, listing.At);
}
