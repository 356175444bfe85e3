using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CPort.Domain.Exchange;

/// <summary>
/// A place in the feeds: where the journal has the event, and the how many-eth news of it this is. The same for all agencies, and for good: an id that was
/// given out keeps its meaning. Written as 13 and 5 digits, so that texts stand in the order of places.
/// </summary>
/// <param name="Ordering">The event's place in the journal, from 1.</param>
/// <param name="Part">From 1; 0: before all news of the event.</param>
public readonly record struct FeedPlace(long Ordering, int Part) : IComparable<FeedPlace>
{
    private const int OrderingDigits = 13;
    private const int PartDigits = 5;
    private const int MostParts = 99_999;

    /// <summary>Before everything.</summary>
    public static readonly FeedPlace Start;

    /// <summary>After all news of this event.</summary>
    public static FeedPlace EndOf(long ordering) => new(ordering, MostParts);

    public static bool TryParse([NotNullWhen(true)] string? text, out FeedPlace place)
    {
        place = default;
        if (text is not { Length: OrderingDigits + 1 + PartDigits } || text[OrderingDigits] != '-'
            || !long.TryParse(text.AsSpan(0, OrderingDigits), NumberStyles.None, CultureInfo.InvariantCulture, out var ordering)
            || !int.TryParse(text.AsSpan(OrderingDigits + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var part))
        {
            return false;
        }

        place = new FeedPlace(ordering, part);
        return true;
    }

    public int CompareTo(FeedPlace other) => Ordering != other.Ordering ? Ordering.CompareTo(other.Ordering) : Part.CompareTo(other.Part);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Ordering:D13}-{Part:D5}");

    public static bool operator <(FeedPlace a, FeedPlace b) => a.CompareTo(b) < 0;

    public static bool operator >(FeedPlace a, FeedPlace b) => a.CompareTo(b) > 0;

    public static bool operator <=(FeedPlace a, FeedPlace b) => a.CompareTo(b) <= 0;

    public static bool operator >=(FeedPlace a, FeedPlace b) => a.CompareTo(b) >= 0;
}

/// <summary>
/// What is kept of one piece of news, sealed for its report: thin, so that who wants to know more asks, and is written down. It holds its own place: moved to
/// another one it is as good as changed.
/// </summary>
[ProtoContract]
public sealed record FeedFacts
{
    [ProtoMember(1)] public required long Ordering { get; init; }
    [ProtoMember(2)] public required int Part { get; init; }

    /// <summary>A name of <see cref="FeedTypes.All"/>.</summary>
    [ProtoMember(3)] public required string Type { get; init; }

    /// <summary>The item; null: the report as a whole.</summary>
    [ProtoMember(4)] public int? Ordinal { get; init; }

    /// <summary>The item's number, or the report's.</summary>
    [ProtoMember(5)] public required long Number { get; init; }

    /// <summary>The item's version after the event, or the report's.</summary>
    [ProtoMember(6)] public required int Version { get; init; }
    [ProtoMember(7)] public bool Urgent { get; init; }

    /// <summary>What it was taken for after the event.</summary>
    [ProtoMember(8)] public Classification? Classification { get; init; }
    [ProtoMember(9)] public required ItemState? State { get; init; }
    [ProtoMember(10)] public required AgencyId By { get; init; }
    [ProtoMember(11)] public required AgencyKind ByKind { get; init; }

    /// <summary>When it happened.</summary>
    [ProtoMember(12)] public required DateTimeOffset At { get; init; }
    [ProtoMember(13)] public string? TraceParent { get; init; }

    /// <summary>The police (or INTERPOL) whose word it is; null: nobody's in particular.</summary>
    [ProtoMember(14)] public AgencyId? Asker { get; init; }

    public FeedPlace Place => new(Ordering, Part);

    public override string ToString() => $"FeedFacts({Type})";
}
