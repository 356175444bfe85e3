using System.Collections.Concurrent;

namespace CPort.Domain.Access;

/// <summary>What the access table must know of an item; nothing of it is confidential.</summary>
/// <param name="ReportingHotline">Who sent the report.</param>
/// <param name="AssignedCountry">Whose job the item is; null while orphaned or not yet routed.</param>
/// <param name="AssignedHotline">Which of that country's hotlines has it.</param>
/// <param name="HostingCountry">Where it is hosted, when known.</param>
/// <param name="IsOrphan">Hosted where there is no hotline, and not yet taken by a mandated one.</param>
/// <param name="Tenant">Live or training.</param>
/// <param name="IsIllegal">The effective classification is Baseline or National, or the item is disputed or contradicted.</param>
/// <param name="EscalatedTo">Whom an orphan went to that nobody took in time.</param>
/// <param name="FormerAgencies">Who had it before, or gave an opinion or did something about it (<see cref="AccessTable.SetOf"/>).</param>
/// <param name="FormerCountries">The countries whose job it was before (<see cref="AccessTable.SetOf"/>).</param>
/// <param name="ReferredTo">The agencies that it was given to (<see cref="AccessTable.SetOf"/>).</param>
/// <param name="AskedToLook">The agencies asked for a second look that is waited for (<see cref="AccessTable.SetOf"/>).</param>
public sealed record ItemRelationFacts(
    AgencyId ReportingHotline,
    Country? AssignedCountry,
    AgencyId? AssignedHotline,
    Country? HostingCountry,
    bool IsOrphan,
    Tenant Tenant,
    bool IsIllegal,
    AgencyId? EscalatedTo = null,
    string FormerAgencies = "",
    string FormerCountries = "",
    string ReferredTo = "",
    string AskedToLook = "");

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

    /// <summary>Had the item or its job before, or worked on it: sees what became of it, and its own part.</summary>
    FormerlyAssigned = 2048,

    /// <summary>Police or INTERPOL to whom an orphan went that nobody took: it is theirs to answer, take, act on and close.</summary>
    Escalated = 4096,

    /// <summary>Police or INTERPOL that was given the item, wherever it is.</summary>
    Referred = 8192,

    /// <summary>Asked for a second look, while one is waited for.</summary>
    AskedToLook = 16384,
}

/// <summary>Fields that are shown or hidden together.</summary>
public enum FieldGroup
{
    /// <summary>That the report or item exists: its id, number and dates.</summary>
    Existence = 1,

    /// <summary>
    /// State, assignment, lease, actions taken, urgency, and the day the public reported: those who have the item count their times from there (ICCAM rule 6).
    /// </summary>
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

    /// <summary>The reporting analyst and the hotline's own references.</summary>
    ReporterData,

    /// <summary>Every event: who, when, what, why.</summary>
    History,

    /// <summary>What a provider says of people: accounts, and addresses with their times and ports.</summary>
    Involved,
}

/// <summary>Whether a field group is shown.</summary>
public enum Visibility
{
    /// <summary>Not in the answer at all.</summary>
    Absent = 0,

    /// <summary>
    /// Its shape without confidential content: of the history who, when and what kind of event; of the classification what counts, and one's own opinions.
    /// </summary>
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

    /// <summary>Say why a Baseline is thought wrong; decides nothing for the item.</summary>
    Object,
    Act,
    UpdateHosting,
    MoveToCountry,
    SetReference,

    /// <summary>Site type, commerciality, payment methods.</summary>
    DescribeSite,
    TakeOrphan,

    /// <summary>Take up again what was closed as not illegal, or against which a believed Baseline came.</summary>
    Reopen,

    /// <summary>Trace, match, route and assign by CPort itself.</summary>
    Automatic,

    /// <summary>Of police: have the host not told for a while.</summary>
    Hold,

    /// <summary>End one's own hold before its time.</summary>
    LiftHold,

