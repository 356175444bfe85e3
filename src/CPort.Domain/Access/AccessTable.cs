using System.Collections.Immutable;
using System.Text;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;

namespace CPort.Domain.Access;

/// <summary>What the access table must know of an item; nothing of it is confidential.</summary>
/// <param name="ReportingHotline">Who sent the report.</param>
/// <param name="AssignedCountry">Whose job the item is; null while orphaned or not yet routed.</param>
/// <param name="AssignedHotline">Which of that country's hotlines has it.</param>
/// <param name="HostingCountry">Where it is hosted, when known.</param>
/// <param name="IsOrphan">Hosted where there is no hotline, and not yet taken by a mandated one.</param>
/// <param name="Tenant">Live or training.</param>
/// <param name="IsIllegal">The effective classification is Baseline or National.</param>
public sealed record ItemRelationFacts(
    AgencyId ReportingHotline,
    Country? AssignedCountry,
    AgencyId? AssignedHotline,
    Country? HostingCountry,
    bool IsOrphan,
    Tenant Tenant,
    bool IsIllegal);

/// <summary>How a caller stands to an item; several can hold at once, and each adds what it may see.</summary>
[Flags]
public enum ItemRelations
{
    None = 0,
    Reporting = 1,
    AssignedHotline = 2,
    AssignedCountry = 4,
    Hosting = 8,
    Mandated = 16,
    PoliceOfCountry = 32,
    Interpol = 64,
    Operator = 128,
    Auditor = 256,
    SupervisoryAuthority = 512,

    /// <summary>CPort's own automatic work; it writes what it finds and asks no API.</summary>
    System = 1024,
}

/// <summary>Fields that are shown or hidden together.</summary>
public enum FieldGroup
{
    /// <summary>That the report or item exists: its id, number and dates.</summary>
    Existence = 1,

    /// <summary>State, assignment, lease, actions taken, urgency.</summary>
    State,

    /// <summary>Opinions and the effective classification, age, gender, flags.</summary>
    Classification,

    /// <summary>Country, address, network, provider; site type, commerciality, payment methods.</summary>
    Hosting,

    /// <summary>The URL, its host, and the referrer.</summary>
    Url,

    /// <summary>User name and password for the page.</summary>
    Credentials,

    /// <summary>Free texts.</summary>
    Memo,

    /// <summary>Hash values, matches, groups of look-alikes, and lists they came from.</summary>
    Hashes,

    /// <summary>The reporting analyst, the hotline's own reference, the day the public reported.</summary>
    ReporterData,

    /// <summary>Every event: who, when, what, why.</summary>
    History,
}

/// <summary>Whether a field group is shown.</summary>
public enum Visibility
{
    /// <summary>Not in the answer at all.</summary>
    Absent = 0,

    /// <summary>Its shape without confidential content: of the history who, when and what kind of event.</summary>
    Masked = 1,

    /// <summary>Shown.</summary>
    Visible = 2,
}

/// <summary>What a caller wants to change on an item.</summary>
public enum ItemWrite
{
    Amend = 1,
    Withdraw,
    AddItems,
    MarkUrgent,
    AddMemo,
    SeenOnline,

    /// <summary>Say which hotline of the assigned country has the item.</summary>
    Assign,
    Claim,
    Release,
    Assess,

    /// <summary>One's own assessment, with trail; the report's rules check that it is one's own.</summary>
    CorrectAssessment,
    Act,
    UpdateHosting,
    MoveToCountry,
    SetReference,

    /// <summary>Site type, commerciality, payment methods.</summary>
    DescribeSite,
    TakeOrphan,

    /// <summary>Trace, match, route and assign by CPort itself.</summary>
    Automatic,
}

/// <summary>What one caller may see of one item (or of a report: the union over its items).</summary>
public readonly record struct ItemAccess(ItemRelations Relations)
{
    public static readonly ItemAccess None = new(ItemRelations.None);

    /// <summary>False: answer as if there were no such report.</summary>
    public bool Exists => this[FieldGroup.Existence] == Visibility.Visible;

    public Visibility this[FieldGroup field] => AccessTable.Of(Relations, field);

    public bool Sees(FieldGroup field) => this[field] == Visibility.Visible;

    /// <summary>For what belongs to the report as a whole: the caller sees it when it sees it for any item.</summary>
    public ItemAccess Or(ItemAccess other) => new(Relations | other.Relations);
}

