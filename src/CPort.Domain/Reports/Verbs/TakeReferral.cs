using CPort.Domain.Referrals;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// What a referral has to say to a report: that these items are in it, and what police answered since. Sent until it is taken; again it does nothing.
/// </summary>
[ProtoContract, Manifest("rc42")]
public sealed record TakeReferral : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public Country? Country { get; init; }
    [ProtoMember(5)] public required ReferralWhy Why { get; init; }
    [ProtoMember(6)] public required string About { get; init; }
    [ProtoMember(7)] public required ReferralRef Referral { get; init; }
    [ProtoMember(8)] public bool Urgent { get; init; }
    [ProtoMember(9)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(10)] public ImmutableArray<PoliceWord> Words { get; init; } = [];

    /// <summary>Further countries of the agency that the items concern.</summary>
    [ProtoMember(11)] public ImmutableArray<Country> AlsoFor { get; init; } = [];

    public IReportVerb Seal(ConfidentialSeam seam, Report report) => this with
    {
        Words = [.. Words.Select(w => w with { Clear = null, Text = SealText(seam, report, w.Clear, SealedField.ReferralText) })],
    };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var decision = Taken(report);
        return decision with
        {
            // The referral may be younger than what ICSE said.
            Reply = decision.Reply with { Icse = [.. Ordinals.Distinct().Select(o => ItemIcse.WordOf(ReportId, report.Item(o))).OfType<ItemWord>()] },
        };
    }

    private ReportDecision Taken(Report report)
    {
        if (Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        bool IsNews(ContentItem item) => item.Referrals.FirstOrDefault(r => r.Agency == Agency && r.Referral == Referral) is not { } known
            || (Urgent && !known.Urgent) || Words.Any(w => w.Line > LastOf(known))
            || (Country is { } country ? AlsoFor.Prepend(country) : AlsoFor).Any(c => !known.IsFor(c));
        bool IsNewlyUrgent(ContentItem item) => item.Referrals.FirstOrDefault(r => r.Agency == Agency && r.Referral == Referral)?.Urgent != true;
        var news = Ordinals.Distinct().Select(report.Item).OfType<ContentItem>().Where(IsNews).Select(i => i.Ordinal).ToImmutableArray();
        return news.IsEmpty ? Accepted(report, this) : Accepted(report, this, new ReferralNoted
        {
            Meta = Context.ToMeta(), Agency = Agency, Country = Country, Why = Why, About = About, Referral = Referral, Urgent = Urgent, Ordinals = news,
            Words = Words, AlsoFor = AlsoFor, Alert = Urgent && Ordinals.Select(report.Item).OfType<ContentItem>().Any(IsNewlyUrgent),
        });
    }

    internal static int LastOf(ItemReferral referral) => referral.Words is [.., var last] ? last.Line : 0;

    internal static bool IsShown(Report report, Caller caller, ImmutableArray<int> ordinals, AgencyId police) =>
        ordinals.Select(report.Item).OfType<ContentItem>().Any(i => AccessTable.IsParty(caller, ReportViews.RelationFacts(report, i), police));
}

/// <summary>Items are in a referral, or police answered to it.</summary>
[ProtoContract, Manifest("re42")]
public sealed record ReferralNoted : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public Country? Country { get; init; }
    [ProtoMember(5)] public required ReferralWhy Why { get; init; }
    [ProtoMember(6)] public required string About { get; init; }
    [ProtoMember(7)] public required ReferralRef Referral { get; init; }
    [ProtoMember(8)] public bool Urgent { get; init; }
    [ProtoMember(9)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(10)] public ImmutableArray<PoliceWord> Words { get; init; } = [];

    /// <summary>Something urgent waits for a person.</summary>
    [ProtoMember(11)] public bool Alert { get; init; }

    /// <summary>Further countries of the agency that the items concern.</summary>
    [ProtoMember(12)] public ImmutableArray<Country> AlsoFor { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => !Words.IsEmpty ? Said(report, this, Ordinals, Of)
        : report with { Items = Ordinals.Aggregate(report.Items, (items, o) => items.SetItem(o - 1, Of(items[o - 1]))) };

    private ContentItem Of(ContentItem item)
    {
        // The one that was asked for by hand has no id yet.
        var at = item.Referrals.ToList().FindIndex(r => r.Agency == Agency
            && (r.Referral == Referral || (r.Referral is null && r.Why == Why && r.About == About)));
        var before = at >= 0 ? item.Referrals[at] : new ItemReferral { Agency = Agency };
        var after = before with
        {
            Country = Country ?? before.Country, AlsoFor = Country is null ? before.AlsoFor : AlsoFor,
            Why = Why, About = About, Referral = Referral, Urgent = before.Urgent || Urgent,
            Words = [.. before.Words, .. Words.Where(w => w.Line > TakeReferral.LastOf(before))],
        };
        return item with { Referrals = at >= 0 ? item.Referrals.SetItem(at, after) : item.Referrals.Add(after) };
    }

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => Words is [.., { Text: { } text }] ? new SealedText(SealedField.ReferralText, text) : null;

    public bool IsShownTo(Caller caller, Report report) => TakeReferral.IsShown(report, caller, Ordinals, Agency);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => Words.IsEmpty
        ? [.. seen.Select(o => $"Item {o} is referred to {Agency}.")]
        : [.. seen.SelectMany(o => Words.Select(w => $"Item {o}: {Agency} says {w.InWords()}."))];
}
