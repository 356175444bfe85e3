namespace CPort.Actors.Hashes;

/// <summary>The rows (hashes imported or judged, sightings, deliveries) that a message is about.</summary>
internal static class HashBucketRows
{
    public static int Of(IHashBucketWrite command) => command switch
    {
        SightAndLookup c => c.Sightings.Length,
        RecordBucketOpinions c => c.Opinions.Length,
        ImportHashes c => c.Rows.Length,
        ChangeQuarantine c => c.Hashes.Length + c.Rows.Length,
        _ => 1,
    };

    public static int Of(HashesRecorded e) => e.Delivered.Length + e.Quarantined.Length + e.Trust.Length + e.Sightings.Sum(report => report.Rows.Length)
        + e.Words.Sum(word => word.Rows.Length + word.Packed.Sum(part => part.Count));

    /// <summary>The reports whose rows matching has joined in a message; 1 of one that is about no report, 0 of the bucket's own.</summary>
    public static int ReportsOf(IHashBucketWrite command) => command is ChangeTrust ? 0 : Math.Max(1, command switch
    {
        SightAndLookup c => c.Sightings.Select(s => s.Item.Report).Distinct().Count(),
        RecordBucketOpinions c => c.Opinions.Select(o => o.Opinion.Item?.Report).Distinct().Count(),
        _ => 1,
    });

    /// <summary>
    /// Where, now that the event is applied, something else may be said of a hash than before. Without <paramref name="imported"/> the rows of lists are left
    /// out, without <paramref name="sighted"/> those that were only sighted.
    /// </summary>
    public static IEnumerable<int> ChangedBy(HashesRecorded e, HashBucket state, bool imported, bool sighted)
    {
        // Trust reaches whatever its agency spoke of; it changes a few times a year.
        foreach (var row in e.Trust.IsEmpty ? [] : state.Rows)
        {
            yield return row;
        }

        foreach (var word in e.Words)
        {
            foreach (var row in word.Rows)
            {
                yield return row;
            }

            foreach (var part in imported ? word.Packed : [])
            {
                var length = ContentHash.LengthOf(part.Algorithm);
                for (var at = 0; at < part.Values.Length; at += length)
                {
                    yield return state.RowOf(part.Algorithm, part.Values.AsSpan(at, length));
                }
            }
        }

        foreach (var quarantined in e.Quarantined)
        {
            yield return quarantined.Row;
        }

        foreach (var row in sighted ? e.Sightings.SelectMany(report => report.Rows) : [])
        {
            yield return row;
        }
    }
}
