namespace CPort.Actors.Projections;

/// <summary>
/// How the writing of a table set is shared out. A report belongs to one slice, by its id; the look-alike groups, which join reports and depend on the order of
/// events, are a slice of their own, the last. Each slice has its own position (<see cref="SliceRow"/>), and whoever advances it must find it where it left it:
/// two nodes that write the same slice cannot both succeed. Which node advances which is <see cref="ProjectionActor"/>'s to say.
/// </summary>
/// <param name="Count">Slices of reports, 1 to 32.</param>
public readonly record struct ProjectionSlices(int Count)
{
    /// <summary>The digits of a report's id (Crockford base32); the last one decides, which as part of a SHA-256 is evenly spread.</summary>
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Slices of a database's new sets: enough for some nodes each to have as many. SQLite has one node and one writer.</summary>
    public static ProjectionSlices In(Database database) => new(database.IsSqlite ? 1 : 8);

    /// <summary>The slices of a set by its rows in <c>rm_slice</c>.</summary>
    public static ProjectionSlices Of(TableSet set) => new(set.Slices.Length - 1);

    /// <summary>The slice of the groups.</summary>
    public int Groups => Count;

    /// <summary>Slices of reports and the one of groups.</summary>
    public int RowCount => Count + 1;

    public ImmutableArray<int> All => [.. Enumerable.Range(0, RowCount)];

    /// <summary>The slice of an entity by its persistence id.</summary>
    public int Of(string persistenceId) => Math.Max(0, Digits.IndexOf(persistenceId[^1])) % Count;

    /// <summary>The last characters of the persistence ids of these slices; empty: no other are there, so nothing need be asked.</summary>
    public ImmutableArray<string> Endings(ImmutableArray<int> slices)
    {
        var count = Count;
        return slices.Count(s => s < count) == count ? [] : [.. Digits.Where((_, digit) => slices.Contains(digit % count)).Select(d => d.ToString())];
    }

    /// <summary>Shares slices out among nodes, evenly; the groups go to the last. With as many nodes as before each keeps what it had, whoever asks.</summary>
    public ImmutableArray<int> ShareOf(int node, int nodes)
    {
        var (groups, all) = (Groups, All);
        return [.. all.Where(s => s == groups ? node == nodes - 1 : s % nodes == node)];
    }
}

/// <summary>
/// Up to which number the journal is complete: no row at or below it will appear any more. A transaction takes its numbers before it is visible, so a missing
/// number may still come; it is given up when it has been missing for <see cref="GapPatience"/> (akka.md 0.2). Pure.
/// </summary>
public sealed record JournalHorizon
{
    /// <summary>A transaction that took its number so long ago has ended one way or the other.</summary>
    public static readonly TimeSpan GapPatience = TimeSpan.FromSeconds(10);

    /// <summary>The journal is complete up to this number.</summary>
    public long Safe { get; init; }

    /// <summary>The highest number at some moments of the last <see cref="GapPatience"/>.</summary>
    private ImmutableQueue<(TimeSpan At, long Head)> Heads { get; init; } = [];

    private long LastHead { get; init; }

    /// <summary>Numbers below this that are still missing will not come.</summary>
    private long GivenUp { get; init; }

    /// <summary>
    /// What follows from a look at the journal at <paramref name="now"/> (of a clock that only goes on): its highest number, and the numbers above
    /// <see cref="Safe"/> in their order, from the lowest on without leaving any out.
    /// </summary>
    public JournalHorizon Next(IEnumerable<long> numbers, long head, TimeSpan now)
    {
        var (heads, givenUp) = (Heads, GivenUp);
        while (!heads.IsEmpty && now - heads.Peek().At >= GapPatience)
        {
            heads = heads.Dequeue(out var past);
            givenUp = past.Head;
        }

        var safe = Safe;
        foreach (var number in numbers)
        {
            if (number > safe + 1 && number > givenUp)
            {
                break;
            }

            safe = Math.Max(safe, number);
        }

        return this with { Safe = safe, GivenUp = givenUp, Heads = head > LastHead ? heads.Enqueue((now, head)) : heads, LastHead = Math.Max(LastHead, head) };
    }
}
