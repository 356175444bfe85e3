namespace CPort.Domain.Access;

public static partial class AccessTable
{
    // What police and hotlines say to each other about an item is theirs, and not everybody's who sees the item.
    private static readonly ImmutableArray<PartyRow> PartyRows =
    [
        new(ItemRelations.Reporting, ItemPhase.Any),
        new(ItemRelations.AssignedHotline, ItemPhase.Any),
        new(ItemRelations.AssignedCountry, ItemPhase.NoHotline),
        new(ItemRelations.Escalated, ItemPhase.Orphan),
        new(ItemRelations.PoliceOfCountry, ItemPhase.Any) { OfBureau = true },
    ];

    /// <summary>
    /// Whether the caller takes part in what this police agency (or INTERPOL) says and asks about the item: holds, feedback, questions. To all others, other
    /// police of the country among them, there is nothing of the kind.
    /// </summary>
    public static bool IsParty(Caller caller, ItemRelationFacts item, AgencyId police)
    {
        if (caller.Tenant != item.Tenant)
        {
            return false;
        }

        var relations = RelationsOf(caller, item);
        return (caller.Agency == police && AsksForItself(caller))
            || WaysToTakePart(caller, caller.LooksAfter.Contains(police)).Any(way => (relations & way.Relation) != 0 && Holds(way.While, item));
    }

    /// <summary>The caller sees what its own agency asked for, wherever the item is by now.</summary>
    public static bool AsksForItself(Caller caller) => PoliceAndInterpol.Contains(caller.Kind) && caller.Is(AnyWorker) && HasPurpose(caller);

    /// <summary>The relations by which the caller takes part in what others ask, each with the phase of the item for which it lasts.</summary>
    /// <param name="caller">Who takes part.</param>
    /// <param name="looksAfter">Who asks is police of the caller's own country, whose national bureau it is (<see cref="Caller.LooksAfter"/>).</param>
    public static IEnumerable<(ItemRelations Relation, ItemPhase While)> WaysToTakePart(Caller caller, bool looksAfter) =>
        PartyRows.Where(row => !row.OfBureau || (looksAfter && caller.IsNationalBureau)).Select(row => (row.Relation, row.While));

    private static void RenderParties(StringBuilder page)
    {
        page.Append(
            """

            ## What police and hotlines say to each other

            Holds, what police says of an item, and questions are shown to who asks (police, with a purpose given, or INTERPOL: what its own agency asked
            for) and to these; to all others they do not exist, in no list, history or answer.

            | Relation | While |
            |---|---|

            """);
        foreach (var row in PartyRows)
        {
            page.Append($"| {Rows.First(r => r.Relation == row.Relation).Title}{(row.OfBureau ? ": its national bureau, of what its own country's police asks" : "")} | {Words(row.While)} |\n");
        }
    }

    private sealed record PartyRow(ItemRelations Relation, ItemPhase While)
    {
        public bool OfBureau { get; init; }
    }
}
