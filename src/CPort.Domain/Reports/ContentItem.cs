using CPort.Domain.Hashes;
using CPort.Domain.Inheritance;
using CPort.Domain.Routing;

namespace CPort.Domain.Reports;

/// <summary>
/// One content item of a report: one URL that was found to carry, or to lead to, suspected material. It owns its hosting, assignment, lease, opinions, actions
/// and version, so that work on one item never conflicts with work on another. Its state is derived (<see cref="ContentItemExtensions"/>), never stored.
/// </summary>
[ProtoContract]
public sealed record ContentItem
{
    /// <summary>From 1, in the order of arrival.</summary>
    [ProtoMember(1)] public required int Ordinal { get; init; }

    /// <summary>Unique over the whole system, below 2^52; what people and ICCAM clients use.</summary>
    [ProtoMember(2)] public required long Number { get; init; }

    /// <summary>Rises by one with every event that touches the item; the item's ETag.</summary>
    [ProtoMember(3)] public int Version { get; init; } = 1;

    /// <summary>URL and memo, sealed for <see cref="SecretsPlace"/>.</summary>
    [ProtoMember(4)] public required Sealed Secrets { get; init; }

    /// <summary>The page itself rather than something found on it.</summary>
    [ProtoMember(5)] public bool IsSourceUrl { get; init; }
    [ProtoMember(6)] public ContentType ContentType { get; init; }

    /// <summary>The reporting hotline's own name for the item.</summary>
    [ProtoMember(7)] public HotlineReference? ReportingReference { get; init; }

    /// <summary>The assigned hotline's own name for the item; kept apart from the reporting one's.</summary>
    [ProtoMember(8)] public HotlineReference? AssignedReference { get; init; }

    [ProtoMember(9)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(10)] public int? PdqQuality { get; init; }

    /// <summary>Bytes.</summary>
    [ProtoMember(11)] public long? MediaSize { get; init; }
    [ProtoMember(12)] public string? MimeType { get; init; }

    /// <summary>Where the item is hosted as far as known; null until traced.</summary>
    [ProtoMember(13)] public HostingFacts? Hosting { get; init; }

    /// <summary>The tracer has answered (also when it found nothing), or the report gave the country.</summary>
    [ProtoMember(14)] public bool Traced { get; init; }

    /// <summary>The hash buckets have answered for every hash.</summary>
    [ProtoMember(15)] public bool Matched { get; init; }

    /// <summary>What the buckets said of the item's hashes when it last changed something.</summary>
    [ProtoMember(16)] public ImmutableArray<KnownHash> Known { get; init; } = [];
    [ProtoMember(17)] public ImmutableArray<KnownNear> Near { get; init; } = [];

    /// <summary>What follows from the verdicts by the decision table of the time; null when nothing is known.</summary>
    [ProtoMember(18)] public InheritanceDecision? Inheritance { get; init; }

    [ProtoMember(19)] public Assignment? Assignment { get; init; }
    [ProtoMember(20)] public Lease? Lease { get; init; }

    /// <summary>Opinions by people, append-only; a corrected one stays with <see cref="Assessment.CorrectedBy"/> set.</summary>
    [ProtoMember(21)] public ImmutableArray<Assessment> Assessments { get; init; } = [];
    [ProtoMember(22)] public ImmutableArray<CaseAction> Actions { get; init; } = [];
    [ProtoMember(23)] public bool Withdrawn { get; init; }

    /// <summary>When the item came up again after a final action: the ordinal of the earlier occurrence.</summary>
    [ProtoMember(24)] public int? PreviousOccurrence { get; init; }

    /// <summary>The ordinal of the later occurrence, when it was seen online again.</summary>
    [ProtoMember(25)] public int? NextOccurrence { get; init; }

    /// <summary>Of an occurrence: the ordinal of the first, for which the secrets that it shares were sealed. Null: its own.</summary>
    [ProtoMember(32)] public int? SealedFor { get; init; }

