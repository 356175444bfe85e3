using System.Runtime.CompilerServices;
using System.Xml;

namespace CPort.Domain.Hashes.Lists;

/// <summary>One saved page of NCMEC's hash sharing: its name, and how to open it (a file is opened twice, a stream once).</summary>
internal sealed record NcmecPage(string Name, Func<Stream> Open);

/// <summary>
/// NCMEC's hash sharing v2 (domain.md 5.2): entries <c>image</c> and <c>video</c> with fingerprints, <c>deletedImage</c> and <c>deletedVideo</c> as tombstones.
/// An entry's key is member and id; pages are not in time order, so a first pass gathers the tombstones, and an entry that has one of the same time or later
/// comes as a retraction, whichever page it stands on. Memory grows with the tombstones only.
/// <para>
/// A tombstone names no hashes: with no entry of its key among the pages it cannot be acted on and is a rejected row. So keep the pages of earlier windows in
/// the folder, or their tombstones later find nothing.
/// </para>
/// Written for hostile files: no DTD, no entities, nothing resolved, sizes and depth bounded.
/// </summary>
internal static class NcmecReader
{
    /// <summary>Bytes of a page; NCMEC gives 1,000 entries a page, about one megabyte.</summary>
    public const long MaxPageBytes = 64L * 1024 * 1024;

    /// <summary>Elements within one another.</summary>
    public const int MaxDepth = 16;

    /// <summary>Characters of one value.</summary>
    public const int MaxValue = 4_096;

    /// <summary>Tombstones kept (about 150 bytes each).</summary>
    public const int MaxTombstones = 5_000_000;

    private static readonly Country Us = Country.Parse("US");