    /// <summary>Let one's own hold last longer.</summary>
    ExtendHold,

    /// <summary>Say why a hold of police is thought wrong.</summary>
    ObjectToHold,

    /// <summary>End a hold to which a hotline objects.</summary>
    OverruleHold,

    /// <summary>Give it to police: a hotline to whom it concerns, police to itself.</summary>
    Refer,

    /// <summary>Propose it for ICSE.</summary>
    ProposeForIcse,

    /// <summary>Of police that it was given to: ask its source, or who has it, for data.</summary>
    Ask,

    /// <summary>Answer what police asks.</summary>
    Answer,

    /// <summary>Say that one's own question is answered, or ask again.</summary>
    JudgeAnswer,

    /// <summary>Judge it without knowing what was said: a person's, never a machine's.</summary>
    Look = 60,

    /// <summary>Ask another agency to look.</summary>
    AskForLook = 61,
}

/// <summary>What one caller may see of one item (or of a report: the union over its items).</summary>
public readonly record struct ItemAccess(ItemRelations Relations)
{
    /// <summary>What others said of it is not shown: the caller may give a second look (<see cref="Reports.SecondLooks.IsBlind"/>).</summary>
    public bool Blind { get; init; }

    public static readonly ItemAccess None = new(ItemRelations.None);

    /// <summary>False: answer as if there were no such report.</summary>
    public bool Exists => this[FieldGroup.Existence] == Visibility.Visible;

    public Visibility this[FieldGroup field] => Blind && field == FieldGroup.Classification ? Visibility.Absent : AccessTable.Of(Relations, field);

    public bool Sees(FieldGroup field) => this[field] == Visibility.Visible;

    /// <summary>For what belongs to the report as a whole: the caller sees it when it sees it for any item.</summary>
    public ItemAccess Or(ItemAccess other) => new(Relations | other.Relations) { Blind = Blind || other.Blind };
}

/// <summary>One way in which a caller's agency is tied to an item; a relation holds while one of its ties does.</summary>
public enum ItemTie
{
    /// <summary>The agency sent the report.</summary>
    Reported = 1,

    /// <summary>It has the item, and works for the assigned country.</summary>
    HasItem,
    AssignedCountry,
    HostingCountry,

    /// <summary>It holds the mandate, and the item is an orphan.</summary>
    OrphanMandate,
    Orphan,

    /// <summary>The effective classification is Baseline or National, or the item is disputed or contradicted.</summary>
    Illegal,
    Every,

    /// <summary>The agency had the item before, or gave an opinion or did something about it.</summary>
    FormerAgency,

    /// <summary>It works for a country whose job the item was.</summary>
    FormerCountry,

    /// <summary>The orphan went to it.</summary>
    EscalatedTo,

    /// <summary>The item was given to it.</summary>
    ReferredTo,

    /// <summary>It was asked for a second look, which is waited for.</summary>
    AskedToLook,
}

/// <summary>Where an item stands on its way to a hotline; some rights last only so long.</summary>
public enum ItemPhase
{
    Any = 1,
    NotRouted,
    Orphan,

    /// <summary>Assigned to a country, or to nobody, but to no single hotline.</summary>
    NoHotline,
}

/// <summary>
/// Who sees and changes what of an item: the one table of reading and writing rights, as data. Every verb of a report opens by asking it, the database's
/// conditions are made from it (<c>AccessScope</c>), and <c>docs/access.md</c> is rendered from it. Who has no row here sees nothing, and to them the report
/// looks as if it did not exist.
/// </summary>
public static partial class AccessTable
{
    private static readonly ImmutableArray<FieldGroup> Fields = [.. Enum.GetValues<FieldGroup>()];

    /// <summary>What stands behind the URL: shown by no row that does not show the URL, whatever else the row says.</summary>
    private static readonly ImmutableArray<FieldGroup> BehindUrl = [FieldGroup.Credentials, FieldGroup.Memo];

