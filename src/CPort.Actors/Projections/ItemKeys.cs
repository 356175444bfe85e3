using CPort.Domain.Routing;

namespace CPort.Actors.Projections;

/// <summary>
/// The keyed hashes by which a table set finds items. An item brings its own, made as it came in; by another public suffix list or normal form than the set's
/// they are made anew of its URL, so that a set never holds domains of two lists. A node with another list than the set's (while a new one is being rolled out)
/// cannot, and leaves the domain out.
/// </summary>
internal sealed class ItemKeys(ConfidentialSeam seam, UrlKeyMaker maker, string? suffixList)
{
    /// <summary>The item's row. Throws <see cref="System.Security.Cryptography.CryptographicException"/> when its URL is needed and does not open.</summary>
    public ItemRow RowOf(Report report, ContentItem item) => ReadRows.Of(seam, report, Of(report, item));

    /// <summary>The item with the set's keys.</summary>
    private ContentItem Of(Report report, ContentItem item)
    {
        if (item.UrlKeys is not { } keys || (keys.SuffixList == suffixList && keys.NormaliserVersion == WebAddress.NormaliserVersion))
        {
            return item;
        }

        // What was accepted by former rules may be no address by those of today; nobody can ask for it by another name either.
        var url = seam.Open<ItemSecrets>(item.SecretsPlace(report.Id), item.Secrets).Url;
        var made = WebAddress.TryParse(url, out var address, out _) ? maker.Of(address) : keys;
        return item with { UrlKeys = made.SuffixList == suffixList ? made : made with { Domain = [] } };
    }
}
