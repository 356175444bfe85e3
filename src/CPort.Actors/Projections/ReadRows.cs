using System.Text;
using CPort.Domain.CodeLists;
using CPort.Domain.Inheritance;
using CPort.Domain.Queues;
using LinqToDB.Mapping;

namespace CPort.Actors.Projections;

// Times are UTC ticks (BIGINT on both databases), so that keys compare and page the same everywhere. Every column but the key may be null: a table set of an
// older version gets missing columns added and goes on serving while the new set is built. Only flat, non-confidential facts: no URL, memo, referrer, hash
// value or reporter data in the clear; those are searched by keyed hashes, and what lists show of them is sealed.

/// <summary>A report in the read model. What <see cref="ReadRows.Of(Report)"/> makes of its state.</summary>
[Table("rm_report")]
public sealed record ReportRow
{
    [Column("report_id"), PrimaryKey] public string ReportId { get; init; } = "";
    [Column("number")] public long Number { get; init; }

    /// <summary>Events folded in: the report's sequence number in the journal. The reconciler compares it.</summary>
    [Column("version")] public long Version { get; init; }
    [Column("tenant")] public Tenant Tenant { get; init; }
    [Column("reporting_hotline")] public string ReportingHotline { get; init; } = "";
    [Column("state")] public ReportState State { get; init; }
    [Column("items")] public int Items { get; init; }
    [Column("submitted_at")] public long SubmittedAt { get; init; }
    [Column("changed_at")] public long ChangedAt { get; init; }

    /// <summary>Automatic work is owed, and nothing has happened since then; null: nothing is owed.</summary>
    [Column("unfinished_since")] public long? UnfinishedSince { get; init; }

    /// <summary>The oldest open orphan of the report that has not been escalated.</summary>
    [Column("orphan_since")] public long? OrphanSince { get; init; }

    /// <summary>Whose opinions stand in it, and with what trust (<see cref="OpinionTrust"/>); null: nobody's.</summary>
    [Column("opinion_trust")] public string? OpinionTrust { get; init; }

    /// <summary>Rows of another table, written with this one.</summary>
    public ImmutableArray<HoldRow> Holds { get; init; } = [];
    public ImmutableArray<QuestionRow> Questions { get; init; } = [];
}

/// <summary>A content item in the read model, with what lists need of its report.</summary>
[Table("rm_item")]
public sealed record ItemRow
{
    /// <summary>Its number among those of all tenants (<see cref="ReadRows.KeyOf"/>).</summary>
    [Column("number"), PrimaryKey] public long Key { get; init; }
    [Column("report_id")] public string ReportId { get; init; } = "";
    [Column("ordinal")] public int Ordinal { get; init; }
    [Column("report_number")] public long ReportNumber { get; init; }
    [Column("version")] public int Version { get; init; }
    [Column("tenant")] public Tenant Tenant { get; init; }
    [Column("reporting_hotline")] public string ReportingHotline { get; init; } = "";

    // Keyed hashes (32 hex digits) of the hotlines' names for report and item.
    [Column("reference_key")] public string ReferenceKey { get; init; } = "";
    [Column("item_reference_key")] public string? ItemReferenceKey { get; init; }
    [Column("assigned_reference_key")] public string? AssignedReferenceKey { get; init; }

    /// <summary>What lists show and nobody else reads: <see cref="ReadRows.Secrets(ConfidentialSeam, ItemRow)"/>.</summary>
    [Column("sealed")] public string Sealed { get; init; } = "";
    [Column("urgent")] public bool Urgent { get; init; }
    [Column("priority")] public int Priority { get; init; }
    [Column("priority_reasons")] public PriorityReasons PriorityReasons { get; init; }
    [Column("state")] public ItemState State { get; init; }

    /// <summary>The effective classification; null while nobody's opinion counts.</summary>
    [Column("classification")] public Classification? Classification { get; init; }
    /// <summary>Illegal by what counts, or by believed words that others contradict.</summary>
    [Column("said_illegal")] public bool SaidIllegal { get; init; }

