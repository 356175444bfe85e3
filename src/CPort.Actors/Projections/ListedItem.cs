namespace CPort.Actors.Projections;

/// <summary>
/// An item in a list: its row, with what the caller may see of it (docs/access.md), and what only the list knows. Whoever shows a field asks
/// <see cref="Access"/> for it.
/// </summary>
public sealed record ListedItem(ItemRow Row, ItemAccess Access)
{
    /// <summary>The hotlines' names for it, and when the public reported it.</summary>
    public required ListedSecrets Secrets { get; init; }

    /// <summary>Somebody holds it now.</summary>
    public bool Held { get; init; }

    /// <summary>In a queue: since when its age counts, UTC ticks.</summary>
    public long? Age { get; init; }

    /// <summary>The earliest other item with the same URL, among those whose URL the caller sees.</summary>
    public long? ProbableDuplicateOf { get; init; }

    /// <summary>The group of look-alikes it is in, when the caller sees another member.</summary>
    public GroupMark? Group { get; init; }

    internal static ListedItem Of(Caller caller, ItemRow row, ReadModel model, long? age, long? duplicateOf) =>
        new(row, AccessTable.For(caller, row.RelationFacts()))
        {
            Secrets = ReadRows.Secrets(model.Seam, row), Held = row.LeaseUntil > model.Time.GetUtcNow().UtcTicks, Age = age, ProbableDuplicateOf = duplicateOf,
        };
}

/// <summary>A page of a list. <c>Next</c> says where the next page starts; null on the last one.</summary>
public sealed record ItemPage(ImmutableArray<ListedItem> Items, PagePlace? Next, ReadPosition At);

/// <summary>
/// Where a page ended: the order keys of its last item. A row that comes while a client pages stands before or after this place and moves nothing, so that no
/// row that was there all the time is skipped or repeated. It gives no rights: every page is asked for anew.
/// </summary>
public sealed record PagePlace(bool Urgent, int Priority, long Key, long Number)
{
    internal static PagePlace After(ItemRow row, long key) => new(row.Urgent, row.Priority, key, row.Key);
}