    // Who it was is for police to find out: hotlines judge what it is.
    private static readonly ImmutableArray<FieldGroup> AllButPeople = Fields.Remove(FieldGroup.ReporterData).Remove(FieldGroup.Involved);
    private static readonly ImmutableArray<FieldGroup> AllButReporterData = Fields.Remove(FieldGroup.ReporterData);

    private static readonly ImmutableArray<AgencyKind> PoliceAndInterpol = [AgencyKind.Police, AgencyKind.Interpol];

    // Analysts work through their hotline's own system as well (SCART does), so a machine's key may do what an analyst's may.
    private const Roles Worker = Roles.Analyst | Roles.Machine;
    private const Roles AnyWorker = Worker | Roles.Officer;

    private static readonly ImmutableArray<RelationRow> Rows =
    [
        new(ItemRelations.Reporting, [AgencyKind.Hotline], Worker, [ItemTie.Reported], Shown: Fields)
        {
            Title = "Reporting hotline", Holds = "the hotline that sent the report (analyst or machine)",
        },
        new(ItemRelations.AssignedHotline, [AgencyKind.Hotline], Worker, [ItemTie.HasItem], Shown: AllButPeople)
        {
            Title = "Assigned hotline", Holds = "the hotline that has the item, while it works for the assigned country",
        },
        new(ItemRelations.AssignedCountry, [AgencyKind.Hotline], Worker, [ItemTie.AssignedCountry], Shown: AllButPeople)
        {
            Title = "Hotline of the assigned country", Holds = "any hotline that works for the assigned country today",
        },
        new(ItemRelations.Hosting, [AgencyKind.Hotline], Worker, [ItemTie.HostingCountry],
            Shown: [FieldGroup.Existence, FieldGroup.State, FieldGroup.Classification, FieldGroup.Hosting, FieldGroup.Url])
        {
            Title = "Hotline of the hosting country", Holds = "any hotline that works for the hosting country today",
        },
        new(ItemRelations.Mandated, [AgencyKind.Hotline], Worker, [ItemTie.OrphanMandate], Shown: AllButPeople)
        {
            Title = "Mandated hotline", Holds = "a hotline with the orphan mandate, of items that are orphans",
        },
        new(ItemRelations.PoliceOfCountry, [AgencyKind.Police], Roles.Officer | Roles.Machine,
            [ItemTie.AssignedCountry, ItemTie.HostingCountry], Shown: AllButReporterData)
        {
            Title = "Police of the country",
            Holds = "police (officer or machine) of the assigned or hosting country, with a purpose given",
            NeedsPurpose = true,
        },
        new(ItemRelations.Interpol, [AgencyKind.Interpol], Roles.Analyst | Roles.Officer | Roles.Machine,
            [ItemTie.Illegal, ItemTie.Orphan], Shown: AllButReporterData)
        {
            Title = "INTERPOL",
            Holds = "INTERPOL, of items that are Baseline or National by their effective classification, disputed or contradicted, and of orphans",
        },
        new(ItemRelations.Escalated, PoliceAndInterpol, AnyWorker, [ItemTie.EscalatedTo], Shown: AllButReporterData)
        {
            Title = "Whom an orphan went to",
            Holds = "police (with a purpose given) or INTERPOL, of orphans that went to them because nobody took them in time",
            NeedsPurpose = true,
        },
        new(ItemRelations.Referred, PoliceAndInterpol, AnyWorker, [ItemTie.ReferredTo], Shown: AllButReporterData)
        {
            Title = "Referred police",
            Holds = "police (with a purpose given) or INTERPOL that the item was given to in a referral, also when the country is neither hosting nor assigned",
            NeedsPurpose = true,
        },
        new(ItemRelations.AskedToLook, [AgencyKind.Hotline, .. PoliceAndInterpol], Roles.Analyst | Roles.Officer, [ItemTie.AskedToLook],
            Shown: [FieldGroup.Existence, FieldGroup.State, FieldGroup.Hosting, FieldGroup.Url, FieldGroup.Credentials])
        {
            Title = "Asked for a second look",
            Holds = "a hotline, police (with a purpose given) or INTERPOL that the hotline which has the item asked for a second look, while that is waited for",
            NeedsPurpose = true, ForAuditors = false,
        },
        new(ItemRelations.FormerlyAssigned, [AgencyKind.Hotline, .. PoliceAndInterpol], AnyWorker, [ItemTie.FormerAgency, ItemTie.FormerCountry],
            Shown: [FieldGroup.Existence, FieldGroup.State], Masked: FieldGroup.Classification)
        {
            Title = "Formerly assigned",
            Holds = "who had the item or worked on it before, and hotlines and police (with a purpose given) of a country whose job it was",
            NeedsPurpose = true, ForAuditors = false,
        },
        new(ItemRelations.Operator, [AgencyKind.Operator], Roles.Operator, [ItemTie.Every],
            Shown: [FieldGroup.Existence, FieldGroup.State])
        {
            Title = "Operator", Holds = "an operator's key with the role operator, of every item",
        },

        // Of any agency but the two below: what ties the agency to the item ties its auditors.
        new(ItemRelations.Auditor, [], Roles.Auditor, [],
            Shown: [FieldGroup.Existence, FieldGroup.State], Masked: FieldGroup.History)
        {
            Title = "Auditor",
            Holds = "a key with the role auditor: of an operator for every item, "
                + "of another agency for the items that agency stands in a relation to",
        },
        new(ItemRelations.SupervisoryAuthority, [AgencyKind.SupervisoryAuthority], Roles.Auditor,
            [ItemTie.AssignedCountry, ItemTie.HostingCountry],
            Shown: [FieldGroup.Existence, FieldGroup.State, FieldGroup.Classification], Masked: FieldGroup.History)
        {
            Title = "Supervisory authority", Holds = "a supervisory authority of the assigned or hosting country (auditor)",
        },
        new(ItemRelations.System, [AgencyKind.System], Roles.Machine, [ItemTie.Every], Shown: [])
        {
            Title = "CPort itself", Holds = "CPort's own automatic work, of every item; it asks no API",
        },
    ];

