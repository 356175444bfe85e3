namespace CPort.Domain.People;

/// <summary>What a person can be told of. Flags, since people choose among them.</summary>
[Flags]
public enum NotificationKind
{
    None = 0,

    /// <summary>Something urgent came, and an alert that nobody has acknowledged.</summary>
    Urgent = 1,

    /// <summary>Something was referred to the own agency.</summary>
    Referrals = 2,

    /// <summary>Data was asked for, or an answer came; one that is due, or overdue.</summary>
    Questions = 4,

    /// <summary>A hold begins, changes, ends; one that ends soon.</summary>
    Holds = 8,

    /// <summary>Police says what became of a referred item.</summary>
    Feedback = 16,

    /// <summary>Something waits for a second look.</summary>
    Looks = 32,

    /// <summary>ICSE said something of an item, or an item was called back from it.</summary>
    Icse = 64,

    /// <summary>An item's domain came on INTERPOL's list, or went off it.</summary>
    Iwol = 128,

    /// <summary>A webhook's receiver takes nothing.</summary>
    Webhooks = 256,

    /// <summary>A key of the own agency ends soon.</summary>
    Keys = 512,
}

/// <summary>How a person wants to be told.</summary>
[ProtoContract]
public sealed record NotificationRules
{
    public static readonly NotificationRules Default = new();

    /// <summary>All kinds together.</summary>
    public static readonly NotificationKind Every = Enum.GetValues<NotificationKind>().Aggregate((all, kind) => all | kind);

    /// <summary>Those that come by the clock alone, and of no report: webhooks that deliver nothing, keys that end.</summary>
    public const NotificationKind OfTheHouse = NotificationKind.Webhooks | NotificationKind.Keys;

    /// <summary>Those of which there can be mails: all but what is urgent, for which there is a wish of its own (<see cref="MailWish"/>).</summary>
    public const NotificationKind InMails = NotificationKind.Referrals | NotificationKind.Questions | NotificationKind.Holds | NotificationKind.Feedback
        | NotificationKind.Looks | NotificationKind.Icse | NotificationKind.Iwol | OfTheHouse;

    /// <summary>Of these the person is told nothing.</summary>
    [ProtoMember(1)] public NotificationKind Muted { get; init; }

    /// <summary>Of these also by mail, as they come. What is urgent is asked for by <see cref="MailWish"/>.</summary>
    [ProtoMember(2)] public NotificationKind ByMail { get; init; }

    /// <summary>From this minute of the day, UTC, mails wait, unless something is urgent; null: they never do.</summary>
    [ProtoMember(3)] public int? QuietFrom { get; init; }

    /// <summary>Until this one; one that is before <see cref="QuietFrom"/> is of the next day.</summary>
    [ProtoMember(4)] public int? QuietTo { get; init; }

    private const int MinutesADay = 24 * 60;

    /// <summary>Mails wait at this moment.</summary>
    public bool IsQuietAt(DateTimeOffset now) => QuietFrom is { } from && QuietTo is { } to && now.UtcDateTime.TimeOfDay.TotalMinutes is var minute
        && (from < to ? minute >= from && minute < to : minute >= from || minute < to);

    internal bool IsValid => (Muted & ~Every) == 0 && (ByMail & ~InMails) == 0
        && (QuietFrom is null) == (QuietTo is null) && (QuietFrom is null || QuietFrom != QuietTo)
        && QuietFrom is null or (>= 0 and < MinutesADay) && QuietTo is null or (>= 0 and < MinutesADay);
}
