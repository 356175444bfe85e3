namespace CPort.Domain.Reports;

/// <summary>That an item was given to police (or INTERPOL), and what police says of it.</summary>
[ProtoContract]
public sealed record ItemReferral
{
    /// <summary>To whom.</summary>
    [ProtoMember(1)] public required AgencyId Agency { get; init; }

    /// <summary>By CPort's rule, because it is hosted there or is that country's job; null: by hand.</summary>
    [ProtoMember(2)] public Country? Country { get; init; }
    [ProtoMember(3)] public ReferralWhy Why { get; init; }

    /// <summary>What the referral is about: a keyed hash, or an id of ours.</summary>
    [ProtoMember(4)] public string About { get; init; } = "";

    /// <summary>Null: asked for, and not opened yet.</summary>
    [ProtoMember(5)] public ReferralRef? Referral { get; init; }
    [ProtoMember(6)] public bool Urgent { get; init; }

    /// <summary>Oldest first; a correction is a further one.</summary>
    [ProtoMember(7)] public ImmutableArray<PoliceWord> Words { get; init; } = [];

    /// <summary>Who referred it by hand.</summary>
    [ProtoMember(8)] public AgencyId? By { get; init; }

    /// <summary>Further countries of the agency that it concerns.</summary>
    [ProtoMember(9)] public ImmutableArray<Country> AlsoFor { get; init; } = [];

    /// <summary>The agency has it because of the country.</summary>
    public bool IsFor(Country country) => Country == country || AlsoFor.Contains(country);

    public ReferralState State => Words is [.., var last] ? last.State : ReferralState.Open;
}

/// <summary>One answer of police to a referral, as its items keep it.</summary>
[ProtoContract]
public sealed record PoliceWord
{
    /// <summary>Its number in the referral.</summary>
    [ProtoMember(1)] public required int Line { get; init; }
    [ProtoMember(2)] public required ReferralState State { get; init; }
    [ProtoMember(3)] public required DateTimeOffset At { get; init; }
    [ProtoMember(4)] public DeclineReason? Reason { get; init; }
    [ProtoMember(5)] public ReferralOutcome? Outcome { get; init; }
    [ProtoMember(6)] public KnownAs? KnownAs { get; init; }
    [ProtoMember(7)] public AgencyId? To { get; init; }

    /// <summary>In words, sealed.</summary>
    [ProtoMember(8)] public Sealed? Text { get; init; }

    /// <summary>The same in the clear on the way in; null once sealed.</summary>
    [ProtoMember(9)] public SecretText? Clear { get; init; }

    /// <summary>CPort's own: nobody there acknowledged in time what is urgent, and it went to <see cref="To"/> as well.</summary>
    [ProtoMember(10)] public bool Escalated { get; init; }

    /// <summary>For people.</summary>
    internal string InWords() => Escalated ? $"nothing in time; it went to {To?.Value ?? "nobody else"} as well" : State switch
    {
        ReferralState.Declined => $"declined ({Reason})",
        ReferralState.Closed => $"closed ({Outcome})",
        ReferralState.Known => $"known ({KnownAs})",
        ReferralState.Forwarded => $"forwarded to {To}",
        ReferralState.InUse => "in use",
        _ => State == ReferralState.Received ? "received" : "open",
    };
}

/// <summary>Which items police is to be told of by itself.</summary>
public static class ItemReferrals
{
    /// <summary>The country, when its police has not been given the item and is to have it: it is judged illegal, or urgent and not judged yet.</summary>
    public static Country? OwedTo(this ContentItem item, Report report, Classification? effective, Country? country) =>
        country is { } c && !item.Withdrawn
        && (effective is Classification.Baseline or Classification.National || (effective is null && report.Urgent && !item.IsClosed()))
        && !item.Referrals.Any(r => r.IsFor(c) && (r.Urgent || !report.Urgent))
            ? c : null;

    /// <summary>What somebody asked for by hand and is not opened yet.</summary>
    public static ItemReferral? Asked(this ContentItem item) => item.Withdrawn ? null : item.Referrals.FirstOrDefault(r => r.Referral is null);

    /// <summary>What a referral of an item by hand is about: its host where that is known, else its report; a series or group as it was named.</summary>
    public static string AboutOf(Report report, ContentItem item, ReferralWhy why, string? named) => why switch
    {
        ReferralWhy.Host when item.UrlKeys?.Host is { Length: > 0 } host => Convert.ToHexStringLower(host),
        ReferralWhy.Series or ReferralWhy.Group => named ?? "",
        _ => report.Id.ToString(),
    };
}