    private static ImmutableArray<ItemWrite> TheJob =>
    [
        ItemWrite.Claim, ItemWrite.Release, ItemWrite.Assess, ItemWrite.CorrectAssessment, ItemWrite.Act, ItemWrite.UpdateHosting,
        ItemWrite.MoveToCountry, ItemWrite.SetReference, ItemWrite.DescribeSite, ItemWrite.MarkUrgent, ItemWrite.AddMemo,
        ItemWrite.SeenOnline, ItemWrite.Object, ItemWrite.Reopen, ItemWrite.ObjectToHold, ItemWrite.Refer, ItemWrite.ProposeForIcse, ItemWrite.Answer,
    ];

    private static readonly ImmutableArray<WriteRow> WriteRows =
    [
        new(ItemRelations.Reporting, Worker, ItemPhase.Any,
        [
            ItemWrite.Amend, ItemWrite.Withdraw, ItemWrite.AddItems, ItemWrite.DescribeSite, ItemWrite.MarkUrgent,
            ItemWrite.AddMemo, ItemWrite.SeenOnline, ItemWrite.CorrectAssessment, ItemWrite.Object, ItemWrite.ObjectToHold,
            ItemWrite.Refer, ItemWrite.ProposeForIcse, ItemWrite.Answer,
        ]),

        // What nobody can trace is nobody's job: its reporter tells police at once, or finds it gone (RecordActions says which actions).
        new(ItemRelations.Reporting, Worker, ItemPhase.NotRouted, [ItemWrite.UpdateHosting, ItemWrite.Act]),
        new(ItemRelations.AssignedCountry, Worker, ItemPhase.Any,
            [ItemWrite.Assign, ItemWrite.CorrectAssessment, ItemWrite.Object, ItemWrite.Reopen]),
        new(ItemRelations.AssignedCountry, Worker, ItemPhase.NoHotline, TheJob),
        new(ItemRelations.AssignedHotline, Worker, ItemPhase.Any, TheJob),

        // Of persons: who looked, and that it was somebody else, is what a second look is.
        new(ItemRelations.AssignedHotline, Roles.Analyst, ItemPhase.Any, [ItemWrite.Look]) { OfPerson = true },
        new(ItemRelations.AssignedHotline, Roles.Manager, ItemPhase.Any, [ItemWrite.AskForLook]),
        new(ItemRelations.AskedToLook, Roles.Analyst | Roles.Officer, ItemPhase.Any, [ItemWrite.Look, ItemWrite.Release]) { OfPerson = true },
        new(ItemRelations.Mandated, Worker, ItemPhase.Orphan,
        [
            ItemWrite.TakeOrphan, ItemWrite.UpdateHosting, ItemWrite.MoveToCountry, ItemWrite.SeenOnline,
            ItemWrite.CorrectAssessment,
        ]),
        new(ItemRelations.Escalated, AnyWorker, ItemPhase.Orphan, TheJob),
        new(ItemRelations.FormerlyAssigned, AnyWorker, ItemPhase.Any, [ItemWrite.CorrectAssessment]),
        new(ItemRelations.System, Roles.Machine, ItemPhase.Any, [ItemWrite.Automatic]),

        // Police first: in its own jurisdiction, and INTERPOL's where there is none. What somebody asked for they end, wherever the item is by then.
        new(ItemRelations.PoliceOfCountry, Roles.Officer | Roles.Machine, ItemPhase.Any, [ItemWrite.Hold, ItemWrite.LiftHold]),
        new(ItemRelations.PoliceOfCountry, Roles.Manager, ItemPhase.Any, [ItemWrite.ExtendHold]),
        new(ItemRelations.PoliceOfCountry, Roles.Manager, ItemPhase.Any, [ItemWrite.OverruleHold]) { OfBureau = true },
        new(ItemRelations.Interpol, AnyWorker, ItemPhase.Orphan, [ItemWrite.Hold]),
        new(ItemRelations.Interpol, AnyWorker, ItemPhase.Any, [ItemWrite.LiftHold]),
        new(ItemRelations.Interpol, Roles.Manager, ItemPhase.Orphan, [ItemWrite.ExtendHold]),
        new(ItemRelations.Escalated, AnyWorker, ItemPhase.Orphan, [ItemWrite.Hold, ItemWrite.LiftHold]),
        new(ItemRelations.Escalated, Roles.Manager, ItemPhase.Orphan, [ItemWrite.ExtendHold]),
        new(ItemRelations.FormerlyAssigned, Roles.Officer, ItemPhase.Any, [ItemWrite.LiftHold]),
        new(ItemRelations.PoliceOfCountry, Roles.Officer | Roles.Machine, ItemPhase.Any, [ItemWrite.Refer, ItemWrite.ProposeForIcse]),
        new(ItemRelations.Interpol, AnyWorker, ItemPhase.Any, [ItemWrite.Refer]),
        new(ItemRelations.Referred, AnyWorker, ItemPhase.Any, [ItemWrite.Ask, ItemWrite.JudgeAnswer]),
    ];