    /// <summary>When the item joined the report, UTC.</summary>
    [ProtoMember(26)] public required DateTimeOffset AddedAt { get; init; }
    [ProtoMember(27)] public DateTimeOffset LastChangedAt { get; init; }

    /// <summary>Compact digest of the entry as submitted, for telling a re-sent report from a changed one.</summary>
    [ProtoMember(28)] public byte[] Digest { get; init; } = [];

    /// <summary>Where it was hosted before, oldest first.</summary>
    [ProtoMember(29)] public ImmutableArray<HostingFacts> EarlierHosting { get; init; } = [];

    /// <summary>What the URL is searched and recognised by without opening it; as the intake made it.</summary>
    [ProtoMember(30)] public UrlKeys? UrlKeys { get; init; }

    /// <summary>Whose job it was before, oldest first.</summary>
    [ProtoMember(31)] public ImmutableArray<Assignment> EarlierAssignments { get; init; } = [];

    /// <summary>To which police it was given, and what they say.</summary>
    [ProtoMember(33)] public ImmutableArray<ItemReferral> Referrals { get; init; } = [];

    /// <summary>The last that is known of its domain and INTERPOL's "worst of" list; null: nothing.</summary>
    [ProtoMember(40)] public ItemListing? Listing { get; init; }

    /// <summary>Who proposes it for ICSE.</summary>
    [ProtoMember(41)] public ImmutableArray<IcseProposal> IcseProposals { get; init; } = [];

    /// <summary>What became of it there; null: it did not go.</summary>
    [ProtoMember(42)] public ItemIcse? Icse { get; init; }

    /// <summary>That somebody else looks, or looked, before its last judgement counts; null: nobody has to.</summary>
    [ProtoMember(80)] public SecondLook? Look { get; init; }

    /// <summary>In packages that were released at the same moment, or called it back before.</summary>
    [ProtoMember(43)] public ImmutableArray<ItemIcse> IcseBeside { get; init; } = [];

    /// <summary>
    /// As it is known to be hosted there, before it is anybody's job. What came with the report, opinions and actions alike, then follows that country's law,
    /// when its agency serves it (verdicts.md 1). The hash buckets may have heard an opinion by the other law, and are told that it is taken back: to them it
    /// is another source's word.
    /// </summary>
    internal ContentItem LawsFollow(Country? host)
    {
        if (Assignment is not null || host is not { } law)
        {
            return this;
        }

        bool Follows(CaseAction a) => a.Country != law && a.Laws.Contains(law);
        var item = !Actions.Any(Follows) ? this
            : this with { Actions = [.. Actions.Select(a => Follows(a) ? a with { Country = law, Speaks = true } : a)] };
        return PreviousOccurrence is not null ? item : item.OpinionsFollow(law);
    }

    private ContentItem OpinionsFollow(Country law)
    {
        bool Follows(Assessment a) => a.Stands && a.Country != law && a.Laws.Contains(law);
        if (!Assessments.Any(Follows))
        {
            return this;
        }

        // Not told before the tracers had answered once.
        var told = Traced || !EarlierHosting.IsEmpty;
        Assessment ByThatLaw(Assessment a) => a with { Country = law, Speaks = true, Propagated = !a.Classification.HasEffect() };
        return this with
        {
            Assessments = !told ? [.. Assessments.Select(a => Follows(a) ? ByThatLaw(a) : a)] :
            [
                .. Assessments.Select(a => Follows(a) ? a with { WithdrawnAt = a.At.AddTicks(1), Propagated = !a.Classification.HasEffect() } : a),
                .. Assessments.Where(Follows).Select((a, i) => ByThatLaw(a) with { Id = Assessments.Length + 1 + i }),
            ],
        };
    }

    /// <summary>For what <see cref="Secrets"/> were sealed.</summary>
    public SealedPlace SecretsPlace(ReportId report) => new(report, SealedField.ItemSecrets, SealedFor ?? Ordinal);

    /// <summary>As its report's event of this number made it: its opinions say so.</summary>
    internal ContentItem Numbered(long sequence) => this with { Assessments = [.. Assessments.Select(a => a with { Sequence = sequence })] };
}