    /// <summary>Whose Baseline it carries, of items to which somebody objects (<see cref="AccessTable.SetOf"/>); null: none.</summary>
    [Column("baseline_by")] public string? BaselineBy { get; init; }
    [Column("inheritance")] public InheritanceKind? Inheritance { get; init; }
    [Column("known_without_look")] public bool KnownWithoutLook { get; init; }

    /// <summary>Whose opinion made the effective classification; null while there is none, or when it was inherited from known hashes.</summary>
    [Column("assessed_by")] public string? AssessedBy { get; init; }
    [Column("assessed_at")] public long? AssessedAt { get; init; }
    [Column("assessed_age")] public AgeCategory? AssessedAge { get; init; }
    [Column("assessed_gender")] public GenderCategory? AssessedGender { get; init; }

    /// <summary>The rest of that opinion, as bits: 1 virtual, 2 user-generated, 4 child modelling.</summary>
    [Column("assessed_flags")] public int? AssessedFlags { get; init; }

    /// <summary>At least one person's opinion with an effect is recorded.</summary>
    [Column("seen")] public bool Seen { get; init; }
    [Column("near_matches")] public int NearMatches { get; init; }
    [Column("content_type")] public ContentType ContentType { get; init; }
    [Column("is_source_url")] public bool IsSourceUrl { get; init; }
    [Column("site_type")] public SiteType? SiteType { get; init; }
    [Column("commerciality")] public Commerciality? Commerciality { get; init; }
    [Column("hosting_country")] public string? HostingCountry { get; init; }
    [Column("assigned_country")] public string? AssignedCountry { get; init; }
    [Column("hotline")] public string? Hotline { get; init; }

    /// <summary>Hosted where no hotline is, and not taken: what the access table calls an orphan, open or closed.</summary>
    [Column("is_orphan")] public bool IsOrphan { get; init; }

    /// <summary>Ever an orphan in this episode, also one that a mandated hotline took.</summary>
    [Column("was_orphan")] public bool WasOrphan { get; init; }
    [Column("escalated_to")] public string? EscalatedTo { get; init; }

    /// <summary>Who had it or worked on it before, and whose job it was (<see cref="AccessTable.SetOf"/>); null: nobody.</summary>
    [Column("former_agencies")] public string? FormerAgencies { get; init; }
    [Column("former_countries")] public string? FormerCountries { get; init; }
    /// <summary>The agencies that it was given to (<see cref="AccessTable.SetOf"/>); null: nobody.</summary>
    [Column("referred_to")] public string? ReferredTo { get; init; }

    /// <summary>The other agencies that were asked for a second look that is waited for (<see cref="AccessTable.SetOf"/>); null: nobody.</summary>
    [Column("asked_to_look")] public string? AskedToLook { get; init; }

    /// <summary>Who has looked at what waits for a second look (<see cref="Caller.Hand"/>; <see cref="AccessTable.SetOf"/>); null: it waits for none.</summary>
    [Column("looked_by")] public string? LookedBy { get; init; }

    /// <summary>How many looked at what several had to agree on; null: nobody had to.</summary>
    [Column("looks")] public int? Looks { get; init; }

    /// <summary>They came to what the first had said.</summary>
    [Column("look_confirmed")] public bool LookConfirmed { get; init; }

    /// <summary>What the first and the second of them said; null while it waits, and where nobody had to agree.</summary>
    [Column("look_first")] public Classification? LookFirst { get; init; }
    [Column("look_second")] public Classification? LookSecond { get; init; }

    /// <summary>When it began to wait, and when enough had come to the same.</summary>
    [Column("look_opened_at")] public long? LookOpenedAt { get; init; }
    [Column("look_settled_at")] public long? LookSettledAt { get; init; }

    /// <summary>The hosting country, whose police is still to be given it; the assigned one likewise.</summary>
    [Column("refer_hosting")] public string? ReferHosting { get; init; }
    [Column("refer_assigned")] public string? ReferAssigned { get; init; }

    /// <summary>A referral by hand that is not opened yet (<see cref="AskedReferral"/>).</summary>
    [Column("refer_asked")] public string? ReferAsked { get; init; }