    /// <summary>Every relation that shows something.</summary>
    public static ImmutableArray<ItemRelations> Relations { get; } = [.. ShowingRows.Select(r => r.Relation)];

    /// <summary>A set of agencies or countries as one text, which a database can search: <c>,NL,BE,</c>; empty when there is none.</summary>
    public static string SetOf(IEnumerable<string> names) => names.ToArray() switch
    {
        [] => "",
        [var only] => $",{only},",
        var several => $",{string.Join(',', several.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))},",
    };

    /// <summary>Whether <see cref="SetOf"/> was made with the name.</summary>
    public static bool IsIn(string set, string name) => set.Length > 0 && set.Contains($",{name},", StringComparison.Ordinal);

    private static IEnumerable<RelationRow> ShowingRows => Rows.Where(r => !r.Shown.IsEmpty);

    /// <summary>
    /// The relations that the caller can stand in, each with the ties to the item of which one must hold. Live callers stand in no relation to training items,
    /// nor the other way round.
    /// </summary>
    public static ImmutableArray<(ItemRelations Relation, ImmutableArray<ItemTie> Ties)> RelationsOf(Caller caller) =>
        Standings.GetOrAdd((caller.Kind, caller.Roles, HasPurpose(caller)), static who => [.. RelationsOf(who.Kind, who.Roles, who.HasPurpose)]);

