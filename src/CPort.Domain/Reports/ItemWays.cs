using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Reports;

/// <summary>Something that a caller may do with an item, and why not just now.</summary>
[ProtoContract]
public sealed record ItemWay
{
    [ProtoMember(1)] public required ItemWrite Write { get; init; }

    /// <summary>Of <see cref="ItemWrite.Act"/>: which action.</summary>
    [ProtoMember(2)] public ActionType? Action { get; init; }

    /// <summary>Why the rules refuse it now; <see cref="RejectionCode.None"/>: it is possible.</summary>
    [ProtoMember(3)] public RejectionCode Code { get; init; }

    /// <summary>The refusal's sentence.</summary>
    [ProtoMember(4)] public string? Detail { get; init; }

    /// <summary>Of what is done about a hold: its number in the report; 0: it is about none.</summary>
    [ProtoMember(5)] public int Hold { get; init; }

    public bool Possible => Code == RejectionCode.None;
}

/// <summary>
/// What a caller can do with an item now: asked of the verbs' own rules with a command that is thrown away, so that what a page offers and what a command
/// answers cannot differ. What the caller may never do (docs/access.md) is not in the list; what a rule forbids now is, with the rule.
/// </summary>
public static class ItemWays
{
    private static readonly Sealed Something = new() { Bytes = [0] };

    public static ImmutableArray<ItemWay> Of(Report report, ContentItem item, Caller caller, ReportEnvironment environment)
    {
        var context = new CommandContext { CommandId = CommandId.New(), Caller = caller, OccurredAt = environment.Now };
        ImmutableArray<ItemTarget> targets = [new ItemTarget { Ordinal = item.Ordinal }];
        var (id, one) = (report.Id, targets[0]);

        // Of an item that is judged, the same again: the rules speak of judging again, not of a certain judgement.
        var same = new AssessmentInput { Classification = item.Effective() ?? Classification.National };
        (ItemWrite Write, ActionType? Action, IReportVerb Verb)[] tries =
        [
            (ItemWrite.Claim, null, new ClaimItems { ReportId = id, Context = context, Items = targets }),
            (ItemWrite.Release, null, new ReleaseItems { ReportId = id, Context = context, Items = targets }),
            (ItemWrite.Assess, null, new AssessItems { ReportId = id, Context = context, Items = targets, Assessment = same }),
            (ItemWrite.Look, null, new AssessBlind { ReportId = id, Context = context, Item = one, Assessment = same }),
            (ItemWrite.AskForLook, null, new AskForLook { ReportId = id, Context = context, Items = targets, Agency = Looks(caller, environment) }),
            (ItemWrite.CorrectAssessment, null, new CorrectAssessment { ReportId = id, Context = context, Item = one, Assessment = same }),
            (ItemWrite.Object, null, new ObjectToBaseline { ReportId = id, Context = context, Items = targets, SealedWhy = Something }),
            .. ActionTypes.All.Select(a => (ItemWrite.Act, (ActionType?)a.Type, (IReportVerb)new RecordActions
            {
                ReportId = id, Context = context, Items = targets,
                Action = new ActionInput { Type = a.Type, Date = environment.Now, Reason = a.Reasons.IsEmpty ? null : a.Reasons[0] },
            })),
            (ItemWrite.UpdateHosting, null, new UpdateHosting
            {
                ReportId = id, Context = context, Items = targets,
                Facts = item.Hosting ?? new Routing.HostingFacts { Source = Routing.HostingSource.Analyst, Confidence = 100, TracedAt = environment.Now },
            }),
            (ItemWrite.ProposeForIcse, null, new ProposeForIcse { ReportId = id, Context = context, Items = targets, SealedWhy = Something }),
            (ItemWrite.Hold, null, new RequestHold { ReportId = id, Context = context, Items = targets, Reason = HoldReason.CountryRelated }),
            (ItemWrite.Refer, null, new RequestReferral
            {
                ReportId = id, Context = context, Items = targets, Agency = Refers(caller, environment), Why = ReferralWhy.Host,
            }),
            .. report.Holds.Where(h => h.Stops(item, environment.Now)).SelectMany(h => ((ItemWrite, ActionType?, IReportVerb)[])
            [
                (ItemWrite.LiftHold, null, new LiftHold { ReportId = id, Context = context, Number = h.Number }),
                (ItemWrite.ExtendHold, null, new ExtendHold { ReportId = id, Context = context, Number = h.Number, Until = h.Until.AddMinutes(1) }),
                (ItemWrite.ObjectToHold, null, new ObjectToHold { ReportId = id, Context = context, Number = h.Number, SealedWhy = Something }),
                (ItemWrite.OverruleHold, null, new OverruleHold { ReportId = id, Context = context, Number = h.Number, SealedWhy = Something }),
            ]),
            (ItemWrite.Reopen, null, new ReopenItem { ReportId = id, Context = context, Item = one, ItemNumber = long.MaxValue }),
            (ItemWrite.AddMemo, null, new AddMemo { ReportId = id, Context = context, Ordinal = item.Ordinal, SealedText = Something }),
        ];
        return
        [
            .. tries.Select(t => (t.Write, t.Action, t.Verb, Refusal: RefusalOf(ReportRules.Decide(report, t.Verb, environment).Reply)))
                .Where(t => t.Refusal.Code is not (RejectionCode.NotAuthorised or RejectionCode.NotFound or RejectionCode.NoSuchHold
                    or RejectionCode.NoSecondLook))
                .Select(t => new ItemWay
                {
                    Write = t.Write, Action = t.Action, Code = t.Refusal.Code, Detail = t.Refusal.Detail, Hold = t.Verb is IAboutHold about ? about.Number : 0,
                }),
        ];
    }

    /// <summary>Whether one may ask anybody; INTERPOL stands for all.</summary>
    private static AgencyId Looks(Caller caller, ReportEnvironment environment) => environment.Members.Interpol ?? caller.Agency;

    /// <summary>Police refers to itself, a hotline to anybody: INTERPOL stands for that.</summary>
    private static AgencyId Refers(Caller caller, ReportEnvironment environment) =>
        caller.Kind == AgencyKind.Hotline && environment.Members.Interpol is { } interpol ? interpol : caller.Agency;

    private static (RejectionCode Code, string? Detail) RefusalOf(CommandReply reply) =>
        reply.Items is [{ Accepted: false } item] ? (item.Code, item.Detail) : (reply.Code, reply.Detail);
}