    /// <summary>The packages for ICSE in which it went out and that have not called it back (<see cref="AccessTable.SetOf"/>); null: none.</summary>
    [Column("icse_package")] public string? IcsePackage { get; init; }

    /// <summary>1: somebody proposes it for ICSE.</summary>
    [Column("icse_proposed")] public int IcseProposed { get; init; }
    /// <summary>What there is of what police needs (<see cref="Completeness.Bits"/>); null: it was not given to police.</summary>
    [Column("complete_with")] public int? CompleteWith { get; init; }
    [Column("lease_agency")] public string? LeaseAgency { get; init; }
    [Column("lease_until")] public long? LeaseUntil { get; init; }

    [Column("added_at")] public long AddedAt { get; init; }
    [Column("changed_at")] public long ChangedAt { get; init; }
    [Column("country_since")] public long? CountrySince { get; init; }
    [Column("hotline_since")] public long? HotlineSince { get; init; }

    /// <summary>The first report to police over all episodes and agencies, by the action's own date.</summary>
    [Column("lea_at")] public long? LeaAt { get; init; }

    /// <summary>The first notice to the host, likewise.</summary>
    [Column("isp_at")] public long? IspAt { get; init; }

    /// <summary>The first removal, likewise.</summary>
    [Column("removed_at")] public long? RemovedAt { get; init; }

    // The same of the present country's time with it, which began at CountrySince.
    [Column("country_lea_at")] public long? CountryLeaAt { get; init; }
    [Column("country_isp_at")] public long? CountryIspAt { get; init; }
    [Column("country_removed_at")] public long? CountryRemovedAt { get; init; }

    /// <summary>Ever the job of another country than the reporter's.</summary>
    [Column("exchanged")] public bool Exchanged { get; init; }

    /// <summary>It had gone and came back: no time from the public's report says anything of it.</summary>
    [Column("seen_again")] public bool SeenAgain { get; init; }

    /// <summary>The final action of this episode, by its own date.</summary>
    [Column("final_at")] public long? FinalAt { get; init; }
    [Column("final_action")] public ActionType? FinalAction { get; init; }

    /// <summary>Keyed hash (32 hex digits) of the normalised URL, as it came with the item.</summary>
    [Column("url_key")] public string? UrlKey { get; init; }
    [Column("host_key")] public string? HostKey { get; init; }
    [Column("domain_key")] public string? DomainKey { get; init; }

    // One column a queue (QueueColumns).
    [Column("q_unassigned_to_hotline")] public long? QUnassignedToHotline { get; init; }
    [Column("q_orphaned")] public long? QOrphaned { get; init; }
    [Column("q_unassessed")] public long? QUnassessed { get; init; }
    [Column("q_second_looks")] public long? QSecondLooks { get; init; }
    [Column("q_unactioned")] public long? QUnactioned { get; init; }
    [Column("q_offline")] public long? QOffline { get; init; }
    [Column("q_no_reference")] public long? QNoReference { get; init; }
    [Column("q_untraced")] public long? QUntraced { get; init; }
    [Column("q_contradicted")] public long? QContradicted { get; init; }
    [Column("q_objections")] public long? QObjections { get; init; }

    public long Number => ReadRows.NumberOf(Key);

    /// <summary>Rows of another table, written with this one.</summary>
    public ImmutableArray<EarlierCountryRow> EarlierCountries { get; init; } = [];

    /// <summary>What the access table must know; the same facts as <see cref="ReportViews.RelationFacts"/> takes from the state.</summary>
    public ItemRelationFacts RelationFacts() => new(
        AgencyId.Parse(ReportingHotline),
        AssignedCountry is { } a ? Country.Parse(a) : null,
        Hotline is { } h ? AgencyId.Parse(h) : null,
        HostingCountry is { } c ? Country.Parse(c) : null,
        IsOrphan,
        Tenant,
        SaidIllegal,
        EscalatedTo is { } e ? AgencyId.Parse(e) : null,
        FormerAgencies ?? "",
        FormerCountries ?? "",
        ReferredTo ?? "",
        AskedToLook ?? "");
}

