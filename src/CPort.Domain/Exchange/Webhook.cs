using System.Security.Cryptography;

namespace CPort.Domain.Exchange;

/// <summary>Where a webhook stands.</summary>
public enum WebhookState
{
    /// <summary>Waits for its receiver's answer to the first ping.</summary>
    Pending = 1,
    Active = 2,

    /// <summary>Somebody of the agency has it wait.</summary>
    Paused = 3,

    /// <summary>CPort gave up: the receiver said that it is gone, or did not take anything for days.</summary>
    Stopped = 4,
}

/// <summary>
/// An address to which an agency's news are sent, as Standard Webhooks 1.0.0 has it: a pointer into the agency's feed, with one POST under way at a time, so
/// that they arrive in order and a slow receiver delays nobody else. Sealed where it is kept.
/// </summary>
[ProtoContract]
public sealed record Webhook
{
    /// <summary>26 characters.</summary>
    [ProtoMember(1)] public required ReportId Id { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required Tenant Tenant { get; init; }

    /// <summary>Why the agency looks; police state it when they register the webhook.</summary>
    [ProtoMember(4)] public string? Purpose { get; init; }
    [ProtoMember(5)] public required string Url { get; init; }

    /// <summary>For people, 0 to 200 characters.</summary>
    [ProtoMember(6)] public string Name { get; init; } = "";

    /// <summary>Only these kinds of news; empty: all.</summary>
    [ProtoMember(7)] public ImmutableArray<string> Types { get; init; } = [];

    /// <summary>32 random bytes that both sides know.</summary>
    [ProtoMember(8)] public required byte[] Secret { get; init; }

    /// <summary>The one before; both sign until <see cref="FormerUntil"/>.</summary>
    [ProtoMember(9)] public byte[]? FormerSecret { get; init; }
    [ProtoMember(10)] public DateTimeOffset? FormerUntil { get; init; }

    /// <summary>The private key of signatures <c>v1a</c> (Ed25519); null: they were not asked for.</summary>
    [ProtoMember(11)] public byte[]? SigningSeed { get; init; }
    [ProtoMember(12)] public WebhookState State { get; init; } = WebhookState.Pending;

    /// <summary>Why it was stopped, for people.</summary>
    [ProtoMember(13)] public string? Why { get; init; }
    [ProtoMember(14)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Everything up to here is delivered, or given up.</summary>
    [ProtoMember(15)] public long AfterOrdering { get; init; }
    [ProtoMember(16)] public int AfterPart { get; init; }

    /// <summary>How often what waits was tried in vain.</summary>
    [ProtoMember(17)] public int Tries { get; init; }

    /// <summary>Not before then.</summary>
    [ProtoMember(18)] public DateTimeOffset NextAt { get; init; }

    /// <summary>Since when nothing was taken; null while it goes well.</summary>
    [ProtoMember(19)] public DateTimeOffset? FailingSince { get; init; }

    /// <summary>What the last try in vain met, in words without data.</summary>
    [ProtoMember(20)] public string? LastFault { get; init; }

    /// <summary>When something was taken last.</summary>
    [ProtoMember(21)] public DateTimeOffset? LastTakenAt { get; init; }

    /// <summary>Single news that are to be sent again, before all others.</summary>
    [ProtoMember(22)] public ImmutableArray<string> Again { get; init; } = [];

    /// <summary>When news were given up last; null: never.</summary>
    [ProtoMember(23)] public DateTimeOffset? GivenUpAt { get; init; }

    /// <summary>Events that one POST carries at most; 1: each goes by itself.</summary>
    [ProtoMember(24)] public int Batch { get; init; } = 1;

    /// <summary>The last event of the batch that was tried in vain: whatever has come since, it is tried again with what it had. 0: none was.</summary>
    [ProtoMember(25)] public long TriedOrdering { get; init; }
    [ProtoMember(26)] public int TriedPart { get; init; }

    /// <summary>Where the batch ends that was tried in vain; null: none was.</summary>
    public FeedPlace? Tried => TriedOrdering > 0 && Batch > 1 ? new FeedPlace(TriedOrdering, TriedPart) : null;

    public FeedPlace After => new(AfterOrdering, AfterPart);

    public override string ToString() => $"Webhook({Id})";
}

/// <summary>What became of one try.</summary>
/// <param name="Status">The receiver's HTTP status; null: no answer.</param>
/// <param name="Fault">Why there was none, in words without data.</param>
/// <param name="RetryAfter">What the receiver asked for.</param>
public sealed record WebhookAnswer(int? Status, string? Fault = null, TimeSpan? RetryAfter = null)
{
    public bool IsTaken => Status is >= 200 and < 300;

    /// <summary>In words for the agency: never what the receiver wrote.</summary>
    public string InWords => Status is { } status ? $"HTTP {status}" : Fault ?? "no answer";
}

/// <summary>What the agency is told became of a piece of news.</summary>
public enum WebhookOutcome
{
    Taken = 1,
    Failed = 2,

    /// <summary>Given up after the last try.</summary>
    Dead = 3,
}

/// <summary>What follows from a receiver's answers. Pure.</summary>
public static class WebhookRules
{
    /// <summary>Bytes of a secret.</summary>
    public const int SecretLength = 32;

    /// <summary>Webhooks that an agency may have.</summary>
    public const int PerAgency = 20;

    /// <summary>Events that an agency may have in one POST.</summary>
    public const int MostInBatch = 100;

    /// <summary>News that can be asked for again one by one.</summary>
    public const int MostAgain = 100;

    /// <summary>How long both secrets sign after a rotation.</summary>
    public static readonly TimeSpan Rotation = TimeSpan.FromHours(24);

    /// <summary>A receiver that takes nothing for so long is not tried any more.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(5);

    /// <summary>The longest that a receiver can ask to be left alone.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(24);

    /// <summary>The waits after each try in vain (Standard Webhooks' example); after the last one the news is given up.</summary>
    public static readonly ImmutableArray<TimeSpan> Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10),
        TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>
    /// The webhook after a try. <paramref name="place"/>: of which news, of a batch the last; null: the ping. <paramref name="jitter"/>: -1 to 1, so that many
    /// do not come back at once.
    /// </summary>
    public static (Webhook Next, WebhookOutcome Outcome) After(Webhook hook, FeedPlace? place, WebhookAnswer answer, DateTimeOffset now, double jitter)
    {
        if (answer.IsTaken)
        {
            var taken = Passed(hook, place) with { FailingSince = null, LastFault = null, LastTakenAt = now };
            return (hook.State == WebhookState.Pending ? taken with { State = WebhookState.Active } : taken, WebhookOutcome.Taken);
        }

        var failed = Until(hook, place) with { FailingSince = hook.FailingSince ?? now, LastFault = answer.InWords };
        if (answer.Status == 410)
        {
            return (failed with { State = WebhookState.Stopped, Why = "The receiver answered that it is gone (410)." }, WebhookOutcome.Failed);
        }

        if (now - failed.FailingSince > GiveUpAfter)
        {
            return (failed with { State = WebhookState.Stopped, Why = $"Nothing was taken for {GiveUpAfter.TotalDays:0} days." }, WebhookOutcome.Failed);
        }

        if (hook.Tries >= Waits.Length)
        {
            return place is null
                ? (failed with { State = WebhookState.Stopped, Why = "The receiver never answered." }, WebhookOutcome.Failed)
                : (Passed(failed, place) with { GivenUpAt = now }, WebhookOutcome.Dead);
        }

        var wait = Waits[hook.Tries] * (1 + (0.2 * Math.Clamp(jitter, -1, 1)));
        if (answer.RetryAfter is { } asked && asked > wait)
        {
            wait = asked < LongestWait ? asked : LongestWait;
        }

        return (failed with { Tries = hook.Tries + 1, NextAt = now + wait }, WebhookOutcome.Failed);
    }

    /// <summary>A batch's id: it follows from the events in it, so that what comes again has the same one.</summary>
    public static string BatchId(IEnumerable<FeedPlace> places) =>
        $"batch-{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(' ', places))).AsSpan(0, 16))}";

    /// <summary>Everything up to there is delivered, given up, or nothing that its receiver is told.</summary>
    public static Webhook At(Webhook hook, FeedPlace place) => hook with
    {
        AfterOrdering = place.Ordering, AfterPart = place.Part, TriedOrdering = 0, TriedPart = 0,
    };

    /// <summary>
    /// A webhook that its agency changed while news were delivered: what was taken from <paramref name="begun"/> to <paramref name="done"/> holds for it too,
    /// unless it is to go on from another place by now.
    /// </summary>
    public static Webhook Carried(Webhook begun, Webhook done, Webhook changed)
    {
        var carried = changed with { Again = changed.Again.RemoveRange(begun.Again.Except(done.Again)), LastTakenAt = done.LastTakenAt };
        var moved = changed.After != begun.After ? carried : carried with
        {
            AfterOrdering = done.AfterOrdering, AfterPart = done.AfterPart, TriedOrdering = done.TriedOrdering, TriedPart = done.TriedPart,
        };

        // How its receiver fares is what was found now, unless whoever changed it began that anew: another address, going on after a stop.
        return (changed.Url, changed.Tries, changed.FailingSince, changed.State) == (begun.Url, begun.Tries, begun.FailingSince, begun.State)
            ? moved with { Tries = done.Tries, NextAt = done.NextAt, FailingSince = done.FailingSince, LastFault = done.LastFault } : moved;
    }

    /// <summary>What is wrong with an address as an agency gives it; null: nothing that can be seen before it is resolved.</summary>
    public static string? FaultOfUrl(string? text) =>
        !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || text is { Length: > 2_000 }
            ? "A URL that begins with https:// and has at most 2,000 characters."
        : url.UserInfo.Length > 0 ? "Without user name and password: receivers check the signature."
        : url.Fragment.Length > 0 ? "Without a fragment."
        : null;

    /// <summary>The secrets that sign now, the newest first.</summary>
    public static ImmutableArray<byte[]> SecretsOf(Webhook hook, DateTimeOffset now) =>
        hook is { FormerSecret: { } former, FormerUntil: { } until } && now < until ? [hook.Secret, former] : [hook.Secret];

    private static Webhook Passed(Webhook hook, FeedPlace? place)
    {
        var next = hook with { Tries = 0, NextAt = default };
        if (place is not { } passed)
        {
            return next;
        }

        var again = hook.Again.Remove(passed.ToString());
        return again.Length < hook.Again.Length ? next with { Again = again } : At(next, passed);
    }

    private static Webhook Until(Webhook hook, FeedPlace? place) => hook.Batch == 1 || place is not { } last || hook.Again.Contains(last.ToString())
        ? hook : hook with { TriedOrdering = last.Ordering, TriedPart = last.Part };
}
