using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Our;

/// <summary>
/// Our own side: a node of CPort over <c>/v1</c> as one hotline's key. Every call may throw <see cref="PassingFaultException"/> and
/// <see cref="RefusedException"/>.
/// </summary>
public interface IOurNode
{
    /// <summary>Whose key it is.</summary>
    Task<OurAgency> AgencyAsync(CancellationToken cancellation);

    /// <summary>The same reference with the same content is the same report.</summary>
    Task<Submitted> SubmitAsync(IntakeReport report, CancellationToken cancellation);

    /// <summary>The items of a report by their URLs, in order.</summary>
    Task<ImmutableArray<(string Url, int Ordinal)>> UrlsAsync(ReportId report, CancellationToken cancellation);

    /// <summary>Null: it is not, or no longer, for us to see.</summary>
    Task<OurItem?> ItemAsync(ItemRef item, CancellationToken cancellation);

    /// <summary>What happened after a place; null: from the beginning.</summary>
    Task<NewsPage> NewsAsync(string? after, CancellationToken cancellation);

    /// <summary>Where news stand now.</summary>
    Task<string> NewsEndAsync(CancellationToken cancellation);
}

/// <param name="Id">The agency's id.</param>
/// <param name="Countries">For which it works.</param>
public sealed record OurAgency(string Id, ImmutableArray<string> Countries);

/// <summary>What became of a report.</summary>
/// <param name="Report">Its id.</param>
/// <param name="Same">False: the reference is taken by a report with other content, which is this one.</param>
public sealed record Submitted(ReportId Report, bool Same);

/// <summary>News of our agency.</summary>
/// <param name="Upto">Where to go on.</param>
/// <param name="Gone">The place is older than news are kept.</param>
public sealed record NewsPage(ImmutableArray<OurNews> News, string? Upto, bool Gone);

/// <summary>Something happened to an item.</summary>
/// <param name="Id">Of the piece of news.</param>
/// <param name="MovedByUs">Our agency gave it to another country.</param>
public sealed record OurNews(string Id, ItemRef Item, bool MovedByUs);

/// <summary>A report for intake, made of what ICCAM says.</summary>
public sealed record IntakeReport
{
    public required string Reference { get; init; }
    public required DateTimeOffset Received { get; init; }
    public string? Memo { get; init; }
    public string? Referrer { get; init; }
    public int? SiteType { get; init; }
    public int? Commerciality { get; init; }
    public ImmutableArray<int> PaymentMethods { get; init; } = [];
    public required ImmutableArray<IntakeUrl> Urls { get; init; }

    public override string ToString() => nameof(IntakeReport);
}

/// <summary>One content of it.</summary>
public sealed record IntakeUrl
{
    public required string Url { get; init; }
    public required bool IsSource { get; init; }
    public string? Country { get; init; }
    public string? IpAddress { get; init; }
    public string? Isp { get; init; }
    public string? Memo { get; init; }
    public int? ContentType { get; init; }

    public override string ToString() => nameof(IntakeUrl);
}

/// <summary>An item as it stands with us, as far as ICCAM is told of it; codes by ICCAM's numbers.</summary>
public sealed record OurItem
{
    public required long Number { get; init; }
    public string? AssignedCountry { get; init; }

    /// <summary>What our hotline calls it, while it has it; null: it has given no name, or another has the item now.</summary>
    public string? Reference { get; init; }
    public string? HostingIpAddress { get; init; }
    public required ImmutableArray<OurAssessment> Assessments { get; init; }
    public required ImmutableArray<OurAction> Actions { get; init; }

    public override string ToString() => nameof(OurItem);
}

/// <summary>An assessment of an item.</summary>
/// <param name="Episode">Of which of its assignments; 0: it came with the report.</param>
/// <param name="Counts">It is no objection, was neither corrected nor taken back, and waits for no second look.</param>
public sealed record OurAssessment(
    int Id, string Agency, int Episode, bool Counts, DateTimeOffset At, int Classification, int Age, int Gender, bool Virtual, bool UserGenerated,
    bool Modeling, string? Analyst)
{
    public override string ToString() => nameof(OurAssessment);
}

/// <summary>Something done about an item.</summary>
/// <param name="At">When it was recorded.</param>
/// <param name="Date">When it was done.</param>
public sealed record OurAction(
    int Place, string Agency, int Episode, DateTimeOffset At, int Type, DateTimeOffset Date, int? Reason, string? ReasonText, string? Analyst)
{
    public override string ToString() => nameof(OurAction);
}
