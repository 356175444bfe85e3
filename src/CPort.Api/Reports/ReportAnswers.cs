using System.Globalization;
using CPort.Actors.Projections;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Inheritance;
using CPort.Domain.Routing;

namespace CPort.Api.Reports;

/// <summary>A code of a list in an answer: ICCAM's number and the name.</summary>
public sealed record CodeAnswer(int Id, string Name)
{
    public static CodeAnswer Of<T>(T value)
        where T : struct, Enum => new(Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture), value.ToString());

    public static CodeAnswer? Of<T>(T? value)
        where T : struct, Enum => value is { } v ? Of(v) : null;
}

/// <summary>What became of a submitted report.</summary>
/// <param name="Outcome"><c>accepted</c> (durable) or <c>duplicate</c> (accepted before with the same content).</param>
/// <param name="ReportId">26 characters; the same for the same hotline and reference.</param>
/// <param name="Number">The report's number for people and ICCAM clients.</param>
/// <param name="Version">Its version, as in its ETag.</param>
/// <param name="Withdrawn">Of a duplicate: its hotline has withdrawn it since, and nobody works on it.</param>
/// <param name="LeftOut">Hashes and sizes of it that cannot be read, which the report is without.</param>
public sealed record SubmissionAnswer(
    string Outcome, string ReportId, long? Number, long Version, bool? Withdrawn, IReadOnlyList<FieldError>? LeftOut);

/// <summary>The answer to one line of a stream.</summary>
/// <param name="Line">The line's number in the request, from 1.</param>
/// <param name="Outcome"><c>accepted</c>, <c>duplicate</c>, <c>conflict</c>, <c>rejected</c>, or <c>unavailable</c>: send the line again.</param>
/// <param name="ReportId">Of all but rejected lines.</param>
/// <param name="Number">The report's number.</param>
/// <param name="Fields">Of a conflict: the fields that differ.</param>
/// <param name="Problem">Why the line was not taken.</param>
/// <param name="Withdrawn">Of a duplicate: its hotline has withdrawn it since, and nobody works on it.</param>
/// <param name="LeftOut">Of a line that was taken: hashes and sizes of it that cannot be read, which the report is without.</param>
public sealed record LineAnswer(
    long Line, string Outcome, string? ReportId, long? Number, IReadOnlyList<string>? Fields, ApiProblem? Problem, bool? Withdrawn,
    IReadOnlyList<FieldError>? LeftOut)
{
    /// <summary>The last line of a stream that was ended because its sender was too slow: how many lines were answered, and why no more are.</summary>
    public static LineAnswer Ended(long answered, string why) =>
        new(answered, "ended", null, null, null, ApiProblem.Of(ProblemCodes.TooSlow, why) with { Retry = true }, null, null);

    public static LineAnswer Of(IntakeOutcome outcome) => new(
        outcome.Line, outcome.Word, outcome.ReportId?.ToString(), outcome.Number, outcome.Fields.IsEmpty ? null : outcome.Fields,
        outcome.Problem is { } problem ? ApiProblem.Of(problem) : null, outcome.Withdrawn ? true : null,
        outcome.LeftOut.IsEmpty ? null : outcome.LeftOut);
}

/// <summary>A report as the caller may see it; what it may not see is absent.</summary>
public sealed record ReportAnswer : IShowsData
{
    Shown IShowsData.What() => new(
        [new AuditObject(AuditObjectKind.Report, ReportId), .. Items.Select(i => new AuditObject(AuditObjectKind.Item, i.ItemId))],
        [.. ShownFields.Of(this).Concat(ShownFields.Of(Items)).Distinct()]);

    public required string ReportId { get; init; }
    public required long Number { get; init; }
    public required long Version { get; init; }
    public required ReportState State { get; init; }
    public required string ReportingHotline { get; init; }
    public string? ReportingCountry { get; init; }
    public string? HotlineReference { get; init; }
    public DateTimeOffset? HotlineReceivedDate { get; init; }
    public required DateTimeOffset SubmittedAt { get; init; }
    public required DateTimeOffset LastChangedAt { get; init; }
    public required bool Urgent { get; init; }
    public required bool Withdrawn { get; init; }
    public string? Tenant { get; init; }
    public CodeAnswer? SourceUrlSiteType { get; init; }
    public CodeAnswer? SourceUrlCommerciality { get; init; }
    public IReadOnlyList<CodeAnswer>? SourceUrlPaymentMethods { get; init; }
    public string? SourceUrlReferrer { get; init; }
    public string? SourceUrlUsername { get; init; }
    public string? SourceUrlPassword { get; init; }
    public string? Memo { get; init; }
    public string? ReportingAnalystName { get; init; }

