using CPort.Domain.Hashes;
using CPort.Domain.Routing;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// A report as a hotline, or a provider, sends it. Reports of more than 200 items travel in parts of the same command; nothing is durable or answered as
/// accepted before the last part has come and everything is persisted together.
/// </summary>
[ProtoContract, Manifest("rc1")]
public sealed record SubmitReport : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required HotlineReference Reference { get; init; }

    /// <summary>When the public reported to the hotline, UTC (ICCAM rule 6).</summary>
    [ProtoMember(4)] public required DateTimeOffset HotlineReceivedDate { get; init; }
    [ProtoMember(5)] public SiteType? SiteType { get; init; }
    [ProtoMember(6)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(7)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];

    /// <summary>A child at immediate risk: goes before everything.</summary>
    [ProtoMember(8)] public bool Urgent { get; init; }

    /// <summary>In the clear on the way in; null once sealed.</summary>
    [ProtoMember(9)] public ReportSecrets? Secrets { get; init; }
    [ProtoMember(10)] public Sealed? SealedSecrets { get; init; }

    /// <summary>Unique number for the report; its items take the numbers from <see cref="FirstItemNumber"/> on.</summary>
    [ProtoMember(12)] public required long ReportNumber { get; init; }
    [ProtoMember(13)] public required long FirstItemNumber { get; init; }
    [ProtoMember(14)] public ImmutableArray<SubmittedItem> Items { get; init; } = [];

    /// <summary>Keyed digests of the report's own fields, by field name.</summary>
    [ProtoMember(15)] public ImmutableArray<FieldDigest> Digests { get; init; } = [];

    /// <summary>From 0; parts come in order.</summary>
    [ProtoMember(16)] public int Part { get; init; }
    [ProtoMember(17)] public int PartCount { get; init; } = 1;

    public IReportVerb Seal(ConfidentialSeam seam, Report report)
    {
        if (report.Exists)
        {
            // A re-sent report is compared by digests; there is nothing to seal.
            return SubmissionDigest.StampLike(seam, report, this);
        }

        return this with
        {
            Secrets = null,
            SealedSecrets = Secrets is { } secrets ? seam.Seal(new SealedPlace(ReportId, SealedField.ReportSecrets), secrets) : null,
            Items = [.. Items.Select((item, i) => item.Seal(seam, ReportId, i + 1))],
        };
    }

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        if (!AccessTable.May(caller, Deed.SubmitReports))
        {
            return Rejected(report, this, RejectionCode.NotAuthorised, AccessTable.WhoMay(Deed.SubmitReports));
        }

        if (report.Exists)
        {
            if (caller.Agency != report.ReportingHotline || caller.Tenant != report.Tenant)
            {
                // The id follows from hotline and reference, so this is a training report meeting a live one (or a wrong id):
                // told nothing about it.
                return Rejected(report, this, RejectionCode.NotFound, "The reference cannot be used here.");
            }

            var fields = SubmissionDigest.Differences(report, this);
            if (fields.IsEmpty && Context.CommandId == report.SubmissionCommand)
            {
                // The very command that submitted it: its answer was lost on the way, and is given again.
                return new ReportDecision([], new CommandReply
                {
                    ReportId = ReportId, ReportNumber = report.Number, Version = report.Version,
                    Outcome = CommandOutcome.Accepted, Replayed = true,
                });
            }

            return new ReportDecision([], new CommandReply
            {
                ReportId = ReportId, ReportNumber = report.Number, Version = report.Version, Fields = fields, Withdrawn = report.Withdrawn,
                Outcome = fields.IsEmpty ? CommandOutcome.Duplicate : CommandOutcome.Conflict,
                Detail = fields.IsEmpty
                    ? report.Withdrawn ? "This report was accepted before, and withdrawn by its hotline since." : "This report was accepted before."
                    : "A report with this reference was accepted before with other content; amend it or use a new reference.",
            });
        }

        if (Items.IsEmpty || Items.Length > environment.MaxItems)
        {
            return Rejected(report, this, RejectionCode.TooManyItems,
                $"A report has 1 to {environment.MaxItems} items; split a larger one.");
        }

        if (HotlineReceivedDate > environment.Now + environment.ClockTolerance)
        {
            return Rejected(report, this, RejectionCode.DateInFuture, "hotlineReceivedDate lies in the future.");
        }

        if (SubmittedItem.Check(Items, caller, environment) is { } refusal)
        {
            return Rejected(report, this, refusal);
        }

        var meta = Context.ToMeta();
        Country? country = caller.PrimaryCountry;
        var items = SubmittedItem.ToItems(Items, 1, FirstItemNumber, Context, environment).ToImmutableArray();
        var events = new List<IReportEvent>
        {
            new ReportSubmitted
            {
                Meta = meta, ReportId = ReportId, Number = ReportNumber, ReportingHotline = caller.Agency,
                ReportingCountry = country, Reference = Reference, HotlineReceivedDate = HotlineReceivedDate,
                SiteType = SiteType, Commerciality = Commerciality, PaymentMethods = PaymentMethods,
                Urgent = Urgent, Secrets = SealedSecrets, Digests = Digests, FromProvider = caller.Kind == AgencyKind.Provider,
                Items = [.. items.Take(ReportRules.ItemsPerPart)],
            },
        };
        events.AddRange(items.Skip(ReportRules.ItemsPerPart).Chunk(ReportRules.ItemsPerPart)
            .Select(part => new ItemsAdded { Meta = meta, Items = [.. part], WithSubmission = true }));
        var reply = new CommandReply
        {
            ReportId = ReportId, Outcome = CommandOutcome.Accepted, ReportNumber = ReportNumber, Version = events.Count,
        };
        return new ReportDecision([.. events], reply);
    }
}