/// <summary>
/// Who sees and changes what of an item: the one table of reading and writing rights, as data. <c>docs/access.md</c> is rendered from it, and
/// a test keeps the two equal. Who has no row here sees nothing, and to them the report looks as if it did not exist.
/// </summary>
public static class AccessTable
{
    private const Visibility Yes = Visibility.Visible;
    private const Visibility Part = Visibility.Masked;
    private const Visibility No = Visibility.Absent;

    private static readonly ImmutableArray<FieldGroup> Fields = [.. Enum.GetValues<FieldGroup>()];

    private static ImmutableArray<ItemWrite> TheJob =>
    [
        ItemWrite.Claim, ItemWrite.Release, ItemWrite.Assess, ItemWrite.CorrectAssessment, ItemWrite.Act, ItemWrite.UpdateHosting, ItemWrite.MoveToCountry,
        ItemWrite.SetReference, ItemWrite.DescribeSite, ItemWrite.MarkUrgent, ItemWrite.AddMemo, ItemWrite.SeenOnline,
    ];

    // The cells stand in the order of FieldGroup:
    // Existence, State, Classification, Hosting, Url, Credentials, Memo, Hashes, ReporterData, History.
    private static readonly ImmutableArray<ReadRow> ReadRows =
    [
        new(ItemRelations.Reporting, "Reporting hotline", "the hotline that sent the report (analyst or machine)",
            [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes]),
        new(ItemRelations.AssignedHotline, "Assigned hotline", "the hotline that has the item, while it works for the assigned country",
            [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, No, Yes]),
        new(ItemRelations.AssignedCountry, "Hotline of the assigned country", "any hotline that works for the assigned country today",
            [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, No, Yes]),
        new(ItemRelations.Hosting, "Hotline of the hosting country", "any hotline that works for the hosting country today",
            [Yes, Yes, Yes, Yes, Yes, No, No, No, No, No]),
        new(ItemRelations.Mandated, "Mandated hotline", "a hotline with the orphan mandate, of items that are orphans",
            [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, No, Yes]),
        new(ItemRelations.PoliceOfCountry, "Police of the country", "police (officer or machine) of the assigned or hosting country, with a purpose given",
            [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, No, Yes]),
        new(ItemRelations.Interpol, "INTERPOL", "INTERPOL, of items that are Baseline or National by their effective classification, and of orphans",
            [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, No, Yes]),
        new(ItemRelations.Operator, "Operator", "an operator's key with the role operator, of every item",
            [Yes, Yes, No, No, No, No, No, No, No, No]),
        new(ItemRelations.Auditor, "Auditor",
            "a key with the role auditor: of an operator for every item, of another agency for the items that agency stands in a relation to",
            [Yes, Yes, No, No, No, No, No, No, No, Part]),
        new(ItemRelations.SupervisoryAuthority, "Supervisory authority", "a supervisory authority of the assigned or hosting country (auditor)",
            [Yes, Yes, Yes, No, No, No, No, No, No, Part]),
    ];

    // Analysts work through their hotline's own system as well (SCART does), so a machine's key may do what an analyst's may.
    private const Roles Worker = Roles.Analyst | Roles.Machine;

