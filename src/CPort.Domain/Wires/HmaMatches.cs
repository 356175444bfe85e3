using System.Text.Json.Serialization;
using CPort.Domain.Hashes;

namespace CPort.Domain.Wires;

/// <summary>A match as HMA writes it.</summary>
/// <param name="BankContentId">Of the known hash; the bank says whose word it is.</param>
/// <param name="Distance">Bits that differ, as text; of a hash that is only looked up exactly a hyphen.</param>
public sealed record HmaMatch(
    [property: JsonPropertyName("bank_content_id")] long BankContentId, [property: JsonPropertyName("distance")] string Distance);

/// <summary>A known hash that a look-up found, before it is told.</summary>
public sealed record FoundHash(HashVerdict Verdict, int Distance);

/// <summary>From what is known of a hash to what HMA's clients read.</summary>
public static class HmaMatches
{
    /// <summary>HMA's word for "no distance".</summary>
    private const string NoDistance = "-";

    /// <summary>
    /// What a look-up found, each once, nearest first. A bank is a list of what is illegal: what only says that something is not illegal matches nothing, or
    /// clients would act on it.
    /// </summary>
    public static ImmutableArray<FoundHash> Found(HashVerdict asked, IEnumerable<NearMatch> near) =>
    [
        .. near.Select(n => new FoundHash(n.Verdict, n.Distance)).Prepend(new FoundHash(asked, 0)).DistinctBy(f => f.Verdict.Hash)
            .Where(f => f.Verdict.IsKnown && f.Verdict.Opinions.Any(o => o.Classification.IsIllegal())).OrderBy(f => f.Distance),
    ];

    /// <summary>By bank, in order of the names. <paramref name="banks"/>: only these; null: all.</summary>
    public static SortedDictionary<string, List<HmaMatch>> ByBank(
        AgencyId reader, IEnumerable<FoundHash> found, Func<ContentHash, long?> contentId, IReadOnlySet<string>? banks)
    {
        var matches = new SortedDictionary<string, List<HmaMatch>>(StringComparer.Ordinal);
        foreach (var f in found)
        {
            if (contentId(f.Verdict.Hash) is not { } id)
            {
                continue;
            }

            foreach (var bank in BanksOf(reader, f).Where(b => banks?.Contains(b) != false))
            {
                if (!matches.TryGetValue(bank, out var its))
                {
                    matches.Add(bank, its = []);
                }

                its.Add(new HmaMatch(id, DistanceOf(f)));
            }
        }

        return matches;
    }

    /// <summary>Without banks, as HMA's raw look-up.</summary>
    public static ImmutableArray<HmaMatch> Raw(
        AgencyId reader, IEnumerable<FoundHash> found, Func<ContentHash, long?> contentId, IReadOnlySet<string>? banks) =>
    [
        .. from f in found
           let id = contentId(f.Verdict.Hash)
           where id is not null && (banks is null || BanksOf(reader, f).Any(banks.Contains))
           select new HmaMatch(id.Value, DistanceOf(f)),
    ];

    private static IEnumerable<string> BanksOf(AgencyId reader, FoundHash found) => found.Verdict.Opinions.Where(o => o.Classification.IsIllegal())
        .Select(o => HmaNames.BankOf(reader, o.Agency, o.List)).Distinct().Order(StringComparer.Ordinal);

    private static string DistanceOf(FoundHash found) => HashAlgorithms.Of(found.Verdict.Hash.Algorithm).Bucket == HashBucketKind.Pdq
        ? found.Distance.ToString(CultureInfo.InvariantCulture) : NoDistance;
}