/// <summary>A country whose job the item was before, with the times of that, which statistics go on counting. Of items that moved only.</summary>
[Table("rm_item_country")]
public sealed record EarlierCountryRow
{
    [Column("item"), PrimaryKey(1)] public long Item { get; init; }
    [Column("episode"), PrimaryKey(2)] public int Episode { get; init; }
    [Column("country"), PrimaryKey(3)] public string Country { get; init; } = "";
    [Column("country_since")] public long CountrySince { get; init; }
    [Column("lea_at")] public long? LeaAt { get; init; }
    [Column("isp_at")] public long? IspAt { get; init; }
    [Column("removed_at")] public long? RemovedAt { get; init; }
}

/// <summary>A hash of an item, as a keyed hash of its bytes: enough to find equal ones, not to read one.</summary>
[Table("rm_item_hash")]
public sealed record ItemHashRow
{
    [Column("item"), PrimaryKey(1)] public long Item { get; init; }
    [Column("algorithm"), PrimaryKey(2)] public Domain.Hashes.HashAlgorithm Algorithm { get; init; }
    [Column("hash_key"), PrimaryKey(3)] public string HashKey { get; init; } = "";
}

/// <summary>From a report's state to its rows: pure, and the only place that says what a column holds.</summary>
public static class ReadRows
{
    public static ReportRow Of(Report report) => new()
    {
        ReportId = report.Id.ToString(), Number = report.Number, Version = report.Version, Tenant = report.Tenant,
        ReportingHotline = report.ReportingHotline.Value, State = report.State(), Items = report.Items.Count,
        SubmittedAt = report.SubmittedAt.UtcTicks, ChangedAt = report.LastChangedAt.UtcTicks,
        UnfinishedSince = report.HasUnfinishedWork() ? report.LastChangedAt.UtcTicks : null,
        OrphanSince = report.Items.Where(AwaitsEscalation).Select(i => (long?)(i.Assignment?.CountrySince ?? i.AddedAt).UtcTicks).Min(),
        OpinionTrust = Projections.OpinionTrust.Of(report), Holds = HoldRows.Of(report),
        Questions = QuestionRows.Of(report),
    };

    /// <summary>An open orphan that nobody took and that has not gone to police or INTERPOL yet, or an item that no tracer found.</summary>
    public static bool AwaitsEscalation(ContentItem item) =>
        WorkQueue.Untraced.Holds(item) || (WorkQueue.Orphaned.Holds(item) && item.Assignment!.EscalatedTo is null);