    private static readonly ImmutableArray<WriteRow> WriteRows =
    [
        new(ItemRelations.Reporting, Worker, "at any time", _ => true,
            [
                ItemWrite.Amend, ItemWrite.Withdraw, ItemWrite.AddItems, ItemWrite.DescribeSite, ItemWrite.MarkUrgent, ItemWrite.AddMemo, ItemWrite.SeenOnline,
                ItemWrite.CorrectAssessment,
            ]),
        new(ItemRelations.Reporting, Worker, "while the item is not routed yet", f => f.AssignedCountry is null && !f.IsOrphan,
            [ItemWrite.UpdateHosting]),
        new(ItemRelations.AssignedCountry, Worker, "at any time", _ => true, [ItemWrite.Assign]),
        new(ItemRelations.AssignedCountry, Worker, "while no single hotline has the item", f => f.AssignedHotline is null, TheJob),
        new(ItemRelations.AssignedHotline, Worker, "at any time", _ => true, TheJob),
        new(ItemRelations.Mandated, Worker, "while it is an orphan", f => f.IsOrphan,
            [ItemWrite.TakeOrphan, ItemWrite.UpdateHosting, ItemWrite.MoveToCountry, ItemWrite.SeenOnline]),
        new(ItemRelations.System, Roles.Machine, "at any time", _ => true, [ItemWrite.Automatic]),
    ];

    /// <summary>Every relation that has a row in the reading table.</summary>
    public static ImmutableArray<ItemRelations> Relations { get; } = [.. ReadRows.Select(r => r.Relation)];

    /// <summary>How the caller stands to the item. Live callers stand in no relation to training items, nor the other way round.</summary>
    public static ItemRelations RelationsOf(Caller caller, ItemRelationFacts item)
    {
        if (caller.Tenant != item.Tenant)
        {
            return ItemRelations.None;
        }

        var agency = OfAgency(caller, item);
        var held = caller.Kind switch
        {
            AgencyKind.Hotline when caller.Is(Roles.Analyst | Roles.Machine) => agency,
            AgencyKind.Police when caller.Is(Roles.Officer | Roles.Machine) && !string.IsNullOrWhiteSpace(caller.Purpose) => agency,
            AgencyKind.Interpol when caller.Is(Roles.Analyst | Roles.Officer | Roles.Machine) => agency,
            AgencyKind.SupervisoryAuthority when caller.Is(Roles.Auditor) => agency,
            AgencyKind.Operator when caller.Is(Roles.Operator) => agency,
            AgencyKind.System => agency,
            _ => ItemRelations.None,
        };

        // A supervisory authority has a row of its own; everybody else's auditors see no more than that something was done, and only
        // where their own agency could look at all.
        return caller.Is(Roles.Auditor) && agency != ItemRelations.None && caller.Kind is not (AgencyKind.SupervisoryAuthority or AgencyKind.System)
            ? held | ItemRelations.Auditor
            : held;
    }

    /// <summary>What the caller may see of the item.</summary>
    public static ItemAccess For(Caller caller, ItemRelationFacts item) => new(RelationsOf(caller, item));

    /// <summary>What these relations together show of a field group: the most that any of them shows.</summary>
    public static Visibility Of(ItemRelations relations, FieldGroup field)
    {
        var most = Visibility.Absent;
        foreach (var row in ReadRows)
        {
            if ((relations & row.Relation) != 0 && row.Cells[(int)field - 1] is var cell && cell > most)
            {
                most = cell;
            }
        }

        return most;
    }

    /// <summary>
    /// Whether the caller may do this to the item at all (ICCAM rule 4: only the assigned country assesses and acts). The report's own rules
    /// (final items, leases, versions) come after it.
    /// </summary>
    public static bool MayWrite(Caller caller, ItemRelationFacts item, ItemWrite write)
    {
        var relations = RelationsOf(caller, item);
        return WriteRows.Any(row => (relations & row.Relation) != 0 && caller.Is(row.Roles) && row.Writes.Contains(write) && row.While(item));
    }

