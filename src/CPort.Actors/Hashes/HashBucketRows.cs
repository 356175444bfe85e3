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

    public static int Of(HashesRecorded e) => e.Sightings.Length + e.Delivered.Length + e.Quarantined.Length + e.Trust.Length + e.Opinions.Sum(
        group => group.Rows.Length + group.Packed.Sum(part => part.Hashes.Length / ContentHash.LengthOf(e.Bucket.Algorithm)));

    /// <summary>
    /// Where, now that the event is applied, something else may be said of a hash than before. Without <paramref name="imported"/> the rows of lists are left
    /// out.
    /// </summary>
    public static IEnumerable<int> ChangedBy(HashesRecorded e, HashBucket state, bool imported)
    {
        // Trust reaches whatever its agency spoke of; it changes a few times a year.
        for (var row = 0; !e.Trust.IsEmpty && row < state.Count; row++)
        {
            yield return row;
        }

        foreach (var group in e.Opinions)
        {
            foreach (var row in group.Rows)
            {
                yield return state.RowOf(row.Hash);
            }

            var length = ContentHash.LengthOf(state.Id.Algorithm);
            foreach (var part in imported ? group.Packed : [])
            {
                for (var at = 0; at < part.Hashes.Length; at += length)
                {
                    yield return state.RowOf(part.Hashes.AsSpan(at, length));
                }
            }
        }

        foreach (var quarantined in e.Quarantined)
        {
            yield return state.RowOf(quarantined.Hash);
        }
    }
}