/// <summary>
/// Which country, and then which hotline, has the item as its job. A new episode begins with every move; ICCAM rules 3 and 8 hold within one. Hosting country
/// and assigned country are separate on purpose (ICCAM rule 5).
/// </summary>
[ProtoContract]
public sealed record Assignment
{
    /// <summary>From 1.</summary>
    [ProtoMember(1)] public required int Episode { get; init; }

    /// <summary>The country whose job it is; null for an orphan that nobody has taken.</summary>
    [ProtoMember(2)] public Country? Country { get; init; }

    /// <summary>When it became that country's job (ICCAM rule 6: the date for age), or when it became an orphan.</summary>
    [ProtoMember(3)] public required DateTimeOffset CountrySince { get; init; }

    /// <summary>Null while several hotlines of the country could take it.</summary>
    [ProtoMember(4)] public AgencyId? Hotline { get; init; }
    [ProtoMember(5)] public DateTimeOffset? HotlineSince { get; init; }

    /// <summary>Hosted where no hotline is.</summary>
    [ProtoMember(6)] public bool Orphan { get; init; }

    /// <summary>Whom an orphan went to that no mandated hotline took in time: national police, else INTERPOL.</summary>
    [ProtoMember(7)] public AgencyId? EscalatedTo { get; init; }
    [ProtoMember(8)] public DateTimeOffset? EscalatedAt { get; init; }

    internal string InWords() => this switch
    {
        { EscalatedTo: { } to, Country: null } => $"orphan, passed to {to}",
        { Orphan: true, Country: null } => "orphan: hosted where no hotline is",
        { Country: { } country, Hotline: { } hotline } => $"assigned to {country}, {hotline}" + (Orphan ? " (took an orphan)" : ""),
        _ => $"assigned to {Country}, no hotline yet",
    };
}

/// <summary>An analyst's exclusive hold on an item; runs out by itself.</summary>
[ProtoContract]
public sealed record Lease
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public required string KeyId { get; init; }
    [ProtoMember(3)] public required DateTimeOffset Until { get; init; }
}

