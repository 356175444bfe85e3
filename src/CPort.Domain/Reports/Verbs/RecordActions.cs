using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Something done about items (ICCAM rules 4, 7 to 10).</summary>
[ProtoContract, Manifest("rc12")]
public sealed record RecordActions : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required ActionInput Action { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Action = Action.Seal(seam, report.Id) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        if (Action.Check(environment) is { } refusal)
        {
            return Rejected(report, this, refusal);
        }

        return ForItems(report, this, Items, ItemWrite.Act,
            item => Leased(item, caller, environment) ?? CheckAct(report, item, Action.Type, environment),
            items =>
            [
                .. Assigning.TakeUnassigned(items, Context, environment),
                new ActionsRecorded
                {
                    Meta = Context.ToMeta(),
                    Actions =
                    [
                        .. items.Select(i => new ItemAction
                        {
                            Ordinal = i.Ordinal,
                            Action = Action.ToAction(Context, LawOf(i, caller), i.Assignment?.Episode ?? 0) with { Laws = LawsOf(i, caller) },
                        }),
                    ],
                },
            ]);
    }

    private static Refusal? CheckAct(Report report, ContentItem item, ActionType action, ReportEnvironment environment)
    {
        var rules = environment.Rules;
        if (item.IsClosed())
        {
            return Closed;
        }

        if (rules.ActionOnce && item.Actions.Any(a => a.Type == action && item.InThisEpisode(a)))
        {
            return new Refusal(RejectionCode.ActionAlreadyRecorded,
                $"{action} is recorded already; each action type once per item (ICCAM rule 8).");
        }

        if (action.Row().Notice == ActionNotice.Host && report.Holds.FirstOrDefault(h => h.Stops(item, environment.Now)) is { } hold)
        {
            return Holding.Stopped(report, hold);
        }

        // Nobody's job yet: its reporter tells what it knows, as it could have with the report itself.
        if (item.Assignment is null)
        {
            return action.Row().BeforeRouting ? null
                : new Refusal(RejectionCode.NotAssigned,
                    $"The item is no country's job yet; {ActionTypes.NamesOf(a => a.BeforeRouting)} may be recorded before.");
        }

        var effective = item.Effective();
        if (!action.Row().BeforeAssessment)
        {
            if (rules.Gate == AssessmentGate.PerItem && effective is null)
            {
                return new Refusal(RejectionCode.NotAssessedYet,
                    $"Assess the item before acting on it (ICCAM rule 9); {ActionTypes.NamesOf(a => a.BeforeAssessment)} may come before.");
            }

            if (rules.Gate == AssessmentGate.WholeReport && !report.IsClassified())
            {
                return new Refusal(RejectionCode.ReportNotComplete,
                    "Assess all items and set site type, commerciality and payment methods before acting (ICCAM rule 9).");
            }
        }

        return rules.NotIllegalFollowsAssessment ? ActionInput.DoesNotFit(action, effective == Classification.NotIllegal) : null;
    }
}

/// <summary>An action as the caller gives it.</summary>
[ProtoContract]
public sealed record ActionInput
{
    [ProtoMember(1)] public required ActionType Type { get; init; }
    [ProtoMember(2)] public required DateTimeOffset Date { get; init; }
    [ProtoMember(3)] public ActionReason? Reason { get; init; }
    [ProtoMember(4)] public SecretText? ReasonText { get; init; }
    [ProtoMember(5)] public Sealed? SealedReasonText { get; init; }

    /// <summary>The analyst's name; in the clear on the way in, null once sealed.</summary>
    [ProtoMember(6)] public SecretText? Analyst { get; init; }
    [ProtoMember(7)] public Sealed? SealedAnalyst { get; init; }

    internal ActionInput Seal(ConfidentialSeam seam, ReportId report) => this with
    {
        ReasonText = null, SealedReasonText = ReasonText is { } text ? seam.Seal(new SealedPlace(report, SealedField.ActionReason), text) : null,
        Analyst = null, SealedAnalyst = Analyst is { } name ? seam.Seal(new SealedPlace(report, SealedField.ActionAnalyst), name) : null,
    };

    /// <summary>What an action must be by itself, whatever item it is for.</summary>
    internal Refusal? Check(ReportEnvironment environment) =>
        Type.NeedsReason() && Reason is null ? new Refusal(RejectionCode.ReasonMissing, $"{Type} needs a reason.")
        : Reason is { } reason && !reason.Fits(Type)
            ? new Refusal(RejectionCode.ReasonDoesNotFit, $"Reason {reason} does not go with {Type}.")
        : Date > environment.Now + environment.ClockTolerance
            ? new Refusal(RejectionCode.DateInFuture, "The action's date lies in the future.")
        : null;

    /// <summary>ICCAM rule 10.</summary>
    internal static Refusal? DoesNotFit(ActionType action, bool isNotIllegal) =>
        isNotIllegal
            ? action.Row().ForNotIllegal ? null
                : new Refusal(RejectionCode.ActionDoesNotFitAssessment,
                    $"A not-illegal item is closed by {ActionTypes.NamesOf(a => a.ForNotIllegal)} (ICCAM rule 10).")
            : action.Row().ForIllegal ? null
                : new Refusal(RejectionCode.ActionDoesNotFitAssessment, $"{action} needs a not-illegal assessment (ICCAM rule 10).");

    internal CaseAction ToAction(CommandContext context, Country? country, int episode) => new()
    {
        Type = Type, Agency = context.Caller.Agency, KeyId = context.Caller.KeyId, Date = Date, Reason = Reason,
        ReasonText = SealedReasonText, RecordedAt = context.OccurredAt, Episode = episode, Country = country,
        Analyst = SealedAnalyst, Speaks = context.Caller.SpeaksFor(country), Trust = context.Caller.Trust,
    };
}

/// <summary>One item's action.</summary>
[ProtoContract]
public sealed record ItemAction
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required CaseAction Action { get; init; }
}

/// <summary>Something was done about items.</summary>
[ProtoContract, Manifest("re12")]
public sealed record ActionsRecorded : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAction> Actions { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Actions, a => a.Ordinal, (i, a) => i with
    {
        Actions = i.Actions.Add(a.Action), Lease = a.Action.Type.IsFinal() ? null : i.Lease,
    });

    public ImmutableArray<int> Touches() => [.. Actions.Select(a => a.Ordinal)];

    public SealedText? FreeText() => Actions is [{ Action.ReasonText: { } text }] ? new SealedText(SealedField.ActionReason, text) : null;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [.. Actions.Where(a => seen.Contains(a.Ordinal)).Select(a =>
            $"Item {a.Ordinal}: {a.Action.Type}" + (a.Action.Reason is { } reason ? $" because {reason}." : "."))];
}
