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
        [.. Enum.GetValues<AgencyKind>().Where(k => k is not (AgencyKind.Operator or AgencyKind.System))], AnyRole,
        While: "with a live key of that agency", Holds: IsLive);

    private static readonly Holder HashWorkers = new(
        [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer | Roles.Machine);

    private static readonly ImmutableArray<DeedRow> DeedRows =
    [
        new(Deed.SeeService, "see that a node is well, and the description of the API", Anybody),
        new(Deed.SeeFigures, "see a node's metrics, and why it is not well; without a key at the listener for them (`CPORT__Telemetry__Url`)",
            Operators, new Holder([AgencyKind.System], AnyRole, "CPort itself")),
        new(Deed.ReadReports, "ask for a report, an item or a history; the tables above say what is shown", EveryKey),
        new(Deed.WorkOnReports, "send a command about reports and items; the tables above say which is taken", EveryKey),
        new(Deed.SubmitReports, "submit reports", new Holder([AgencyKind.Hotline], Worker)),
        new(Deed.ListRejections, "list the rejected lines of one's own agency", EveryKey),
        new(Deed.ListItems, "list items: queues, searches, groups",
            new Holder([AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol, AgencyKind.Provider, AgencyKind.SupervisoryAuthority], AnyRole),
            new Holder([AgencyKind.Operator], Roles.Auditor, While: "without the role operator", Holds: c => !c.Is(Roles.Operator))),
        new(Deed.CountItems, "see lengths of queues and statistics", EveryPersonOrKey),
        new(Deed.CountEverything, "have everything counted, not only what one sees", OperatorsOfEither,
            new Holder([AgencyKind.System], AnyRole, "CPort itself")),
        new(Deed.LookUpHashes, "look hashes up and read what is held of one", HashWorkers),
        new(Deed.ImportHashes, "import lists of known hashes", HashWorkers),
        new(Deed.ChangeOpinions, "correct and retract one's own opinions on hashes", HashWorkers),

        // A release or an addition changes what fifty countries inherit: agencies that are believed alone anyway, and operators, who get no values.
        new(Deed.KeepQuarantine, "list the quarantine of hashes, put in and release", OperatorsOfEither,
            new Holder([AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Analyst | Roles.Officer,
                While: "of a trusted agency", Holds: c => c.Trust == TrustLevel.Trusted)),
        new(Deed.ListAgencies, "list agencies and their keys (no secrets)", Operators),
        new(Deed.RegisterAgencies, "register an agency", OperatorKeys, LiveSystem),
        new(Deed.ChangeAgencies, "change an agency's countries, trust and mandate, or close it", OperatorKeys, LiveSystem),
        new(Deed.IssueKeys, "issue a key", OperatorKeys, LiveSystem),
        new(Deed.RotateKeys, "rotate a key", OperatorKeys, LiveSystem),
        new(Deed.RevokeKeys, "revoke a key", Operators, LiveSystem),
        new(Deed.ApproveKeys, "agree to a key that somebody else had made: for one's own agency, operators for any", OperatorKeys, LiveAgencies),
        new(Deed.ApproveChanges,
            "agree to a change that widens what an agency sees or how far it is believed, or refuse it: for countries that one serves, operators for any",
            OperatorKeys, LiveAgencies),
        new(Deed.SeeOwnAgency,
            "see one's own agency and its keys (no secrets): who had them made, who agreed; who else serves its countries, and what changes there",
            EveryPersonOrKey),
        new(Deed.ReadStuck, "list what cannot be read from the journal", Operators),
        new(Deed.RetryStuck, "have it read again", Operators),
        new(Deed.ReadProjections, "see where the read model stands", Operators),
        new(Deed.RebuildProjections, "rebuild the read model, or compare it with the journal", Operators),
        new(Deed.WatchNodes, "watch nodes: members, shards, actors, logs, reports' states, and figures of hashes", Operators),
        new(Deed.CommandCluster, "have nodes join, leave, or be downed", Operators),
        new(Deed.EmptyTraining, "empty training", Operators),
        new(Deed.SeePeople, "see people: how much of each, the table of people says", EveryPersonOrKey),
        new(Deed.ChangePeople, "invite, change and stop people; whom, the table of people says", LiveLeaders, Operators, LiveSystem),
        new(Deed.ChangeOwnSettings, "change one's own settings and ways to sign in", Persons),
        new(Deed.SignIn, "sign in", Anybody),
    ];

    /// <summary>Whether the caller, null for one without a key, may do this at all.</summary>
    public static bool May(Caller? caller, Deed deed) => Row(deed).May.Any(holder => holder.Includes(caller));

    /// <summary>A sentence on who may, without anything about the caller.</summary>
    public static string WhoMay(Deed deed) => $"May {Row(deed).What}: {string.Join("; ", Row(deed).May.Select(m => m.Text))}.";

    private static DeedRow Row(Deed deed) => DeedRows.First(row => row.Deed == deed);

    private static bool IsLive(Caller caller) => caller.Tenant == Tenant.Live;

    private static void RenderDeeds(StringBuilder page)
    {
        page.Append(
            """

            ## Rights that are not about one item

            Every endpoint of the API and of the operators' port names the rows that it needs, and nothing is read of a request
            before they are asked. Live and training keys alike, where nothing else is said.

            | Right | May | Who |
            |---|---|---|

            """);
        foreach (var row in DeedRows)
        {
            page.Append($"| {Words(row.Deed)} | {row.What} | {string.Join("; ", row.May.Select(m => m.Text))} |\n");
        }
    }

    private sealed record DeedRow(Deed Deed, string What, params ImmutableArray<Holder> May);

    /// <summary>Keys of agencies of these kinds that hold one of the roles; without kinds, whoever asks.</summary>
    private sealed record Holder(
        ImmutableArray<AgencyKind> Kinds, Roles Roles, string? Name = null, string? While = null,
        Func<Caller, bool>? Holds = null)
    {
        public string Text =>
            Name ?? string.Join(", ", Kinds.Select(Words)) + (Roles == AnyRole ? "" : $" ({Words(Roles)})")
            + (While is null ? "" : $" {While}");

        public bool Includes(Caller? caller) => Kinds.IsEmpty
            || (caller is not null && Kinds.Contains(caller.Kind) && caller.Is(Roles) && (Holds is null || Holds(caller)));
    }
}