/// <summary>One person's opinion of an item, as ICCAM records it, or an objection to what it is taken for.</summary>
[ProtoContract]
public sealed record Assessment
{
    /// <summary>From 1 within the item.</summary>
    [ProtoMember(1)] public required int Id { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>The country by whose law the agency judged; null for INTERPOL.</summary>
    [ProtoMember(3)] public Country? Country { get; init; }
    [ProtoMember(4)] public required Classification Classification { get; init; }
    [ProtoMember(5)] public AgeCategory Age { get; init; } = AgeCategory.NotDetermined;
    [ProtoMember(6)] public GenderCategory Gender { get; init; } = GenderCategory.NotDetermined;
    [ProtoMember(7)] public bool VirtualContent { get; init; }
    [ProtoMember(8)] public bool UserGeneratedContent { get; init; }
    [ProtoMember(9)] public bool ChildModeling { get; init; }
    [ProtoMember(10)] public required DateTimeOffset At { get; init; }
    [ProtoMember(11)] public required string KeyId { get; init; }
    [ProtoMember(12)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;

    /// <summary>The assignment episode it was made in; 0 for one that came with the report.</summary>
    [ProtoMember(13)] public int Episode { get; init; }

    /// <summary>The assessment that replaces this one; it no longer counts.</summary>
    [ProtoMember(14)] public int? CorrectedBy { get; init; }

    /// <summary>The hash buckets know of it as it is now: as said, or as taken back.</summary>
    [ProtoMember(15)] public bool Propagated { get; init; }

    /// <summary>
    /// When it was taken back, together with its report or as one by another law than it turned out to follow; it no longer counts, and the hash buckets are
    /// told so.
    /// </summary>
    [ProtoMember(16)] public DateTimeOffset? WithdrawnAt { get; init; }

    /// <summary>The number of the report's event that made it; follows from its place in the journal.</summary>
    public long Sequence { get; init; }

    /// <summary>An objection to a Baseline: a word against it for everybody who has the hash, and no re-assessment of this item.</summary>
    [ProtoMember(17)] public bool Objection { get; init; }

    /// <summary>The agency spoke for <see cref="Country"/>: a hotline or national police that was its member on the day.</summary>
    [ProtoMember(18)] public bool Speaks { get; init; }

    /// <summary>By who had the job in the item's earlier occurrence.</summary>
    [ProtoMember(19)] public bool Carried { get; init; }

    /// <summary>Said in the knowledge that a believed Baseline stands against it: the item does not come back for another look.</summary>
    [ProtoMember(20)] public bool DespiteBaseline { get; init; }

    /// <summary>The analyst's name, sealed; for the own agency.</summary>
    [ProtoMember(21)] public Sealed? Analyst { get; init; }

    /// <summary>What was chosen, where that was in another scheme than ICCAM's.</summary>
    [ProtoMember(23)] public Category? Category { get; init; }

    /// <summary>
    /// The laws that it may turn out to follow: those of a hotline of several countries that said it with the report, before it was known where the item is
    /// hosted (<see cref="ContentItem.LawsFollow"/>).
    /// </summary>
    [ProtoMember(24)] public ImmutableArray<Country> Laws { get; init; } = [];

    /// <summary>Why, in words, sealed: of objections and corrections.</summary>
    [ProtoMember(22)] public Sealed? Why { get; init; }

    /// <summary>
    /// Carried along by a new occurrence: the opinion that it is a copy of, by the first item it was said of. A correction of the one is a correction of all.
    /// </summary>
    [ProtoMember(25)] public OpinionPlace? CopyOf { get; init; }

    /// <summary>Said by one person, and counts for nobody until others have come to the same (<see cref="SecondLook"/>). What they agree on is a word of its own.</summary>
    [ProtoMember(80)] public bool Pending { get; init; }

    /// <summary>Of what several agreed on: how many looked; 0: it is one person's.</summary>
    [ProtoMember(81)] public int Looks { get; init; }

    /// <summary>Neither corrected nor taken back, nor waiting for others to agree.</summary>
    public bool Stands => CorrectedBy is null && WithdrawnAt is null && !Pending;

    /// <summary>Stands, and is about the item itself.</summary>
    public bool Counts => Stands && !Objection;
}

/// <summary>Names an opinion within its report.</summary>
[ProtoContract]
public sealed record OpinionPlace
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required int AssessmentId { get; init; }
}

/// <summary>Something done about an item (ICCAM's actions).</summary>
[ProtoContract]
public sealed record CaseAction
{
    [ProtoMember(1)] public required ActionType Type { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    /// <summary>When it was done, as the actor says; not in the future.</summary>
    [ProtoMember(4)] public required DateTimeOffset Date { get; init; }
    [ProtoMember(5)] public ActionReason? Reason { get; init; }

    /// <summary>The reason in words, sealed.</summary>
    [ProtoMember(6)] public Sealed? ReasonText { get; init; }
    [ProtoMember(7)] public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The assignment episode; 0 for one that came with the report.</summary>
    [ProtoMember(8)] public int Episode { get; init; }

    /// <summary>The country the agency acted for; null when it works for none.</summary>
    [ProtoMember(9)] public Country? Country { get; init; }

    /// <summary>The analyst's name, sealed; for the own agency.</summary>
    [ProtoMember(10)] public Sealed? Analyst { get; init; }

    /// <summary>The agency spoke for <see cref="Country"/>: a hotline or national police that was its member on the day.</summary>
    [ProtoMember(11)] public bool Speaks { get; init; }

    /// <summary>How far the agency is believed: present trust where that decides (<see cref="Verbs.FollowTrust"/>), else that of the day.</summary>
    [ProtoMember(12)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;

    /// <summary>As <see cref="Assessment.Laws"/>: the countries that it may turn out to have been done for.</summary>
    [ProtoMember(13)] public ImmutableArray<Country> Laws { get; init; } = [];
}