    // What of a caller the rows ask for: each command and each news asks them, and few combinations ever occur.
    private static readonly ConcurrentDictionary<
        (AgencyKind Kind, Roles Roles, bool HasPurpose), ImmutableArray<(ItemRelations Relation, ImmutableArray<ItemTie> Ties)>> Standings = new();

    private static readonly ConcurrentDictionary<
        (Roles Roles, bool OfBureau, bool OfPerson, ItemWrite Write), ImmutableArray<(ItemRelations Relation, ItemPhase While)>> Ways = new();

    private static IEnumerable<(ItemRelations Relation, ImmutableArray<ItemTie> Ties)> RelationsOf(AgencyKind kind, Roles roles, bool hasPurpose)
    {
        foreach (var row in Rows)
        {
            if ((roles & row.Roles) == 0 || (row.NeedsPurpose && !hasPurpose))
            {
                continue;
            }

            if (row.Kinds.Contains(kind))
            {
                yield return (row.Relation, row.Ties);
            }
            else if (row.Kinds.IsEmpty && kind is not (AgencyKind.SupervisoryAuthority or AgencyKind.System))
            {
                yield return (row.Relation, [.. Rows.Where(r => r.ForAuditors && r.Kinds.Contains(kind)).SelectMany(r => r.Ties)]);
            }
        }
    }

    /// <summary>How the caller stands to the item.</summary>
    public static ItemRelations RelationsOf(Caller caller, ItemRelationFacts item)
    {
        var held = ItemRelations.None;
        if (caller.Tenant == item.Tenant)
        {
            foreach (var (relation, ties) in RelationsOf(caller))
            {
                foreach (var tie in ties)
                {
                    if (Holds(tie, caller, item))
                    {
                        held |= relation;
                        break;
                    }
                }
            }
        }

        return held;
    }

    /// <summary>What the caller may see of the item.</summary>
    public static ItemAccess For(Caller caller, ItemRelationFacts item) => new(RelationsOf(caller, item));

    /// <summary>What these relations together show of a field group: the most that any of them shows.</summary>
    public static Visibility Of(ItemRelations relations, FieldGroup field)
    {
        var most = Visibility.Absent;
        foreach (var row in Rows)
        {
            if ((relations & row.Relation) != 0 && row.Of(field) is var shown && shown > most)
            {
                most = shown;
            }
        }

        return most;
    }