    /// <summary>A provider sent it, no hotline.</summary>
    public bool? FromProvider { get; init; }

    /// <summary>Of a provider's report: from which addresses somebody was there; for police and INTERPOL.</summary>
    public IReadOnlyList<IpEventAnswer>? IpEvents { get; init; }

    /// <summary>Of a provider's report: accounts and names, a line each; for police and INTERPOL.</summary>
    public string? Accounts { get; init; }
    public IReadOnlyList<MemoAnswer>? Memos { get; init; }

    /// <summary>The page that was reported, for everybody who sees the URL of one of its items.</summary>
    public SourcePageAnswer? SourcePage { get; init; }

    /// <summary>Who marked it as urgent.</summary>
    public IReadOnlyList<string>? UrgentBy { get; init; }

    /// <summary>Items that the caller sees.</summary>
    public required int ItemCount { get; init; }

    /// <summary>A page of them, by ordinal.</summary>
    public required IReadOnlyList<ItemAnswer> Items { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last.</summary>
    public string? NextCursor { get; init; }

    public static ReportAnswer Of(ReportPage page, string? nextCursor)
    {
        var head = page.Head!;
        var (report, secrets) = (head.Report, head.Secrets);
        return new ReportAnswer
        {
            ReportId = head.ReportId.ToString(), Number = report.Number, Version = report.Version, State = head.State,
            ReportingHotline = report.ReportingHotline.Value, ReportingCountry = report.ReportingCountry?.Code,
            HotlineReference = report.Reference.Value is { Length: > 0 } reference ? reference : null,
            HotlineReceivedDate = report.HotlineReceivedDate == default ? null : report.HotlineReceivedDate, SubmittedAt = report.SubmittedAt,
            LastChangedAt = report.LastChangedAt, Urgent = report.Urgent, Withdrawn = report.Withdrawn,
            Tenant = report.Tenant.IsTraining() ? report.Tenant.Name() : null, SourceUrlSiteType = CodeAnswer.Of(report.SiteType),
            SourceUrlCommerciality = CodeAnswer.Of(report.Commerciality),
            SourceUrlPaymentMethods = report.PaymentMethods.IsEmpty ? null : [.. report.PaymentMethods.Select(CodeAnswer.Of)],
            SourceUrlReferrer = secrets?.Referrer, SourceUrlUsername = secrets?.UserName, SourceUrlPassword = secrets?.Password, Memo = secrets?.Memo,
            FromProvider = report.FromProvider ? true : null, Accounts = secrets?.Involved?.Accounts,
            IpEvents = secrets?.Involved is { IpEvents.IsEmpty: false } involved ? [.. involved.IpEvents.Select(IpEventAnswer.Of)] : null,
            ReportingAnalystName = secrets?.ReportingAnalyst, Memos = head.Memos.IsEmpty ? null : [.. head.Memos.Select(MemoAnswer.Of)],
            SourcePage = head.SourcePage is { } source ? new SourcePageAnswer(source.Url, HostingAnswer.Of(source.Hosting)) : null,
            UrgentBy = report.UrgentBy.IsEmpty ? null : [.. report.UrgentBy.Select(a => a.Value)],
            ItemCount = head.ItemCount, Items = [.. page.Items.Select(i => ItemAnswer.Of(head.ReportId, i))], NextCursor = nextCursor,
        };
    }
}

/// <summary>Somebody was there, from an address.</summary>
/// <param name="Whose">Whose address it was.</param>
/// <param name="IpAddress">IPv4 or IPv6.</param>
/// <param name="Kind">What was done from it.</param>
/// <param name="At">UTC, as all dates here; absent: not told.</param>
/// <param name="Zone">The zone in which the provider told it, from UTC: <c>+02:00</c>.</param>
/// <param name="Port">Absent: not told.</param>
/// <param name="PossibleProxy">The provider thinks that it stands for somebody else's; absent: it does not say.</param>
/// <param name="Item">Of a file: its item.</param>
public sealed record IpEventAnswer(
    IpEventOf Whose, string IpAddress, IpEventKind Kind, DateTimeOffset? At, string? Zone, int? Port, bool? PossibleProxy, int? Item)
{
    public static IpEventAnswer Of(IpEvent e) => new(
        e.Of, e.Address, e.Kind, e.At, e.At?.ToOffset(TimeSpan.FromMinutes(e.ZoneMinutes)).ToString("zzz", CultureInfo.InvariantCulture), e.Port,
        e.PossibleProxy, e.Item > 0 ? e.Item : null);
}

/// <summary>The page on which a report's items were found.</summary>
public sealed record SourcePageAnswer(string UrlString, HostingAnswer? Hosting);

/// <summary>A note.</summary>
/// <param name="Item">The item's ordinal; absent for a note on the report.</param>
public sealed record MemoAnswer(string Agency, DateTimeOffset At, int? Item, string? Text)
{
    public static MemoAnswer Of(MemoView view) => new(view.Memo.Agency.Value, view.Memo.At, view.Memo.Ordinal, view.Text);
}

/// <summary>An item as the caller may see it.</summary>
public sealed record ItemAnswer : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Item, ItemId)], [.. ShownFields.Of(this)]);

    /// <summary>The report's id, a hyphen, the ordinal.</summary>
    public required string ItemId { get; init; }

    /// <summary>The ordinal within the report, from 1.</summary>
    public required int Item { get; init; }
    public required long Number { get; init; }

    /// <summary>For <c>expectedVersion</c> and <c>If-Match</c>.</summary>
    public required int Version { get; init; }
    public ItemState? State { get; init; }

    /// <summary>The classification that counts, from opinions or inherited.</summary>
    public CodeAnswer? Classification { get; init; }

    /// <summary>It is inherited from known hashes: nobody has to look.</summary>
    public bool? KnownWithoutLook { get; init; }

    /// <summary>Believed words on the item or its hashes contradict one another; none of them is chosen.</summary>
    public bool? Disputed { get; init; }

    /// <summary>A believed Baseline stands against what the assigned country found not illegal.</summary>
    public bool? Contradicted { get; init; }

    /// <summary>It counts as Baseline, and somebody objects.</summary>
    public bool? ObjectedTo { get; init; }
    public string? UrlString { get; init; }
    public required bool IsSourceUrl { get; init; }
    public required CodeAnswer ContentType { get; init; }

    /// <summary>The reporting hotline's reference.</summary>
    public string? HotlineReference { get; init; }

    /// <summary>The assigned hotline's reference.</summary>
    public string? AssignedHotlineReference { get; init; }
    public string? Memo { get; init; }
    public HostingAnswer? Hosting { get; init; }
    public IReadOnlyList<HostingAnswer>? EarlierHosting { get; init; }
    public AssignmentAnswer? Assignment { get; init; }
    public LeaseAnswer? Lease { get; init; }
    public HashesAnswer? Hashes { get; init; }
    public InheritanceAnswer? Inheritance { get; init; }
    public IReadOnlyList<NearAnswer>? Near { get; init; }

    /// <summary>
    /// The group of look-alikes it is in, when the caller sees another member. With a single item only (<c>GET …/items/{item}</c>), as current as lists are.
    /// </summary>
    public GroupMarkAnswer? Group { get; init; }
    public IReadOnlyList<AssessmentAnswer>? Assessments { get; init; }
    public IReadOnlyList<ActionAnswer>? Actions { get; init; }

    /// <summary>Holds of police, running and ended; for who asked, the source and who has the item.</summary>
    public IReadOnlyList<HoldAnswer>? Holds { get; init; }

    /// <summary>To which police it was given, and what they say; for that police, the source and who has the item.</summary>
    public IReadOnlyList<ItemReferralAnswer>? Referrals { get; init; }

    /// <summary>So many older texts of requests, holds and referrals had no room here: the history has them.</summary>
    public int? TextsLeftOut { get; init; }

    /// <summary>That it waits for a second look, or what came of it.</summary>
    public SecondLookAnswer? SecondLook { get; init; }

    /// <summary>Of an item that spoke for it: whether its domain is, or was, on INTERPOL's "worst of" list.</summary>
    public ItemListingAnswer? Iwol { get; init; }

    /// <summary>Who proposes it for ICSE, and what ICSE says of it.</summary>
    public ItemIcseAnswer? Icse { get; init; }

    /// <summary>What police asks about it; for that police, the source and who has the item.</summary>
    public IReadOnlyList<RequestAnswer>? Requests { get; init; }
    public required bool Withdrawn { get; init; }

    /// <summary>Ordinal of the earlier occurrence of the same URL in this report.</summary>
    public int? PreviousOccurrence { get; init; }
    public int? NextOccurrence { get; init; }
    public required DateTimeOffset AddedAt { get; init; }
    public required DateTimeOffset LastChangedAt { get; init; }

    public static ItemAnswer Of(ReportId report, ItemView view)
    {
        var item = view.Item;
        return new ItemAnswer
        {
            ItemId = new ItemRef(report, item.Ordinal).ToString(), Item = item.Ordinal, Number = item.Number, Version = item.Version, State = view.State,
            Classification = CodeAnswer.Of(view.Effective), KnownWithoutLook = view.KnownWithoutLook ? true : null,
            Disputed = view.Disputed ? true : null, Contradicted = view.Contradicted ? true : null, ObjectedTo = view.ObjectedTo ? true : null,
            UrlString = view.Secrets?.Url,
            IsSourceUrl = item.IsSourceUrl, ContentType = CodeAnswer.Of(item.ContentType), HotlineReference = item.ReportingReference?.Value,
            AssignedHotlineReference = item.AssignedReference?.Value, Memo = view.Secrets?.Memo,
            Hosting = HostingAnswer.Of(item.Hosting), EarlierHosting = item.EarlierHosting.IsEmpty
                ? null : [.. item.EarlierHosting.Select(h => HostingAnswer.Of(h)!)],
            Assignment = AssignmentAnswer.Of(item.Assignment), Lease = item.Lease is { } lease
                ? new LeaseAnswer(lease.Agency.Value, OwnKey(lease.KeyId), lease.Until) : null,
            Hashes = HashesAnswer.Of(item), Inheritance = InheritanceAnswer.Of(item),
            Near = item.Near.IsEmpty ? null : [.. item.Near.Select(n =>
                new NearAnswer(n.Distance, [.. n.Words.Select(WordAnswer.Of)]))],
            Assessments = item.Assessments.IsEmpty ? null : [
                .. item.Assessments.Select((a, i) => AssessmentAnswer.Of(a, i < view.Opinions.Length ? view.Opinions[i] : null))],
            Actions = item.Actions.IsEmpty ? null : [
                .. item.Actions.Select((a, i) => ActionAnswer.Of(a, At(view.ReasonTexts, i), At(view.ActionAnalysts, i)))],
            Referrals = view.Referrals.IsEmpty ? null : [.. view.Referrals.Select(ItemReferralAnswer.Of)],
            SecondLook = SecondLookAnswer.Of(item.Look, view.WaitsForLook),
            Iwol = ItemListingAnswer.Of(item.Listing), Icse = ItemIcseAnswer.Of(view),
            Requests = view.Questions.IsEmpty ? null : [.. view.Questions.Select(q => RequestAnswer.Of(report, q))],
            Holds = view.Holds.IsEmpty ? null : [.. view.Holds.Select(h => HoldAnswer.Of(report, h))],
            TextsLeftOut = view.TextsLeftOut > 0 ? view.TextsLeftOut : null,
            Withdrawn = item.Withdrawn, PreviousOccurrence = item.PreviousOccurrence, NextOccurrence = item.NextOccurrence, AddedAt = item.AddedAt,
            LastChangedAt = item.LastChangedAt,
        };
    }

    /// <summary>A key's or person's id is told to their own agency only (<see cref="ReportViews"/>).</summary>
    internal static string? OwnKey(string keyId) => keyId.Length > 0 ? keyId : null;

    private static string? At(ImmutableArray<string> texts, int place) => place < texts.Length && texts[place].Length > 0 ? texts[place] : null;
}

