using CPort.Domain.Groups;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The opinion of items by who has them: the assigned country, or whom an orphan went to (ICCAM rules 1 to 4).</summary>
[ProtoContract, Manifest("rc10")]
public sealed record AssessItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required AssessmentInput Assessment { get; init; }

    /// <summary>Of an assessment of a group: what its items look like. Who names the items reads it in tables; the report knows its own hashes.</summary>
    [ProtoMember(5)] public LookAlikeBall? Alike { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) => this with { Assessment = Assessment.Seal(seam, report.Id) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        return ForItems(report, this, Items, ItemWrite.Assess,
            item => InGroup(item) ?? Leased(item, caller, environment) ?? CheckAssess(item, Assessment, caller, environment),
            items =>
            [
                .. Assigning.TakeUnassigned(items, Context, environment),
                .. Looking.Said(report, Context, environment,
                [
                    .. items.Select(i => new ItemAssessment
                    {
                        Ordinal = i.Ordinal,
                        Assessment = Assessment.ToAssessment(i.Assessments.Length + 1, Context, LawOf(i, caller), i.Assignment!.Episode) with
                        {
                            DespiteBaseline = i.IsBaselineBelieved(),
                        },
                    }),
                ]),
            ]);
    }

    private Refusal? InGroup(ContentItem item) => Alike is { } alike && !item.Hashes.Any(alike.Holds)
        ? new Refusal(RejectionCode.NotFound, NotInGroup) : null;

    /// <summary>The same whether the item is none, is not for the caller, or does not look like the group.</summary>
    public const string NotInGroup = "There is no such item in this group.";

    private static Refusal? CheckAssess(ContentItem item, AssessmentInput input, Caller caller, ReportEnvironment environment)
    {
        var rules = environment.Rules;
        if (input.OfAnotherLaw(caller) is { } refused)
        {
            return refused;
        }

        if (item.IsClosed())
        {
            return Closed;
        }

        if (!input.Classification.HasEffect())
        {
            return new Refusal(RejectionCode.DoubtfulHasNoEffect,
                "Doubtful exists in v2 submissions only; assess as Baseline, National or NotIllegal.");
        }

        // Who said it corrects it; anybody else looks without knowing what was said.
        if (item.OpenLook() is not null)
        {
            return Looking.Waits;
        }

        // Rules 1 to 3 are about judging again. What counts as nothing (any more) waits for a look, whatever was done with it before.
        if (item.Effective() is not { } effective)
        {
            return null;
        }

        if (rules.BaselineIsFinal && effective == Classification.Baseline)
        {
            return new Refusal(RejectionCode.BaselineIsFinal,
                "The item is Baseline; nobody re-classifies it (ICCAM rule 1). Who disagrees raises an objection.");
        }

        if (rules.NoAssessmentAfterAction && item.HasAction())
        {
            return new Refusal(RejectionCode.AlreadyActedOn,
                "The item has been acted on; it is no longer assessed (ICCAM rule 3).");
        }

        return rules.OnlyNationalIsOverruled && item.LocalOpinion() is { Classification: Classification.NotIllegal }
            ? new Refusal(RejectionCode.OnlyNationalIsOverruled,
                "The item is assessed not illegal here; only National is overruled (ICCAM rule 2). Correct it instead.")
            : null;
    }
}

/// <summary>An assessment as the caller gives it.</summary>
[ProtoContract]
public sealed record AssessmentInput
{
    [ProtoMember(1)] public required Classification Classification { get; init; }
    [ProtoMember(2)] public AgeCategory Age { get; init; } = AgeCategory.NotDetermined;
    [ProtoMember(3)] public GenderCategory Gender { get; init; } = GenderCategory.NotDetermined;
    [ProtoMember(4)] public bool VirtualContent { get; init; }
    [ProtoMember(5)] public bool UserGeneratedContent { get; init; }
    [ProtoMember(6)] public bool ChildModeling { get; init; }

    /// <summary>The analyst's name; in the clear on the way in, null once sealed.</summary>
    [ProtoMember(7)] public SecretText? Analyst { get; init; }
    [ProtoMember(8)] public Sealed? SealedAnalyst { get; init; }

    /// <summary>What was chosen, in another scheme than ICCAM's; <see cref="Classification"/> is what follows from it.</summary>
    [ProtoMember(9)] public Category? Category { get; init; }

    /// <summary>Nobody judges by the scheme of a country that it does not work for.</summary>
    internal Refusal? OfAnotherLaw(Caller caller) => Category?.Jurisdiction is { } law && !caller.WorksFor(law)
        ? new Refusal(RejectionCode.CategoryOfAnotherLaw, $"The scheme {Category.Scheme} follows the law of {law.Code}, which your agency does not work for.")
        : null;

    internal AssessmentInput Seal(ConfidentialSeam seam, ReportId report) => Analyst is { } name
        ? this with { Analyst = null, SealedAnalyst = seam.Seal(new SealedPlace(report, SealedField.AssessmentAnalyst), name) } : this;

    // The law is the country's given here, unless the category's scheme says another.
    internal Assessment ToAssessment(int id, CommandContext context, Country? country, int episode) => new()
    {
        Id = id, Agency = context.Caller.Agency, KeyId = context.Caller.KeyId, Trust = context.Caller.Trust,
        Country = Category?.Jurisdiction ?? country, Category = Category,
        Speaks = context.Caller.SpeaksFor(Category?.Jurisdiction ?? country), At = context.OccurredAt, Episode = episode,
        Classification = Classification, Age = Age, Gender = Gender, VirtualContent = VirtualContent,
        UserGeneratedContent = UserGeneratedContent, ChildModeling = ChildModeling, Analyst = SealedAnalyst,

        // v2's Doubtful has no effect, so there is nothing to tell the hash buckets.
        Propagated = !Classification.HasEffect(),
    };
}

/// <summary>A new assessment of one item; <see cref="Corrects"/> names the one it replaces.</summary>
[ProtoContract]
public sealed record ItemAssessment
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required Assessment Assessment { get; init; }
    [ProtoMember(3)] public int? Corrects { get; init; }
}

/// <summary>An agency gave, or corrected, its opinion of items.</summary>
[ProtoContract, Manifest("re11")]
public sealed record ItemsAssessed : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAssessment> Assessments { get; init; } = [];
    [ProtoMember(4)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Assessments, a => a.Ordinal, (i, a) => i with
    {
        Assessments =
        [
            .. i.Assessments.Select(old => old.Id == a.Corrects ? old with { CorrectedBy = a.Assessment.Id } : old),
            a.Assessment with { Sequence = report.Version + 1 },
        ],
    });

    public ImmutableArray<int> Touches() => [.. Assessments.Select(a => a.Ordinal)];

    public SealedText? FreeText() => Why is { } why ? new SealedText(SealedField.Why, why) : null;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        !access.Sees(FieldGroup.Classification) ? [] : [.. Assessments.Where(a => seen.Contains(a.Ordinal)).Select(a =>
            $"Item {a.Ordinal}: {a.Assessment.Classification}, age {a.Assessment.Age}, gender {a.Assessment.Gender}"
            + (a.Corrects is { } corrected ? $"; corrects assessment {corrected}." : "."))];
}
