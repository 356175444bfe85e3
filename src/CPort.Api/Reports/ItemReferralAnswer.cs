namespace CPort.Api.Reports;

/// <summary>That an item was given to police, and what police says of it.</summary>
/// <param name="Agency">To whom.</param>
/// <param name="State">By its last answer.</param>
/// <param name="ReferralId">For that agency itself; absent for others, and before it is opened.</param>
/// <param name="Feedback">Its answers, oldest first.</param>
public sealed record ItemReferralAnswer(string Agency, ReferralState State, string? ReferralId, IReadOnlyList<PoliceWordAnswer>? Feedback)
{
    public static ItemReferralAnswer Of(ItemReferralView view) => new(
        view.Referral.Agency.Value, view.Referral.State, view.Referral.Referral?.ToString(),
        view.Referral.Words.IsEmpty ? null
            : [.. view.Referral.Words.Select((w, i) => new PoliceWordAnswer(
                w.State, w.At, CodeAnswer.Of(w.Reason), CodeAnswer.Of(w.Outcome), CodeAnswer.Of(w.KnownAs), w.To?.Value,
                view.Texts.ElementAtOrDefault(i) is { Length: > 0 } text ? text : null, w.Escalated ? true : null))]);
}

/// <summary>An answer of police.</summary>
/// <param name="To">Of one that is handed on: to whom.</param>
/// <param name="Escalated">True: nobody there acknowledged in time what is urgent, and it went to <paramref name="To"/> as well.</param>
public sealed record PoliceWordAnswer(
    ReferralState State, DateTimeOffset At, CodeAnswer? Reason, CodeAnswer? Outcome, CodeAnswer? KnownAs, string? To, string? Text, bool? Escalated = null);