/// <summary>The group of look-alikes an item is in, as the caller sees it.</summary>
/// <param name="Id">For <c>/v1/groups/{id}</c>.</param>
/// <param name="Items">Items of the group that the caller sees, this one included.</param>
/// <param name="Reports">Reports they stand in.</param>
public sealed record GroupMarkAnswer(string Id, long Items, long Reports)
{
    public static GroupMarkAnswer? Of(GroupMark? mark) => mark is null ? null : new GroupMarkAnswer(mark.Id, mark.Items, mark.Reports);
}

/// <summary>Where an item is hosted, by whose word.</summary>
public sealed record HostingAnswer
{
    public string? CountryCode { get; init; }
    public string? IpAddress { get; init; }
    public string? Isp { get; init; }
    public uint? AutonomousSystemNumber { get; init; }
    public string? OrganizationName { get; init; }
    public required bool IsContentDeliveryNetwork { get; init; }
    public string? EdgeCountryCode { get; init; }
    public string? OriginCountryCode { get; init; }
    public string? OriginIpAddress { get; init; }
    public string? OriginOrganization { get; init; }
    public required HostingSource Source { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Confidence { get; init; }
    public required DateTimeOffset TracedAt { get; init; }

    public static HostingAnswer? Of(HostingFacts? facts) => facts is null ? null : new HostingAnswer
    {
        CountryCode = facts.Country?.Code, IpAddress = facts.IpAddress, Isp = facts.Isp, AutonomousSystemNumber = facts.AutonomousSystemNumber,
        OrganizationName = facts.OrganizationName, IsContentDeliveryNetwork = facts.IsContentDeliveryNetwork, EdgeCountryCode = facts.EdgeCountry?.Code,
        OriginCountryCode = facts.OriginCountry?.Code, OriginIpAddress = facts.OriginIpAddress, OriginOrganization = facts.OriginOrganization,
        Source = facts.Source, Confidence = facts.Confidence, TracedAt = facts.TracedAt,
    };
}

/// <summary>Whose job an item is.</summary>
public sealed record AssignmentAnswer(
    int Episode, string? AssignedCountry, DateTimeOffset CountryAssignmentDate, string? Hotline, DateTimeOffset? HotlineAssignmentDate, bool Orphan,
    string? EscalatedTo, DateTimeOffset? EscalatedAt)
{
    public static AssignmentAnswer? Of(Assignment? a) => a is null ? null : new AssignmentAnswer(
        a.Episode, a.Country?.Code, a.CountrySince, a.Hotline?.Value, a.HotlineSince, a.Orphan, a.EscalatedTo?.Value, a.EscalatedAt);
}

/// <summary>An analyst's hold on an item.</summary>
/// <param name="KeyId">The key's or person's id, to their own agency; absent for others.</param>
public sealed record LeaseAnswer(string Agency, string? KeyId, DateTimeOffset Until);

/// <summary>Hashes of an item's media, lower-case hexadecimal.</summary>
public sealed record HashesAnswer(long? MediaSize, string? MimeType) : HashTexts
{
    public static HashesAnswer? Of(ContentItem item)
    {
        var answer = new HashesAnswer(item.MediaSize, item.MimeType) { PdqQuality = item.PdqQuality };
        foreach (var hash in item.Hashes)
        {
            answer.Put(hash);
        }

        return item.Hashes.IsEmpty ? null : answer;
    }
}

/// <summary>What known hashes say of an item.</summary>
/// <param name="Row">The row of the decision table (docs/rules.md); 0: a near, weak or untrusted match.</param>
/// <param name="Objected">Somebody says not illegal, too little believed to change anything.</param>
/// <param name="Elsewhere">What other countries' laws say.</param>
/// <param name="DecidedBy">The algorithm of the hash that decided.</param>
/// <param name="Why">In one sentence; with <paramref name="Sources"/> only for who sees the hashes.</param>
public sealed record InheritanceAnswer(
    InheritanceKind Kind, CodeAnswer? Classification, IReadOnlyList<string>? Countries, int Row, bool? Objected, IReadOnlyList<ElsewhereAnswer>? Elsewhere,
    HashAlgorithm? DecidedBy, SuggestionReason? Reason, int? Distance, string? Why, IReadOnlyList<WordAnswer>? Sources)
{
    public static InheritanceAnswer? Of(ContentItem item)
    {
        if (item.Inheritance is not { } d)
        {
            return null;
        }

        var hidden = d.Place < 0;
        return new InheritanceAnswer(
            d.Kind, CodeAnswer.Of(d.Classification), d.Countries.IsEmpty ? null : [.. d.Countries.Select(c => c.Code)], d.Row, d.Objected ? true : null,
            d.Elsewhere.IsEmpty ? null : [.. d.Elsewhere.Select(e => new ElsewhereAnswer(e.Country.Code, CodeAnswer.Of(e.Classification)))],
            hidden ? null : d.AlgorithmOf(item.Hashes), d.Reason, d.Distance, hidden ? null : d.Why(item.Hashes, item.Known, item.Near),
            hidden ? null : [.. d.WordsOf(item.Known, item.Near).Select(WordAnswer.Of)]);
    }
}

/// <summary>What another country's law says.</summary>
/// <param name="CountryCode">The country.</param>
/// <param name="Classification">Absent: disputed there.</param>
public sealed record ElsewhereAnswer(string CountryCode, CodeAnswer? Classification);

/// <summary>One source's word on a hash; the hash's own page has when it was said.</summary>
public sealed record WordAnswer(string Agency, string? List, string? Origin, CodeAnswer Classification, string? CountryCode, bool Speaks, TrustLevel Trust)
{
    public static WordAnswer Of(HashWord w) =>
        new(w.Agency.Value, w.List, w.Origin, CodeAnswer.Of(w.Classification), w.Law?.Code, w.Speaks, w.Trust);
}

/// <summary>One source's opinion of a hash.</summary>
/// <param name="List">The list that says so; absent: the agency itself.</param>
/// <param name="CountryCode">The country whose law it follows.</param>
/// <param name="Speaks">The agency speaks for that country; false: it only reports what is said there.</param>
/// <param name="Origin">Who judged, when that is not the agency: the list's maker.</param>
public sealed record OpinionAnswer(
    string Agency, string? List, OpinionBasis Basis, CodeAnswer Classification, string? CountryCode, bool? Speaks, string? Origin, DateTimeOffset At)
{
    public static OpinionAnswer Of(HashOpinion o) => new(
        o.Agency.Value, o.List, o.Basis, CodeAnswer.Of(o.Classification), o.Country?.Code, o.Country is null ? null : o.Speaks, o.Origin, o.At);
}

/// <summary>A known PDQ value near the item's own; suggests, never decides.</summary>
public sealed record NearAnswer(int Distance, IReadOnlyList<WordAnswer> Words);

/// <summary>A category of a scheme.</summary>
public sealed record CategoryAnswer(string Scheme, string Version, string? CountryCode, string Code)
{
    public static CategoryAnswer? Of(Category? c) => c is null ? null : new CategoryAnswer(c.Scheme, c.Version, c.Jurisdiction?.Code, c.Code);
}

/// <summary>One opinion of an item.</summary>
public sealed record AssessmentAnswer
{
    public required int Id { get; init; }
    public required string Agency { get; init; }
    public string? CountryCode { get; init; }
    public required CodeAnswer Classification { get; init; }