    public static ItemRow Of(ConfidentialSeam seam, Report report, ContentItem item)
    {
        var reasons = ItemPriority.Of(report, item);
        var final = item.FinalAction();
        var (times, here) = (item.Times(), item.ClockHere()?.Times);
        var (effective, opinion) = item.Judgement();
        var facts = ReportViews.RelationFacts(report, item);
        string Key(HotlineReference reference) => ReferenceKey(seam, report.Tenant, reference.Value);
        var row = new ItemRow
        {
            Key = KeyOf(report.Tenant, item.Number), ReportId = report.Id.ToString(), Ordinal = item.Ordinal, ReportNumber = report.Number,
            Version = item.Version,
            Tenant = report.Tenant, ReportingHotline = report.ReportingHotline.Value, Urgent = report.Urgent,
            ReferenceKey = Key(report.Reference), ItemReferenceKey = item.ReportingReference is { } own ? Key(own) : null,
            AssignedReferenceKey = item.AssignedReference is { } assigned ? Key(assigned) : null, Sealed = SecretsOf(seam, report, item),
            Priority = ItemPriority.Score(reasons), PriorityReasons = reasons, State = item.State(), Classification = effective,
            SaidIllegal = facts.IsIllegal, BaselineBy = item.IsObjectedTo() ? AccessTable.SetOf(item.BaselineBy().Select(a => a.Value)) : null,
            FormerAgencies = OrNull(facts.FormerAgencies), FormerCountries = OrNull(facts.FormerCountries), Inheritance = item.Inheritance?.Kind,
            KnownWithoutLook = item.IsKnownWithoutLook(),
            AssessedBy = opinion?.Agency.Value, AssessedAt = opinion?.At.UtcTicks, AssessedAge = opinion?.Age, AssessedGender = opinion?.Gender,
            AssessedFlags = opinion is null ? null
                : (opinion.VirtualContent ? 1 : 0) | (opinion.UserGeneratedContent ? 2 : 0) | (opinion.ChildModeling ? 4 : 0),
            AskedToLook = OrNull(facts.AskedToLook), LookedBy = item.OpenLook() is { } look ? AccessTable.SetOf(look.By) : null,
            Looks = item.Look is { SettledAt: not null } settled ? settled.Answers.Length + 1 : null,
            LookConfirmed = item.Look is { SettledAt: not null } agreed
                && item.Assessments.Any(a => a.Id == agreed.AssessmentId && a.Classification == agreed.Agreed),
            LookFirst = item.Look is { SettledAt: not null } first ? item.Assessments.FirstOrDefault(a => a.Id == first.AssessmentId)?.Classification : null,
            LookSecond = item.Look is { SettledAt: not null } second ? second.Answers.FirstOrDefault()?.Classification : null,
            LookOpenedAt = item.Look?.OpenedAt.UtcTicks, LookSettledAt = item.Look?.SettledAt?.UtcTicks,
            ReferredTo = OrNull(facts.ReferredTo), ReferHosting = item.OwedTo(report, effective, item.Hosting?.Country)?.Code,
            ReferAssigned = item.Assignment?.Country == item.Hosting?.Country ? null : item.OwedTo(report, effective, item.Assignment?.Country)?.Code,
            IcsePackage = AccessTable.SetOf(item.InPackages().Where(i => i.Recalled is null).Select(i => i.Package.ToString())) is { Length: > 0 } packages
                ? packages : null,
            IcseProposed = item.IcseProposals.IsEmpty ? 0 : 1,
            CompleteWith = item.Referrals.IsEmpty ? null : Completeness.Bits(Completeness.Of(report, item, SecretsOf(seam, report))),
            ReferAsked = item.Asked() is { } asked ? AskedReferral.Of(asked).ToString() : null,
            Seen = item.Assessments.Any(a => a.Counts && a.Classification.HasEffect()), NearMatches = item.Near.Length,
            ContentType = item.ContentType, IsSourceUrl = item.IsSourceUrl, SiteType = report.SiteType, Commerciality = report.Commerciality,
            HostingCountry = item.Hosting?.Country?.Code, AssignedCountry = item.Assignment?.Country?.Code, Hotline = item.Assignment?.Hotline?.Value,
            IsOrphan = item.Assignment is { Orphan: true, Country: null }, WasOrphan = item.Assignment?.Orphan == true,
            EscalatedTo = item.Assignment?.EscalatedTo?.Value, LeaseAgency = item.Lease?.Agency.Value, LeaseUntil = item.Lease?.Until.UtcTicks,
            AddedAt = item.AddedAt.UtcTicks, ChangedAt = item.LastChangedAt.UtcTicks,
            CountrySince = item.Assignment?.CountrySince.UtcTicks, HotlineSince = item.Assignment?.HotlineSince?.UtcTicks,
            LeaAt = times.Police?.UtcTicks, IspAt = times.Host?.UtcTicks, RemovedAt = times.Removal?.UtcTicks,
            CountryLeaAt = here?.Police?.UtcTicks, CountryIspAt = here?.Host?.UtcTicks, CountryRemovedAt = here?.Removal?.UtcTicks,
            Exchanged = item.IsExchanged(report), SeenAgain = item.IsSeenAgain(report), EarlierCountries = EarlierCountriesOf(report.Tenant, item),
            FinalAt = final?.Date.UtcTicks, FinalAction = final?.Type,
            UrlKey = Hex(item.UrlKeys?.Url), HostKey = Hex(item.UrlKeys?.Host), DomainKey = Hex(item.UrlKeys?.Domain),
        };
        return QueueColumns.Fill(row, item);
    }