    /// <summary>
    /// Whether the caller may do this to the item at all (ICCAM rule 4: only the assigned country assesses and acts). The verb's own rules (final items,
    /// leases, versions) come after it.
    /// </summary>
    public static bool MayWrite(Caller caller, ItemRelationFacts item, ItemWrite write)
    {
        var relations = RelationsOf(caller, item);
        if (relations != ItemRelations.None)
        {
            foreach (var (relation, phase) in WaysTo(caller, write))
            {
                if ((relations & relation) != 0 && Holds(phase, item))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The relations by which the caller's roles may do this, each with the phase of the item for which it lasts.</summary>
    public static ImmutableArray<(ItemRelations Relation, ItemPhase While)> WaysTo(Caller caller, ItemWrite write) =>
        Ways.GetOrAdd((caller.Roles, caller.IsNationalBureau, caller.NamesPerson, write), static of =>
        [
            .. WriteRows.Where(row => (of.Roles & row.Roles) != 0 && row.Writes.Contains(of.Write) && (!row.OfBureau || of.OfBureau)
                    && (!row.OfPerson || of.OfPerson))
                .Select(row => (row.Relation, row.While)),
        ]);

    /// <summary>Of police one is asked for; every other agency's key says by its kind why it looks.</summary>
    private static bool HasPurpose(Caller caller) => caller.Kind != AgencyKind.Police || !string.IsNullOrWhiteSpace(caller.Purpose);

    /// <summary>The table as a page of Markdown: the content of <c>docs/access.md</c>.</summary>
    public static string RenderMarkdown()
    {
        var page = new StringBuilder();
        page.Append(
            """
            # Who sees and changes what

            <!-- Rendered from src/CPort.Domain/Access/AccessTable.cs; change it there, run tests with CPORT_UPDATE_DOCS=1. -->

            What a key may see of an item follows from how its agency stands to the item. A caller can stand in several
            relations at once and then sees what any of them shows. A caller in no relation sees nothing: to it the report
            looks as if it did not exist. What belongs to a report as a whole is seen by whoever sees it for at least one of
            its items. Live keys see live reports only, training keys training reports only. Memberships count by the day of
            the request (UTC). Providers stand in no relation to any item: they report, and see nothing of what becomes of it.

            ## Relations

            | Relation | Holds for |
            |---|---|

            """);
        foreach (var row in ShowingRows)
        {
            page.Append($"| {row.Title} | {row.Holds} |\n");
        }

        page.Append(
            """

            ## Reading

            ✓ visible · ◐ masked (its shape without content: of the history who, when and what kind of event; of the
            classification what counts and one's own opinions, with one's own actions and the final one) · – absent

            """);
        page.Append($"\n| Relation | {string.Join(" | ", Fields.Select(Words))} |\n");
        page.Append($"|---|{string.Concat(Fields.Select(_ => ":-:|"))}\n");
        foreach (var row in ShowingRows)
        {
            page.Append($"| {row.Title} | {string.Join(" | ", Fields.Select(f => Sign(row.Of(f))))} |\n");
        }

        page.Append($"| None | {string.Join(" | ", Fields.Select(_ => Sign(Visibility.Absent)))} |\n");
        var behind = string.Join(" or ", BehindUrl.Select(Words));
        page.Append($"\nNobody sees {behind} who does not see the {Words(FieldGroup.Url)}. ");
        page.Append(
            """
            The history of an item is shown with its fields under the same table: whoever does not see memos does not see them
            in the history either. The day the public reported (hotlineReceivedDate) is state, so that those who have the item
            count their times from there (ICCAM rule 6); reporter data are the analyst and the hotline's own references, and stay
            with the reporting hotline. Operators get counts and queue lengths besides; those name no item. Groups of look-alikes
            count and show only items whose hashes the caller sees, and at least two (groups.md).

            ## Writing

            ICCAM rule 4: only the hotline of the assigned country assesses, acts and claims; an orphan that nobody took is
            worked on by whom it went to, and of an item that nobody can trace the reporter says that police knows or that it
            is gone. Everything that no row allows is refused. The rules of the report come after this table: final items,
            leases, versions, and that a report is not withdrawn once another agency has assessed or acted.

            | Relation | Role | May | While |
            |---|---|---|---|

            """);
        foreach (var row in WriteRows)
        {
            var title = Rows.First(r => r.Relation == row.Relation).Title;
            var may = string.Join(", ", row.Writes.Select(Words));
            var whose = row.OfBureau ? " of the national bureau" : row.OfPerson ? ", a person or a key of their own" : "";
            page.Append($"| {title} | {Words(row.Roles)}{whose} | {may} | {Words(row.While)} |\n");
        }

        RenderParties(page);
        RenderDeeds(page);
        RenderPeople(page);
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static bool Holds(ItemTie tie, Caller caller, ItemRelationFacts item) => tie switch
    {
        ItemTie.Reported => caller.Agency == item.ReportingHotline,
        ItemTie.HasItem => caller.Agency == item.AssignedHotline && caller.WorksFor(item.AssignedCountry),
        ItemTie.AssignedCountry => caller.WorksFor(item.AssignedCountry),
        ItemTie.HostingCountry => caller.WorksFor(item.HostingCountry),
        ItemTie.OrphanMandate => caller.HoldsOrphanMandate && item.IsOrphan,
        ItemTie.Orphan => item.IsOrphan,
        ItemTie.Illegal => item.IsIllegal,
        ItemTie.FormerAgency => IsIn(item.FormerAgencies, caller.Agency.Value),
        ItemTie.FormerCountry => item.FormerCountries.Length > 0 && IsOfAny(caller.Countries, item.FormerCountries),
        ItemTie.EscalatedTo => item.IsOrphan && caller.Agency == item.EscalatedTo,
        ItemTie.ReferredTo => IsIn(item.ReferredTo, caller.Agency.Value),
        ItemTie.AskedToLook => IsIn(item.AskedToLook, caller.Agency.Value),
        _ => true,
    };

    private static bool IsOfAny(ImmutableArray<Country> countries, string set)
    {
        foreach (var country in countries)
        {
            if (IsIn(set, country.Code))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Holds(ItemPhase phase, ItemRelationFacts item) => phase switch
    {
        ItemPhase.NotRouted => item is { AssignedCountry: null, IsOrphan: false },
        ItemPhase.Orphan => item.IsOrphan,
        ItemPhase.NoHotline => item.AssignedHotline is null,
        _ => true,
    };

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
        var words = string.Concat(name.Select((c, i) =>
            (i > 0 && char.IsUpper(c) && name[i - 1] != ' ' ? " " : "") + char.ToLowerInvariant(c)));
        return words is "url" or "interpol" ? words.ToUpperInvariant() : words.Replace(", ", " or ", StringComparison.Ordinal);
    }

    private static string Words(ItemPhase phase) => phase switch
    {
        ItemPhase.NotRouted => "while the item is not routed yet",
        ItemPhase.Orphan => "while it is an orphan",
        ItemPhase.NoHotline => "while no single hotline has the item",
        _ => "at any time",
    };

    // No kind: every kind that has no row of its own for the role.
    private sealed record RelationRow(
        ItemRelations Relation, ImmutableArray<AgencyKind> Kinds, Roles Roles, ImmutableArray<ItemTie> Ties, ImmutableArray<FieldGroup> Shown,
        FieldGroup? Masked = null)
    {
        public required string Title { get; init; }
        public required string Holds { get; init; }

        /// <summary>Of police.</summary>
        public bool NeedsPurpose { get; init; }
        public bool ForAuditors { get; init; } = true;

        public Visibility Of(FieldGroup field) =>
            Shown.Contains(field) && (!BehindUrl.Contains(field) || Shown.Contains(FieldGroup.Url)) ? Visibility.Visible
            : field == Masked ? Visibility.Masked
            : Visibility.Absent;
    }

    private sealed record WriteRow(ItemRelations Relation, Roles Roles, ItemPhase While, ImmutableArray<ItemWrite> Writes)
    {
        /// <summary>Only of the national bureau of a country that the agency works for.</summary>
        public bool OfBureau { get; init; }

        /// <summary>Only who is known as a person.</summary>
        public bool OfPerson { get; init; }
    }
}