/// <summary>A keyed digest (64 bits of HMAC) of one field as submitted.</summary>
[ProtoContract]
public sealed record FieldDigest
{
    [ProtoMember(1)] public required string Field { get; init; }
    [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public required ulong Mac { get; init; }
}

/// <summary>One entry of a submitted report.</summary>
[ProtoContract]
public sealed record SubmittedItem
{
    [ProtoMember(1)] public ItemSecrets? Secrets { get; init; }
    [ProtoMember(2)] public Sealed? SealedSecrets { get; init; }
    [ProtoMember(3)] public HotlineReference? Reference { get; init; }

    /// <summary>Hosting as the sender gave it; null when it gave nothing.</summary>
    [ProtoMember(4)] public HostingFacts? Hosting { get; init; }
    [ProtoMember(5)] public bool IsSourceUrl { get; init; }
    [ProtoMember(6)] public required ContentType ContentType { get; init; }
    [ProtoMember(7)] public AssessmentInput? Assessment { get; init; }
    [ProtoMember(8)] public ImmutableArray<ActionInput> Actions { get; init; } = [];
    [ProtoMember(9)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(10)] public int? PdqQuality { get; init; }
    [ProtoMember(11)] public long? MediaSize { get; init; }
    [ProtoMember(12)] public string? MimeType { get; init; }

    /// <summary>Packed keyed digest of the entry, see <see cref="SubmissionDigest"/>.</summary>
    [ProtoMember(13)] public byte[] Digest { get; init; } = [];
    [ProtoMember(14)] public UrlKeys? UrlKeys { get; init; }

    internal SubmittedItem Seal(ConfidentialSeam seam, ReportId report, int ordinal) => this with
    {
        Secrets = null,
        SealedSecrets = Secrets is { } secrets ? seam.Seal(new SealedPlace(report, SealedField.ItemSecrets, ordinal), secrets) : null,
        Assessment = Assessment?.Seal(seam, report), Actions = [.. Actions.Select(a => a.Seal(seam, report))],
    };

    /// <summary>
    /// What comes with a report obeys the rules that work on it obeys later: reasons, dates, each action once (rule 8), nothing after a final action (rule 7),
    /// NotIllegal with a not-illegal opinion only (rule 10). Whether it was assessed before it was acted on (rule 9) cannot be known.
    /// </summary>
    internal static Refusal? Check(ImmutableArray<SubmittedItem> items, Caller caller, ReportEnvironment environment)
    {
        for (var i = 0; i < items.Length; i++)
        {
            if (caller.Kind == AgencyKind.Provider && (items[i].Assessment is not null || !items[i].Actions.IsEmpty))
            {
                return new Refusal(RejectionCode.NotAuthorised, $"urls[{i}]: a provider reports; it neither assesses nor acts.");
            }

            if (items[i].Assessment?.OfAnotherLaw(caller) is { } law)
            {
                return law with { Detail = $"urls[{i}].assessment: " + law.Detail };
            }

            var at = $"urls[{i}].actions: ";
            foreach (var action in items[i].Actions)
            {
                if (action.Check(environment) is { } refusal)
                {
                    return refusal with { Detail = at + refusal.Detail };
                }

                if (action.Type.IsFinal() && items[i].Actions.Any(other =>
                    !ReferenceEquals(other, action) && (other.Type.IsFinal() || other.Date > action.Date)))
                {
                    return Closed with { Detail = at + Closed.Detail };
                }

                var isNotIllegal = items[i].Assessment?.Classification == Classification.NotIllegal;
                if (environment.Rules.NotIllegalFollowsAssessment
                    && ActionInput.DoesNotFit(action.Type, isNotIllegal) is { } unfit)
                {
                    return unfit with { Detail = at + unfit.Detail };
                }
            }

            if (environment.Rules.ActionOnce && items[i].Actions.DistinctBy(a => a.Type).Count() < items[i].Actions.Length)
            {
                return new Refusal(RejectionCode.ActionAlreadyRecorded, at + "each action type once per item (ICCAM rule 8).");
            }
        }

        return null;
    }