    /// <summary>What was chosen, where that was in another scheme than ICCAM's.</summary>
    public CategoryAnswer? Category { get; init; }
    public required CodeAnswer AgeCategorization { get; init; }
    public required CodeAnswer GenderCategorization { get; init; }
    public required bool VirtualContentCategorization { get; init; }
    public required bool UserGeneratedContentCategorization { get; init; }
    public required bool ChildModelingCategorization { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>The key's or person's id, to their own agency; absent for others.</summary>
    public string? KeyId { get; init; }

    /// <summary>The assignment episode it was made in; 0: came with the report.</summary>
    public required int Episode { get; init; }

    /// <summary>The assessment that replaces this one.</summary>
    public int? CorrectedBy { get; init; }

    /// <summary>Taken back together with its report.</summary>
    public DateTimeOffset? WithdrawnAt { get; init; }

    /// <summary>It counts for nothing until others, who do not know it, have come to the same.</summary>
    public bool? Pending { get; init; }

    /// <summary>Of what several came to: how many looked.</summary>
    public int? Looks { get; init; }

    /// <summary>An objection to a Baseline; decides nothing for the item.</summary>
    public bool? Objection { get; init; }

    /// <summary>For the own agency.</summary>
    public string? AssessingAnalystName { get; init; }
    public string? Why { get; init; }

    public static AssessmentAnswer Of(Assessment a, OpinionTexts? texts) => new()
    {
        Id = a.Id, Agency = a.Agency.Value, CountryCode = a.Country?.Code, Classification = CodeAnswer.Of(a.Classification),
        Category = CategoryAnswer.Of(a.Category), AgeCategorization = CodeAnswer.Of(a.Age),
        GenderCategorization = CodeAnswer.Of(a.Gender), VirtualContentCategorization = a.VirtualContent,
        UserGeneratedContentCategorization = a.UserGeneratedContent, ChildModelingCategorization = a.ChildModeling, At = a.At,
        KeyId = ItemAnswer.OwnKey(a.KeyId),
        Episode = a.Episode, CorrectedBy = a.CorrectedBy, WithdrawnAt = a.WithdrawnAt, Objection = a.Objection ? true : null,
        Pending = a.Pending && a.CorrectedBy is null ? true : null, Looks = a.Looks > 0 ? a.Looks : null,
        AssessingAnalystName = texts?.Analyst is { Length: > 0 } analyst ? analyst : null, Why = texts?.Why is { Length: > 0 } why ? why : null,
    };
}

/// <summary>Something done about an item.</summary>
/// <param name="KeyId">The key's or person's id, to their own agency; absent for others.</param>
public sealed record ActionAnswer(
    CodeAnswer ActionType, string Agency, string? KeyId, DateTimeOffset ActionDate, DateTimeOffset RecordedAt, CodeAnswer? Reason, string? ReasonText,
        int Episode, string? ActioningAnalystName)
{
    public static ActionAnswer Of(CaseAction a, string? text, string? analyst) => new(
        CodeAnswer.Of(a.Type), a.Agency.Value, ItemAnswer.OwnKey(a.KeyId), a.Date, a.RecordedAt, CodeAnswer.Of(a.Reason), text, a.Episode, analyst);
}

/// <summary>A page of a report's history.</summary>
public sealed record HistoryAnswer(string ReportId, IReadOnlyList<HistoryEntryAnswer> Entries, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Report, ReportId)], ["history", .. ShownFields.Of(Entries)], Entries.Count);
}

