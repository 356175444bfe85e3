namespace CPort.Domain.Access;

/// <summary>What a caller wants to do that is not a right on one item. Every endpoint names the deeds it needs; their rows stand below.</summary>
public enum Deed
{
    SeeService = 1,
    SeeFigures,
    ReadReports,
    WorkOnReports,
    SubmitReports,
    ListRejections,
    ListItems,
    CountItems,
    CountEverything,
    LookUpHashes,
    ImportHashes,
    ChangeOpinions,
    KeepQuarantine,
    ListAgencies,
    RegisterAgencies,
    ChangeAgencies,
    IssueKeys,
    RotateKeys,
    RevokeKeys,
    ApproveKeys,
    ApproveChanges,
    SeeOwnAgency,
    ReadStuck,
    RetryStuck,
    ReadProjections,
    RebuildProjections,
    WatchNodes,
    CommandCluster,
    EmptyTraining,
    SeePeople,
    ChangePeople,
    ChangeOwnSettings,
    SignIn,
    SearchItems,
    SeeTree,
    ReadAudit,
    SearchAudit,
    ExportAudit,
    VerifyAudit,
    EraseAuditKeys,
    SeeExchange,
    AnswerReferrals,
    ReadFeed,
    ManageWebhooks,
    ProposeDomains,
    SeeDomains,
    AttestDomains,
    DecideDomains,
    TakeDomainList,
    ExportItems,
    SeePackages,
    ChangePackages,
    ReleasePackages,
    TakePackages,
    SetPriorities,
    SeeSecondLooks,
    SetSecondLooks,
    SeeNotifications,
    SetNotifications,
    SetEscalation,
    ReadHashLists = 90,
}

public static partial class AccessTable
{
    private const Roles AnyRole = Roles.Analyst | Roles.Officer | Roles.Operator | Roles.Auditor | Roles.Machine;

    private static readonly Holder Anybody = new([], AnyRole, "anybody, without a key");
    private static readonly Holder EveryKey = new([.. Enum.GetValues<AgencyKind>()], AnyRole, "every key");
    private static readonly Holder EveryPersonOrKey = new([.. Enum.GetValues<AgencyKind>()], AnyRole | AnyPersonsRole, "every key and person");
    private static readonly Holder Persons = new([.. Enum.GetValues<AgencyKind>()], AnyRole | AnyPersonsRole, "who is signed in",
        Holds: c => c.Person is not null);

    private static readonly Holder LiveLeaders = new(
        [.. Enum.GetValues<AgencyKind>().Where(k => k is not (AgencyKind.Operator or AgencyKind.System))], Roles.Administrator | Roles.Manager,
        While: "live", Holds: IsLive);

    // Agencies, nodes and journal are of live and training alike: whoever exercises watches and changes none of it.
    private static readonly Holder Operators = new([AgencyKind.Operator], Roles.Operator, While: "with a live key", Holds: IsLive);

    // What a second hand agrees to, and what it agrees to: of a person nobody can say here whose hand invited them (AgencyRules.HandOf), of a key one can.
    private static readonly Holder OperatorKeys = new([AgencyKind.Operator], Roles.Operator, While: "with a live key, not signed in",
        Holds: c => IsLive(c) && c.Person is null);

    // For what is the key's own, live or training.
    private static readonly Holder OperatorsOfEither = new([AgencyKind.Operator], Roles.Operator);
    private static readonly Holder LiveSystem = new([AgencyKind.System], AnyRole, "CPort itself", Holds: IsLive);

    private static readonly Holder LiveAgencies = new(
        [.. Enum.GetValues<AgencyKind>().Where(k => k is not (AgencyKind.Operator or AgencyKind.System))], AnyRole | Roles.Administrator | Roles.Manager,
        While: "live, of that agency", Holds: IsLive);

    // Of people, not of keys: a key that makes keys has no end.
    private static readonly Holder LiveAdministrators = new(
        [.. Enum.GetValues<AgencyKind>().Where(k => k is not (AgencyKind.Operator or AgencyKind.System))], Roles.Administrator,
        While: "of that agency, signed in, live", Holds: c => IsLive(c) && c.Person is not null);

    private static readonly Holder LiveAuditors = new(
        [AgencyKind.SupervisoryAuthority], Roles.Auditor, While: "with a live key", Holds: IsLive);

    // Of colleagues' looks an agency's own auditors and managers learn (portal.md 3.3), and nobody else there.
    private static readonly Holder AgencyAuditors = new(
        [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol, AgencyKind.Provider, AgencyKind.Operator], Roles.Auditor | Roles.Manager,
        While: "live", Holds: IsLive);

    private static readonly ImmutableArray<Holder> ItemListers =
    [
        new([AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol, AgencyKind.Provider, AgencyKind.SupervisoryAuthority], AnyRole),
        new([AgencyKind.Operator], Roles.Auditor, While: "without the role operator", Holds: c => !c.Is(Roles.Operator)),
    ];

