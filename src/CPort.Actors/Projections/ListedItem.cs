namespace CPort.Actors.Projections;

/// <summary>
/// An item in a list: its row, with what the caller may see of it (docs/access.md), and what only the list knows. Whoever shows a field asks
/// <see cref="Access"/> for it.
/// </summary>
public sealed record ListedItem(ItemRow Row, ItemAccess Access)
{
    /// <summary>The hotlines' names for it, and when the public reported it; null when they do not open, because the row was changed.</summary>
    public required ListedSecrets? Secrets { get; init; }

    /// <summary>Somebody holds it now.</summary>
    public bool Held { get; init; }

    /// <summary>In a queue: since when its age counts, UTC ticks.</summary>
    public long? Age { get; init; }

    /// <summary>The earliest other item with the same URL, among those whose URL the caller sees.</summary>
    public long? ProbableDuplicateOf { get; init; }

    /// <summary>The group of look-alikes it is in, when the caller sees another member.</summary>
    public GroupMark? Group { get; init; }

    /// <summary>These rows, in their order. One whose sealed part does not open is there without it; one that makes no sense is left out.</summary>
    internal static ImmutableArray<ListedItem> Of(Caller caller, IEnumerable<(ItemRow Row, long? Age, long? DuplicateOf)> rows, ReadModel model) =>
        [.. rows.Select(r => Of(caller, r.Row, model, r.Age, r.DuplicateOf)).OfType<ListedItem>()];

    /// <summary>Null when the row makes no sense.</summary>
    internal static ListedItem? Of(Caller caller, ItemRow row, ReadModel model, long? age, long? duplicateOf)
    {
        try
        {
            var access = AccessTable.For(caller, row.RelationFacts());
            var waits = row.LookedBy is { } lookers && SecondLooks.IsBlind(access.Relations, AccessTable.IsIn(lookers, caller.Hand));
            return new ListedItem(row, access with { Blind = waits })
            {
                Secrets = model.Secrets(row.ReportId, row.Ordinal, row.Sealed), Held = row.LeaseUntil > model.Time.GetUtcNow().UtcTicks, Age = age,
                ProbableDuplicateOf = duplicateOf,
            };
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // A country, an agency or an id that is none.
            model.Doubt(row.ReportId, row.Ordinal, e);
            return null;
        }
    }
}

/// <summary>A page of a list. <c>Next</c> says where the next page starts; null on the last one.</summary>
public sealed record ItemPage(ImmutableArray<ListedItem> Items, PagePlace? Next, ReadPosition At);

/// <summary>
/// Where a page ended: the order keys of its last item. A row that comes while a client pages stands before or after this place and moves nothing, so that no
/// row that was there all the time is skipped or repeated. It gives no rights: every page is asked for anew.
/// </summary>
/// <param name="Urgent">The item's.</param>
/// <param name="Priority">0 where the order is another, or it is not told to the reader: a place can be read by whoever has it.</param>
/// <param name="Key">The list's own.</param>
/// <param name="Number">The item's key.</param>
public sealed record PagePlace(bool Urgent, int Priority, long Key, long Number)
{
    internal static PagePlace After(ItemRow row, long key, int priority = 0) => new(row.Urgent, priority, key, row.Key);
}