/// <summary>One event: what, who, when, why.</summary>
public sealed record HistoryEntryAnswer
{
    public required long Sequence { get; init; }
    public required string Event { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
    public required DateTimeOffset RecordedAt { get; init; }
    public required string Agency { get; init; }
    public required string Kind { get; init; }
    public required string Roles { get; init; }

    /// <summary>The key's or person's id, to their own agency; absent for others, who see agency and roles.</summary>
    public string? KeyId { get; init; }
    /// <summary>Why, to the agency whose event it is; absent for others.</summary>
    public string? Purpose { get; init; }

    /// <summary>As <see cref="KeyId"/>: the text is the caller's own.</summary>
    public string? CommandId { get; init; }

    /// <summary>Ordinals of the items it touched.</summary>
    public IReadOnlyList<int>? Items { get; init; }

    /// <summary>Sentences for people.</summary>
    public IReadOnlyList<string>? Facts { get; init; }
    public string? Text { get; init; }

    public static HistoryEntryAnswer Of(HistoryEntry e) => new()
    {
        Sequence = e.Sequence, Event = e.Event, OccurredAt = e.Meta.OccurredAt, RecordedAt = e.Meta.RecordedAt, Agency = e.Meta.Agency.Value,
        Kind = e.Meta.Kind.ToString(), Roles = e.Meta.Roles.ToString(), KeyId = ItemAnswer.OwnKey(e.Meta.KeyId), Purpose = e.Meta.Purpose,
        CommandId = ItemAnswer.OwnKey(e.Meta.KeyId) is null ? null : e.Meta.CommandId.Value,
        Items = e.Ordinals.IsEmpty ? null : e.Ordinals, Facts = e.Facts.IsEmpty ? null : e.Facts, Text = e.Text,
    };
}

/// <summary>The answer to a command.</summary>
/// <param name="Outcome"><c>accepted</c>: durable, for at least one item when it names items; <c>counted</c>: nothing was done, see
/// <see cref="Change"/>.</param>
/// <param name="Version">The report's version after it; 0 when it was only counted.</param>
/// <param name="Replayed">The answer is the one of the first time this command id came.</param>
/// <param name="Items">What became of each item, in the order asked.</param>
public sealed record CommandAnswer(string Outcome, string ReportId, long Number, long Version, bool? Replayed, IReadOnlyList<ItemOutcomeAnswer>? Items)
{
    /// <summary>Of a withdrawal or correction: how much it changes.</summary>
    public ReportChangeAnswer? Change { get; init; }

    /// <summary>Of a command about a hold: its id.</summary>
    public string? HoldId { get; init; }

    /// <summary>Of a command about a question: its id.</summary>
    public string? RequestId { get; init; }
}