    private static XmlReaderSettings Settings => new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true, MaxCharactersInDocument = MaxPageBytes, MaxCharactersFromEntities = 1_024, CloseInput = true,
    };

    private sealed class Entry
    {
        public bool Deleted { get; init; }
        public string? Member { get; set; }
        public string? Id { get; set; }
        public string? Classification { get; set; }
        public DateTimeOffset? At { get; set; }
        public ImmutableArray<ContentHash>.Builder Hashes { get; } = ImmutableArray.CreateBuilder<ContentHash>(4);
        public string? Problem { get; set; }

        /// <summary>Why a hash of it is left out.</summary>
        public string? LeftOut { get; set; }

        public string? Key => Member is null || Id is null ? null : $"{Member}-{Id}";
    }

    private sealed class Tombstone
    {
        public required DateTimeOffset At { get; set; }
        public bool Met { get; set; }
    }

    public static IAsyncEnumerable<HashListRowResult> ReadAsync(Stream page, HashListFormat? expected,
        CancellationToken cancellation) =>
        ReadAsync([new NcmecPage("", () => page)], cancellation);

    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(IReadOnlyList<NcmecPage> pages, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A single page may be a stream that cannot be read twice: its entries are kept until its tombstones are known.
        List<(Entry Entry, string? Fault)>? kept = pages.Count == 1 ? [] : null;
        var tombstones = new Dictionary<string, Tombstone>(StringComparer.Ordinal);
        var next = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var page in pages)
        {
            await foreach (var (entry, fault) in EntriesAsync(page, link => next[page.Name] = link, cancellation))
            {
                kept?.Add((entry, fault));
                if (fault is null && entry is { Deleted: true, Key: { } key } && tombstones.Count < MaxTombstones)
                {
                    var at = entry.At ?? DateTimeOffset.MaxValue;
                    if (!tombstones.TryGetValue(key, out var tombstone))
                    {
                        tombstones.Add(key, new Tombstone { At = at });
                    }
                    else if (at > tombstone.At)
                    {
                        tombstone.At = at;
                    }
                }
            }
        }

        long number = 0;
        if (kept is not null)
        {
            // Entries first, so that a tombstone knows whether it has met its entry.
            foreach (var (entry, fault) in kept.Where(k => k.Fault is not null || !k.Entry.Deleted))
            {
                yield return Row(++number, entry, fault, tombstones);
            }
        }
        else
        {
            foreach (var page in InLinkOrder(pages, next))
            {
                await foreach (var (entry, fault) in EntriesAsync(page, static _ => { }, cancellation))
                {
                    if (fault is not null || !entry.Deleted)
                    {
                        yield return Row(++number, entry, fault, tombstones);
                    }
                }
            }
        }

        foreach (var tombstone in tombstones.Values.Where(t => !t.Met))
        {
            yield return HashListRowResult.Rejected(++number, "deleted entry whose hashes stand on none of the pages read");
        }

        if (next.Count == pages.Count && pages.Count > 0)
        {
            yield return HashListRowResult.Rejected(++number, "every page names a next one: the last page is not there, the list is incomplete");
        }
    }

    private static HashListRowResult Row(long number, Entry entry, string? fault, Dictionary<string, Tombstone> tombstones)
    {
        if (fault is not null)
        {
            return HashListRowResult.Rejected(number, fault);
        }

        var retract = false;
        if (entry.Key is { } key && tombstones.TryGetValue(key, out var tombstone))
        {
            tombstone.Met = true;
            retract = entry.At is null || tombstone.At >= entry.At;
        }

        if (entry.Problem is { } problem)
        {
            return HashListRowResult.Rejected(number, problem);
        }

        if (entry.Hashes.Count == 0)
        {
            return HashListRowResult.Rejected(number, entry.LeftOut ?? "no hash of a kind that CPort knows");
        }

        // A1 to B2 are classes of US law; none of them says what the international baseline asks.
        var known = entry.Classification?.ToUpperInvariant() is "A1" or "A2" or "B1" or "B2";
        return HashListRowResult.Of(number, new ListedMedia
        {
            Hashes = entry.Hashes.ToImmutable(), Classification = known
                ? Classification.National : null, Country = known ? Us : null, Retract = retract,
            UpdatedAt = entry.At,
        }, entry.LeftOut);
    }

    /// <summary>By name; but where a page's next link names another page of the folder, that one follows. Each page once.</summary>
    private static IEnumerable<NcmecPage> InLinkOrder(IReadOnlyList<NcmecPage> pages, Dictionary<string, string> next)
    {
        var byName = pages.ToDictionary(p => p.Name, StringComparer.Ordinal);
        var read = new HashSet<string>(StringComparer.Ordinal);
        foreach (var first in pages)
        {
            for (var page = first; page is not null && read.Add(page.Name);)
            {
                yield return page;
                page = next.TryGetValue(page.Name, out var link)
                    ? byName.GetValueOrDefault(NameOf(link)) ?? byName.GetValueOrDefault(Uri.EscapeDataString(link) + ".xml")
                    : null;
            }
        }

        // The link's last part, a file name when pages were saved with their links rewritten.
        static string NameOf(string link) => link[(link.LastIndexOf('/') + 1)..];
    }

    /// <summary>The entries of one page. A page that breaks off gives a fault in place of its rest.</summary>
    private static async IAsyncEnumerable<(Entry Entry, string? Fault)> EntriesAsync(
        NcmecPage page, Action<string> next, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var xml = XmlReader.Create(page.Open(), Settings);
        var (entries, isPage, more) = (0, false, true);
        while (more)
        {
            cancellation.ThrowIfCancellationRequested();
            Entry? entry = null;
            string? fault = null;
            try
            {
                more = await xml.ReadAsync();
                if (xml.Depth > MaxDepth)
                {
                    throw new XmlException("too deep");
                }

                if (more && xml.NodeType == XmlNodeType.Element)
                {
                    if (!isPage)
                    {
                        isPage = xml is { Depth: 0, LocalName: "queryResult" } && xml.NamespaceURI.Contains("hashsharing", StringComparison.OrdinalIgnoreCase)
                            ? true
                            : throw new HashListFormatException("The XML is no page of NCMEC's hash sharing: its root is not queryResult of that namespace.");
                    }

                    switch (xml.LocalName)
                    {
                        case "image" or "video" or "deletedImage" or "deletedVideo" when xml.Depth == 2:
                            entry = await EntryAsync(xml);
                            entries++;
                            break;
                        case "next" when xml.Depth == 2 && await ValueAsync(xml) is { Length: > 0 } link:
                            next(link);
                            break;
                    }
                }
            }
            catch (XmlException)
            {
                more = false;
                fault = $"page cannot be read beyond its entry {entries}: not well-formed, too large, too deep, or with a DTD";
            }

            if (fault is not null && !isPage)
            {
                throw new HashListFormatException("The XML cannot be read: not well-formed, or with a DTD, which is never read.");
            }

            if (entry is not null || fault is not null)
            {
                yield return (entry ?? new Entry(), fault);
            }
        }

        if (!isPage)
        {
            throw new HashListFormatException("The XML is no page of NCMEC's hash sharing.");
        }
    }

    // Stands on the entry's start, ends on its end.
    private static async Task<Entry> EntryAsync(XmlReader xml)
    {
        var entry = new Entry { Deleted = xml.LocalName.StartsWith("deleted", StringComparison.Ordinal) };
        var (depth, inFingerprints) = (xml.Depth, false);
        if (xml.IsEmptyElement)
        {
            return entry;
        }

        while (await xml.ReadAsync() && xml.Depth > depth)
        {
            if (xml.Depth > MaxDepth)
            {
                throw new XmlException("too deep");
            }

            if (xml.NodeType == XmlNodeType.EndElement && xml.LocalName == "fingerprints")
            {
                inFingerprints = false;
            }

            if (xml.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            var name = xml.LocalName;
            switch (name)
            {
                case "fingerprints":
                    inFingerprints = !xml.IsEmptyElement;
                    break;
                case "member":
                    entry.Member = xml.GetAttribute("id") is { Length: <= MaxValue } id ? id : null;
                    break;
                case "id" when xml.Depth == depth + 1:
                    entry.Id = await ValueAsync(xml);
                    break;
                case "timestamp" when xml.Depth == depth + 1:
                    entry.At = await ValueAsync(xml) is { } at ? HashListValues.Date(at) : null;
                    break;
                case "classification" when xml.Depth == depth + 1:
                    entry.Classification = await ValueAsync(xml);
                    break;
                case var _ when inFingerprints && HashAlgorithms.TryFind(name, out var row):
                    var (algorithm, value) = (row.Algorithm, (await ValueAsync(xml))?.Trim());
                    if (value is { Length: 0 })
                    {
                        break;
                    }

                    if (!ContentHash.TryParse(algorithm, value, out var hash))
                    {
                        entry.LeftOut ??= HashListValues.Reason(row);
                    }
                    else if (entry.Hashes.All(h => h.Algorithm != algorithm))
                    {
                        entry.Hashes.Add(hash);
                    }
                    else if (!entry.Hashes.Contains(hash))
                    {
                        entry.Problem ??= $"two different {algorithm} hashes";
                    }

                    break;
            }
        }

        return entry;
    }

    /// <summary>An element's text, read up to its end; null when it is longer than <see cref="MaxValue"/> or holds elements.</summary>
    private static async Task<string?> ValueAsync(XmlReader xml)
    {
        if (xml.IsEmptyElement)
        {
            return "";
        }

        var (text, whole, depth) = (new System.Text.StringBuilder(), true, xml.Depth);
        var chunk = new char[1_024];
        while (await xml.ReadAsync() && xml.Depth > depth)
        {
            if (xml.Depth > MaxDepth)
            {
                throw new XmlException("too deep");
            }

            if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace)
            {
                for (int read; (read = await xml.ReadValueChunkAsync(chunk, 0, chunk.Length)) > 0;)
                {
                    whole &= text.Length + read <= MaxValue;
                    if (whole)
                    {
                        text.Append(chunk, 0, read);
                    }
                }
            }
            else
            {
                whole &= xml.NodeType != XmlNodeType.Element;
            }
        }

        return whole ? text.ToString() : null;
    }
}