    private static readonly Holder Exchangers = new(
        [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer | Roles.Machine);

    private static readonly Holder Lookers = new(
        [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer);

    private static readonly Holder IcseWorkers = new([AgencyKind.Interpol], Roles.Analyst | Roles.Officer);

    private static readonly Holder LiveExchangers = Exchangers with { While = "live", Holds = IsLive };

    // What a person found by hand: no machine's word.
    private static readonly Holder LiveOfficers = new([AgencyKind.Police, AgencyKind.Interpol], Roles.Officer, While: "live", Holds: IsLive);

    private static readonly Holder HashWorkers = new(
        [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer | Roles.Machine);

    private static readonly ImmutableArray<DeedRow> DeedRows =
    [
        new(Deed.SeeService, "see that a node is well, and the description of the API", AuditedAs.Nothing, Anybody),
        new(Deed.SeeFigures, "see a node's metrics, and why it is not well; without a key at the listener for them (`CPORT__Telemetry__Url`)",
            AuditedAs.Nothing, Operators, new Holder([AgencyKind.System], AnyRole, "CPort itself")),
        new(Deed.ReadReports, "ask for a report, an item or a history; the tables above say what is shown", AuditedAs.Before(AuditKind.Consultation), EveryKey),
        new(Deed.WorkOnReports, "send a command about reports and items; the tables above say which is taken",
            AuditedAs.Journaled(AuditKind.Alteration), EveryKey),
        new(Deed.SubmitReports, "submit reports", AuditedAs.Journaled(AuditKind.Collection), new Holder([AgencyKind.Hotline, AgencyKind.Provider], Worker)),
        new(Deed.ListRejections, "list the rejected lines of one's own agency", AuditedAs.Before(AuditKind.Consultation), EveryKey),
        new(Deed.ListItems, "list items: queues, groups", AuditedAs.Before(AuditKind.Consultation), ItemListers),
        new(Deed.SearchItems, "find items by what they hold", AuditedAs.Before(AuditKind.Combination), ItemListers),
        new(Deed.ExportItems, "take what one finds away as a file", AuditedAs.Before(AuditKind.Disclosure),
            new Holder([AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer | Roles.Machine),
            new Holder([AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol, AgencyKind.SupervisoryAuthority], Roles.Auditor)),
        new(Deed.CountItems, "see lengths of queues and statistics", AuditedAs.Before(AuditKind.Consultation), EveryPersonOrKey),
        new(Deed.CountEverything, "have everything counted, not only what one sees", AuditedAs.Before(AuditKind.Consultation), OperatorsOfEither,
            new Holder([AgencyKind.System], AnyRole, "CPort itself")),
        new(Deed.SeeExchange, "see what police and hotlines say to each other: holds of which one's agency is part, referrals to it",
            AuditedAs.Before(AuditKind.Consultation), Exchangers),
        new(Deed.AnswerReferrals, "say what one does with a referral to one's agency", AuditedAs.Journaled(AuditKind.Alteration),
            new Holder([AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer | Roles.Machine)),
        new(Deed.SeePackages, "see candidates and packages for ICSE", AuditedAs.Before(AuditKind.Consultation), IcseWorkers),
        new(Deed.ChangePackages, "put packages for ICSE together, and review a colleague's", AuditedAs.Journaled(AuditKind.Alteration), IcseWorkers),
        new(Deed.ReleasePackages, "release packages for ICSE, take in what it says, call files back", AuditedAs.Journaled(AuditKind.Alteration),
            new Holder([AgencyKind.Interpol], Roles.Officer)),
        new(Deed.TakePackages, "take a released package away", AuditedAs.Before(AuditKind.Disclosure), IcseWorkers),
        new(Deed.ProposeDomains, "name an item that speaks for putting its domain on INTERPOL's \"worst of\" list", AuditedAs.Journaled(AuditKind.Alteration),
            LiveExchangers),
        new(Deed.SeeDomains, "see candidates of the list: police and INTERPOL all of them, a hotline those for which it named an item",
            AuditedAs.Before(AuditKind.Consultation), LiveExchangers),
        new(Deed.AttestDomains, "say what one found on a domain, by hand; propose to remove it, or put down its owner's objection",
            AuditedAs.Journaled(AuditKind.Alteration), LiveOfficers),
        new(Deed.DecideDomains, "decide which domains are on the list, and look at them again", AuditedAs.Journaled(AuditKind.Alteration),
            new Holder([AgencyKind.Interpol], Roles.Officer, While: "live", Holds: IsLive)),
        new(Deed.TakeDomainList, "take the list away", AuditedAs.Before(AuditKind.Disclosure),
            new Holder([AgencyKind.Police, AgencyKind.Interpol, AgencyKind.Provider], Roles.Analyst | Roles.Officer | Roles.Machine, While: "live",
                Holds: IsLive)),
        new(Deed.LookUpHashes, "look hashes up and read what is held of one", AuditedAs.Before(AuditKind.Combination), HashWorkers),
        new(Deed.ImportHashes, "import lists of known hashes", AuditedAs.Before(AuditKind.Collection), HashWorkers),
        new(Deed.ReadHashLists, "read the lists of hashes that one's own agency brought, row by row, and what changes in them",
            AuditedAs.Before(AuditKind.Disclosure), HashWorkers),
        new(Deed.ChangeOpinions, "correct and retract one's own opinions on hashes", AuditedAs.Before(AuditKind.Alteration), HashWorkers),

        // A release or an addition changes what fifty countries inherit: agencies that are believed alone anyway, and operators, who get no values.
        new(Deed.KeepQuarantine, "list the quarantine of hashes, put in and release", AuditedAs.Before(AuditKind.Consultation), OperatorsOfEither,
            new Holder([AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer,
                While: "of a trusted agency", Holds: c => c.Trust == TrustLevel.Trusted)),
        new(Deed.ListAgencies, "list agencies and their keys (no secrets)", AuditedAs.Before(AuditKind.Consultation), Operators),
        new(Deed.RegisterAgencies, "register an agency", AuditedAs.Journaled(AuditKind.Administration), OperatorKeys, LiveSystem),
        new(Deed.ChangeAgencies, "change an agency's countries, trust and mandate, or close it",
            AuditedAs.Journaled(AuditKind.Administration), OperatorKeys, LiveSystem),
        new(Deed.IssueKeys, "issue a key", AuditedAs.Journaled(AuditKind.Administration), OperatorKeys, LiveAdministrators, LiveSystem),
        new(Deed.RotateKeys, "rotate a key", AuditedAs.Journaled(AuditKind.Administration), OperatorKeys, LiveAdministrators, LiveSystem),
        new(Deed.RevokeKeys, "revoke a key", AuditedAs.Journaled(AuditKind.Administration), Operators, LiveAdministrators, LiveSystem),
        new(Deed.ApproveKeys,
            "agree to a key that somebody else had made: for one's own agency, operators for any, signed in to those that the agency's administrator had made; "
            + "to one that leads or audits not by a key with fewer rights",
            AuditedAs.Journaled(AuditKind.Administration), Operators, LiveAgencies),
        new(Deed.ApproveChanges,
            "agree to a change that widens what an agency sees or how far it is believed, or refuse it: for countries that one serves, operators for any",
            AuditedAs.Journaled(AuditKind.Administration), OperatorKeys, LiveAgencies),
        new(Deed.SeeOwnAgency,
            "see one's own agency and its keys (no secrets): who had them made, who agreed; who else serves its countries, and what changes there",
            AuditedAs.Before(AuditKind.Consultation), EveryPersonOrKey),
        new(Deed.ReadStuck, "list what cannot be read from the journal", AuditedAs.Before(AuditKind.Consultation), Operators),
        new(Deed.RetryStuck, "have it read again", AuditedAs.Before(AuditKind.Administration), Operators),
        new(Deed.ReadProjections, "see where the read model stands", AuditedAs.Nothing, Operators),
        new(Deed.RebuildProjections, "rebuild the read model, or compare it with the journal", AuditedAs.Before(AuditKind.Administration), Operators),
        new(Deed.WatchNodes, "watch nodes: members, shards, actors, logs, reports' states, and figures of hashes", AuditedAs.Nothing, Operators),
        new(Deed.CommandCluster, "have nodes join, leave, or be downed", AuditedAs.Before(AuditKind.Administration), Operators),
        new(Deed.SeeTree, "see the audit log's checkpoint and the hashes of its tree, which tell nothing", AuditedAs.Nothing, EveryKey),
        new(Deed.ReadAudit, "read every entry of the audit log, who and why still sealed", AuditedAs.Before(AuditKind.Export), LiveAuditors),
        new(Deed.SearchAudit, "search the audit log: one's own agency's entries; supervisory authorities those of agencies of their countries",
            AuditedAs.Before(AuditKind.Consultation), LiveAuditors, AgencyAuditors),
        new(Deed.ExportAudit, "take what one finds in the audit log away as a file", AuditedAs.Before(AuditKind.Export), LiveAuditors, AgencyAuditors),
        new(Deed.VerifyAudit, "have a node check the whole audit log", AuditedAs.Before(AuditKind.Consultation), LiveAuditors, AgencyAuditors, Operators),
        new(Deed.EraseAuditKeys, "destroy the key of an agency's month, so that nobody reads who looked then, and why: one operator proposes, one of another hand "
            + "confirms",
            AuditedAs.Before(AuditKind.Erasure), OperatorKeys),
        new(Deed.ReadFeed, "read the feed of one's own agency: which records changed, without their content", AuditedAs.Before(AuditKind.Consultation),
            HashWorkers),
        new(Deed.ManageWebhooks, "say where one's own agency's news are sent", AuditedAs.Before(AuditKind.Administration), LiveLeaders),
        new(Deed.SetPriorities, "see, draft, try and switch on the rules by which one's agency's referrals are put in order; another person switches them on",
            AuditedAs.Before(AuditKind.Administration), new Holder([AgencyKind.Police, AgencyKind.Interpol], Roles.Manager)),
        new(Deed.SeeSecondLooks, "see what waits for a second look that one may give, without what was said; how often one's agency's were agreed on",
            AuditedAs.Before(AuditKind.Consultation), Lookers, new Holder([AgencyKind.Hotline], Roles.Manager)),
        new(Deed.SetSecondLooks, "say which of one's own agency's judgements are looked at twice", AuditedAs.Journaled(AuditKind.Administration),
            new Holder([AgencyKind.Hotline], Roles.Manager, While: "live", Holds: IsLive)),
        new(Deed.SeeNotifications, "see what one is told: news of one's own agency by kind, and clocks that run out",
            AuditedAs.Before(AuditKind.Consultation), EveryPersonOrKey),
        new(Deed.SetNotifications, "say what one is told, and what by mail", AuditedAs.Journaled(AuditKind.Administration),
            new Holder([.. Enum.GetValues<AgencyKind>()], AnyRole | AnyPersonsRole, While: "signed in, or by a key of one's own", Holds: c => c.NamesPerson)),
        new(Deed.SetEscalation, "say when one's own agency's managers are told of an alert that nobody has acknowledged",
            AuditedAs.Journaled(AuditKind.Administration),
            new Holder([AgencyKind.Police, AgencyKind.Interpol], Roles.Administrator | Roles.Manager, While: "live", Holds: IsLive)),
        new(Deed.EmptyTraining, "empty training", AuditedAs.Journaled(AuditKind.Erasure), Operators),
        new(Deed.SeePeople, "see people: how much of each, the table of people says", AuditedAs.Before(AuditKind.Consultation), EveryPersonOrKey),
        new(Deed.ChangePeople, "invite, change and stop people; whom, the table of people says",
            AuditedAs.Journaled(AuditKind.Administration), LiveLeaders, Operators, LiveSystem),
        new(Deed.ChangeOwnSettings, "change one's own settings and ways to sign in", AuditedAs.Journaled(AuditKind.Administration), Persons),
        new(Deed.SignIn, "sign in", AuditedAs.Nothing, Anybody),
    ];

    /// <summary>Whether the caller, null for one without a key, may do this at all.</summary>
    public static bool May(Caller? caller, Deed deed) => Row(deed).May.Any(holder => holder.Includes(caller));

    /// <summary>A sentence on who may, without anything about the caller.</summary>
    public static string WhoMay(Deed deed) => $"May {Row(deed).What}: {string.Join("; ", Row(deed).May.Select(m => m.Text))}.";

    /// <summary>How a use of the right is written down.</summary>
    public static AuditedAs Audited(Deed deed) => Row(deed).Audited;

    private static DeedRow Row(Deed deed) => DeedRows.First(row => row.Deed == deed);

    private static bool IsLive(Caller caller) => caller.Tenant == Tenant.Live;

    private static void RenderDeeds(StringBuilder page)
    {
        page.Append(
            """

            ## Rights that are not about one item

            Every endpoint of the API and of the operators' port names the rows that it needs, and nothing is read of a request
            before they are asked. Live and training keys alike, where nothing else is said.

            | Right | May | Who | Audited as |
            |---|---|---|---|

            """);
        foreach (var row in DeedRows)
        {
            page.Append($"| {Words(row.Deed)} | {row.What} | {string.Join("; ", row.May.Select(m => m.Text))} | {row.Audited} |\n");
        }
    }

    private sealed record DeedRow(Deed Deed, string What, AuditedAs Audited, params ImmutableArray<Holder> May);

    /// <summary>Keys of agencies of these kinds that hold one of the roles; without kinds, whoever asks.</summary>
    private sealed record Holder(
        ImmutableArray<AgencyKind> Kinds, Roles Roles, string? Name = null, string? While = null,
        Func<Caller, bool>? Holds = null)
    {
        public string Text =>
            Name ?? string.Join(", ", Kinds.Select(Words)) + ((Roles & AnyRole) == AnyRole ? "" : $" ({Words(Roles)})")
            + (While is null ? "" : $" {While}");

        public bool Includes(Caller? caller) => Kinds.IsEmpty
            || (caller is not null && Kinds.Contains(caller.Kind) && caller.Is(Roles) && (Holds is null || Holds(caller)));
    }
}