    /// <summary>
    /// Assessments and actions that come with a report are the reporting hotline's opinions and facts at intake (design.md). An item whose hosting country is
    /// given is routed at once: it waits for no hash.
    /// </summary>
    internal static IEnumerable<ContentItem> ToItems(
        ImmutableArray<SubmittedItem> items, int firstOrdinal, long firstNumber, CommandContext context, ReportEnvironment environment)
    {
        var reporter = context.Caller;
        return items.Select((submitted, i) => new ContentItem
        {
            Ordinal = firstOrdinal + i, Number = firstNumber + i, Digest = submitted.Digest,
            AddedAt = context.OccurredAt, LastChangedAt = context.OccurredAt,
            Secrets = submitted.SealedSecrets ?? throw new InvalidOperationException("An item is sealed before it is decided."),
            IsSourceUrl = submitted.IsSourceUrl, ContentType = submitted.ContentType, ReportingReference = submitted.Reference,
            Hashes = submitted.Hashes, PdqQuality = submitted.PdqQuality,
            MediaSize = submitted.MediaSize, MimeType = submitted.MimeType,
            Hosting = submitted.Hosting, UrlKeys = submitted.UrlKeys,

            // A reported country is taken as it is; an address without one is still to be traced.
            Traced = submitted.Hosting?.Country is not null,
            Matched = submitted.Hashes.IsEmpty,
        }).Select(item => !item.NeedsRoute() ? item : item with
        {
            Assignment = Assigning.Route(item, item.Hosting!.Country!.Value, episode: 1, environment.Now, environment).Assignment,
        }).Zip(items, (item, submitted) => item with
        {
            // A hotline of several countries speaks by the law of the one that has the item (verdicts.md 1), also where that is found out later.
            Assessments = submitted.Assessment is { } a
                ?
                [
                    a.ToAssessment(1, context, reporter.LawFor(item.Assignment?.Country), episode: 0) with
                    {
                        Laws = a.Category?.Jurisdiction is null ? LawsOf(item, reporter) : [],
                    },
                ] : [],
            Actions =
            [
                .. submitted.Actions.Select(action => action.ToAction(context, reporter.LawFor(item.Assignment?.Country), episode: 0) with
                {
                    Laws = LawsOf(item, reporter),
                }),
            ],
        });
    }
}

/// <summary>A hotline's report came in, with its first 200 items; the others follow in <see cref="ItemsAdded"/>.</summary>
[ProtoContract, Manifest("re1")]
public sealed record ReportSubmitted : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required ReportId ReportId { get; init; }
    [ProtoMember(4)] public required long Number { get; init; }
    [ProtoMember(5)] public required AgencyId ReportingHotline { get; init; }
    [ProtoMember(6)] public Country? ReportingCountry { get; init; }
    [ProtoMember(7)] public required HotlineReference Reference { get; init; }
    [ProtoMember(8)] public required DateTimeOffset HotlineReceivedDate { get; init; }
    [ProtoMember(9)] public SiteType? SiteType { get; init; }
    [ProtoMember(10)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(11)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];
    [ProtoMember(12)] public bool Urgent { get; init; }
    [ProtoMember(14)] public Sealed? Secrets { get; init; }
    [ProtoMember(15)] public ImmutableArray<FieldDigest> Digests { get; init; } = [];

    /// <summary>The items in their first state.</summary>
    [ProtoMember(16)] public ImmutableArray<ContentItem> Items { get; init; } = [];

    /// <summary>A provider sent it, no hotline: its sender sees nothing of it, and is asked nothing.</summary>
    [ProtoMember(17)] public bool FromProvider { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => report with
    {
        Id = ReportId, Number = Number, ReportingHotline = ReportingHotline, ReportingCountry = ReportingCountry,
        Reference = Reference, HotlineReceivedDate = HotlineReceivedDate, SubmittedAt = Meta.OccurredAt, SiteType = SiteType,
        Commerciality = Commerciality, PaymentMethods = PaymentMethods, Urgent = Urgent, UrgentBy = Urgent ? [ReportingHotline] : [],
        SiteTypeBy = SiteType is null ? null : ReportingHotline, CommercialityBy = Commerciality is null ? null : ReportingHotline,
        PaymentMethodsBy = PaymentMethods.IsEmpty ? null : ReportingHotline, Secrets = Secrets,
        Digests = Digests, Tenant = Meta.Tenant, SubmissionCommand = Meta.CommandId, FromProvider = FromProvider,
        Items = [.. Items.Select(i => i.Numbered(1))], SubmittedItems = Items.Length,
    };

    /// <summary>About the report, so that everybody with an item of it sees who submitted it; its items' first steps are shown with their own events.</summary>
    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [$"Report {Number} submitted by {ReportingHotline}."];
}
