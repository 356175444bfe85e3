using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>A webhook from one look at it to the next: how far it has come, and what is to be kept of that.</summary>
internal sealed class WebhookCourse
{
    private readonly List<WebhookDelivery> _tried = [];

    public WebhookCourse(Webhook begun, long version) => (Begun, Hook, Version) = (begun, begun, version);

    public Webhook Begun { get; }

    public Webhook Hook { get; private set; }

    public long Version { get; }

    public IReadOnlyList<WebhookDelivery> Tried => _tried;

    /// <summary>Something is to be kept besides what was tried.</summary>
    public bool IsMoved { get; private set; }

    /// <summary>
    /// What became of one POST. It is one try, whatever it carried; of what was given up each event is named, as each can be asked for again.
    /// </summary>
    public WebhookOutcome Answered(ImmutableArray<DeliveredNews> sent, WebhookAnswer answer, DateTimeOffset now, double jitter)
    {
        var last = sent[^1].Place;
        var (next, outcome) = WebhookRules.After(Hook, last, answer, now, jitter);
        var tried = new WebhookDelivery(last, Hook.Tries + 1, now, outcome, answer.InWords, sent.Length);
        _tried.AddRange(outcome == WebhookOutcome.Dead ? sent.Select(n => tried with { Place = n.Place, Events = 1 }) : [tried]);
        Hook = next;
        return outcome;
    }

    /// <summary>What was to be sent again is not kept any more, or not for this agency's receiver.</summary>
    public void Drop(string again) => (Hook, IsMoved) = (Hook with { Again = Hook.Again.Remove(again) }, true);

    /// <summary>What no receiver is told is left behind as well, but not written down for its own sake.</summary>
    public void MoveTo(FeedPlace place, bool forItsOwnSake)
    {
        if (place > Hook.After)
        {
            IsMoved |= forItsOwnSake || place.Ordering - Begun.After.Ordering > 10_000;
            Hook = WebhookRules.At(Hook, place);
        }
    }
}