    /// <summary>The table as a page of Markdown: the content of <c>docs/access.md</c>.</summary>
    public static string RenderMarkdown()
    {
        var page = new StringBuilder();
        page.Append(
            """
            # Who sees and changes what

            <!-- Rendered from src/CPort.Domain/Access/AccessTable.cs. Change the table there, then run the tests with CPORT_UPDATE_DOCS=1. -->

            What a key may see of an item follows from how its agency stands to the item. A caller can stand in several relations at once and then
            sees what any of them shows. A caller in no relation sees nothing: to it the report looks as if it did not exist. What belongs to a
            report as a whole is seen by whoever sees it for at least one of its items. Live keys see live reports only, training keys training
            reports only. Memberships count by the day of the request (UTC). Providers stand in no relation to any item.

            ## Relations

            | Relation | Holds for |
            |---|---|

            """);
        foreach (var row in ReadRows)
        {
            page.Append($"| {row.Title} | {row.Holds} |\n");
        }

        page.Append(
            """

            ## Reading

            ✓ visible · ◐ masked (its shape without confidential content: of the history who, when and what kind of event) · – absent

            """);
        page.Append($"\n| Relation | {string.Join(" | ", Fields.Select(Words))} |\n");
        page.Append($"|---|{string.Concat(Fields.Select(_ => ":-:|"))}\n");
        foreach (var row in ReadRows)
        {
            page.Append($"| {row.Title} | {string.Join(" | ", row.Cells.Select(Sign))} |\n");
        }

        page.Append($"| None | {string.Join(" | ", Fields.Select(_ => Sign(Visibility.Absent)))} |\n");
        page.Append(
            """

            The history of an item is shown with its fields under the same table: whoever does not see memos does not see them in the history either.
            Operators get counts and queue lengths besides; those name no item. Groups of look-alikes count and show only items whose hashes the caller sees,
            and at least two (groups.md).

            ## Writing

            ICCAM rule 4: only the hotline of the assigned country assesses, acts and claims. Everything that no row allows is refused. The rules of the
            report come after this table: final items, leases, versions, and that a report is not withdrawn once another agency has assessed or acted.

            | Relation | Role | May | While |
            |---|---|---|---|

            """);
        foreach (var row in WriteRows)
        {
            page.Append($"| {TitleOf(row.Relation)} | {Words(row.Roles)} | {string.Join(", ", row.Writes.Select(Words))} | {row.WhileText} |\n");
        }

        return page.ToString().ReplaceLineEndings("\n");
    }

    private static ItemRelations OfAgency(Caller caller, ItemRelationFacts item)
    {
        var assigned = item.AssignedCountry is { } a && caller.WorksFor(a);
        var hosting = item.HostingCountry is { } h && caller.WorksFor(h);
        return caller.Kind switch
        {
            AgencyKind.Hotline =>
                If(caller.Agency == item.ReportingHotline, ItemRelations.Reporting)
                | If(assigned && caller.Agency == item.AssignedHotline, ItemRelations.AssignedHotline)
                | If(assigned, ItemRelations.AssignedCountry)
                | If(hosting, ItemRelations.Hosting)
                | If(caller.HoldsOrphanMandate && item.IsOrphan, ItemRelations.Mandated),
            AgencyKind.Police => If(assigned || hosting, ItemRelations.PoliceOfCountry),
            AgencyKind.Interpol => If(item.IsIllegal || item.IsOrphan, ItemRelations.Interpol),
            AgencyKind.SupervisoryAuthority => If(assigned || hosting, ItemRelations.SupervisoryAuthority),
            AgencyKind.Operator => ItemRelations.Operator,
            AgencyKind.System => ItemRelations.System,
            _ => ItemRelations.None,
        };

        static ItemRelations If(bool holds, ItemRelations relation) => holds ? relation : ItemRelations.None;
    }

    private static string TitleOf(ItemRelations relation) =>
        ReadRows.FirstOrDefault(r => r.Relation == relation)?.Title ?? "CPort itself";

    private static string Sign(Visibility visibility) => visibility switch
    {
        Visibility.Visible => "✓",
        Visibility.Masked => "◐",
        _ => "–",
    };

    /// <summary><c>ReporterData</c> becomes "reporter data", <c>Url</c> "URL".</summary>
    private static string Words<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        var words = string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) && name[i - 1] != ' ' ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
        return words == "url" ? "URL" : words.Replace(", ", " or ", StringComparison.Ordinal);
    }

    private sealed record ReadRow(ItemRelations Relation, string Title, string Holds, ImmutableArray<Visibility> Cells);

    private sealed record WriteRow(
        ItemRelations Relation, Roles Roles, string WhileText, Func<ItemRelationFacts, bool> While, ImmutableArray<ItemWrite> Writes);
}