    public static IEnumerable<ItemHashRow> HashesOf(ConfidentialSeam seam, Tenant tenant, ContentItem item) => item.Hashes
        .Distinct()
        .Select(hash => new ItemHashRow { Item = KeyOf(tenant, item.Number), Algorithm = hash.Algorithm, HashKey = HashKey(seam, tenant, hash) });

    /// <summary>An item's key in the read tables: each tenant numbers its items by itself.</summary>
    public static long KeyOf(Tenant tenant, long number) => ((long)tenant << 52) | number;

    /// <summary>The number that people know.</summary>
    public static long NumberOf(long key) => key & (NumberAllocator.Limit - 1);

    /// <summary>The keyed hash under which the read model finds a content hash: 128 bits as 32 hex digits. Live and training have keys of their own.</summary>
    public static string HashKey(ConfidentialSeam seam, Tenant tenant, ContentHash hash) =>
        Convert.ToHexStringLower(seam.Keyed($"read-model-{tenant}-{hash.Algorithm}", hash.Bytes).AsSpan(0, 16));

    /// <summary>The keyed hash under which the read model finds a hotline's name for a report or item: 128 bits as 32 hex digits.</summary>
    public static string ReferenceKey(ConfidentialSeam seam, Tenant tenant, string reference) =>
        Convert.ToHexStringLower(seam.Keyed($"reference-{tenant}", Encoding.UTF8.GetBytes(reference)).AsSpan(0, 16));

    /// <summary>Opens what lists show of an item.</summary>
    public static ListedSecrets Secrets(ConfidentialSeam seam, ItemRow row) => Secrets(seam, row.ReportId, row.Ordinal, row.Sealed);

    internal static ListedSecrets Secrets(ConfidentialSeam seam, string report, int ordinal, string value) => seam.Open<ListedSecrets>(
        new SealedPlace(ReportId.Parse(report), SealedField.Listed, ordinal), new Sealed { Bytes = Convert.FromBase64String(value) });

    /// <summary>The moment that a column of UTC ticks holds.</summary>
    public static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    public static DateTimeOffset? Time(long? ticks) => ticks is { } t ? Time(t) : null;

    /// <summary>Whether a change of the report's own fields changes the rows of all its items.</summary>
    public static bool SharesHead(Report before, Report after) =>
        before.Urgent == after.Urgent && before.SiteType == after.SiteType && before.Commerciality == after.Commerciality
        && before.HotlineReceivedDate == after.HotlineReceivedDate && before.Reference == after.Reference
        && ((before.Secrets == after.Secrets && Completeness.HasPage(before) == Completeness.HasPage(after)) || after.Items.All(i => i.Referrals.IsEmpty));

    private static ReportSecrets? SecretsOf(ConfidentialSeam seam, Report report) =>
        report.Secrets is { } held ? seam.Open<ReportSecrets>(new SealedPlace(report.Id, SealedField.ReportSecrets), held) : null;

    private static ImmutableArray<EarlierCountryRow> EarlierCountriesOf(Tenant tenant, ContentItem item) => item.EarlierAssignments.IsEmpty ? [] :
    [
        .. item.EarlierClocks().Select(c => new EarlierCountryRow
        {
            Item = KeyOf(tenant, item.Number), Episode = c.Episode, Country = c.Country.Code, CountrySince = c.Since.UtcTicks,
            LeaAt = c.Times.Police?.UtcTicks, IspAt = c.Times.Host?.UtcTicks, RemovedAt = c.Times.Removal?.UtcTicks,
        }),
    ];

    // Repeatable, so that a rebuild writes equal rows.
    private static string SecretsOf(ConfidentialSeam seam, Report report, ContentItem item) => Convert.ToBase64String(seam.Seal(
        new SealedPlace(report.Id, SealedField.Listed, item.Ordinal),
        new ListedSecrets
        {
            Reference = report.Reference.Value, ItemReference = item.ReportingReference?.Value, AssignedReference = item.AssignedReference?.Value,
            ReceivedAt = report.HotlineReceivedDate,
        },
        repeatable: true).Bytes);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    private static string? Hex(byte[]? key) => key is null or [] ? null : Convert.ToHexStringLower(key);
}
