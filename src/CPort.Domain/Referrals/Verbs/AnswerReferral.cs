using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>
/// Police says what it does with a referral: received, in use, declined, known, closed, handed on. Each answer is a line that stays, and goes to the items'
/// source and to who has them.
/// </summary>
[ProtoContract, Manifest("fc2")]
public sealed record AnswerReferral : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public required ReferralState State { get; init; }
    [ProtoMember(5)] public DeclineReason? Reason { get; init; }
    [ProtoMember(6)] public ReferralOutcome? Outcome { get; init; }
    [ProtoMember(7)] public KnownAs? KnownAs { get; init; }
    [ProtoMember(8)] public AgencyId? To { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(9)] public SecretText? Text { get; init; }
    [ProtoMember(10)] public Sealed? SealedText { get; init; }

    /// <summary>Which answer may follow which; each but the first two ends it.</summary>
    private static readonly ImmutableArray<(ReferralState Answer, ImmutableArray<ReferralState> After)> Ways =
    [
        (ReferralState.Received, [ReferralState.Open]),
        (ReferralState.InUse, [ReferralState.Open, ReferralState.Received]),
        (ReferralState.Closed, [ReferralState.Received, ReferralState.InUse]),
        (ReferralState.Declined, Referral.WorkStates),
        (ReferralState.Known, Referral.WorkStates),
        (ReferralState.Forwarded, Referral.WorkStates),
    ];

    /// <summary>Which answers may follow.</summary>
    public static IEnumerable<ReferralState> After(ReferralState state) => Ways.Where(w => w.After.Contains(state)).Select(w => w.Answer);

    public IReferralCommand Seal(ConfidentialSeam seam) =>
        this with { Text = null, SealedText = Text is { } text ? seam.Seal(PlaceOf(Key, Number), text) : null };

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment)
    {
        if (book.Of(Number) is not { } referral || Context.Caller.Kind == AgencyKind.System)
        {
            return Absent(Key);
        }

        var after = Ways.FirstOrDefault(w => w.Answer == State).After;
        if (after.IsDefault || !after.Contains(referral.State) || referral.Lines.Length >= ReferralLimits.Lines)
        {
            return Rejected(book, this, ReferralRejection.ReferralIsOver,
                $"The referral is {referral.State}; {State} follows {(after.IsDefault ? "nothing" : string.Join(" or ", after))}.", referral);
        }

        var fits = (Reason is null) == (State != ReferralState.Declined) && (Outcome is null) == (State != ReferralState.Closed)
            && (KnownAs is null) == (State != ReferralState.Known) && (To is null) == (State != ReferralState.Forwarded);
        if (!fits)
        {
            return Rejected(book, this, ReferralRejection.AnswerDoesNotFit,
                "To decline needs a reason, to close an outcome, known says as what, to forward names an agency; and no other answer has these.", referral);
        }

        // To police of the country that each item concerns, or to INTERPOL, which knows the way to any other.
        if (To is { } to && (to == Context.Caller.Agency || !environment.Members.IsPoliceOrInterpol(to)
            || (to != environment.Members.Interpol && Context.Caller.Kind != AgencyKind.Interpol
                && !Alerts.ConcernsAll(referral.Items, to, Context.Caller.Countries, environment.Members))))
        {
            return Rejected(book, this, ReferralRejection.ForwardDoesNotFit,
                "It is handed on to other police of the country that its items concern, or to INTERPOL, and by INTERPOL to any police.", referral);
        }

        return Accepted(book, this, Number, new ReferralAnswered
        {
            Meta = Context.ToMeta(), Number = Number,
            Line = new FeedbackLine
            {
                Line = referral.Lines.Length + 1, State = State, At = environment.Now, KeyId = Context.Caller.KeyId, Reason = Reason, Outcome = Outcome,
                KnownAs = KnownAs, To = To, Text = SealedText,
            },
        });
    }
}

/// <summary>Police answered.</summary>
[ProtoContract, Manifest("fe2")]
public sealed record ReferralAnswered : IReferralEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public ReferralReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public required FeedbackLine Line { get; init; }

    public IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public ReferralBook Apply(ReferralBook book)
    {
        var referral = book.Referrals[Number - 1];
        return book with
        {
            Referrals = book.Referrals.SetItem(Number - 1, referral with
            {
                Lines = referral.Lines.Add(Line), ChangedAt = Meta.OccurredAt,
                AcknowledgedAt = referral.IsAlerting && Alerts.IsPerson(Meta.Roles) ? Meta.OccurredAt : referral.AcknowledgedAt,
            }),
        };
    }
}
