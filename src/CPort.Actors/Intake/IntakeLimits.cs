namespace CPort.Actors.Intake;

/// <summary>Every limit of intake; what is beyond one gets an error that names it. Lengths are UTF-16 characters unless said otherwise.</summary>
public sealed record IntakeLimits
{
    /// <summary>Longest line of an NDJSON stream, bytes without its end.</summary>
    public int LineBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Largest body of a single report, bytes.</summary>
    public int BodyBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Largest body of a request that brings up to 10,000 hashes, or items to be added, bytes; not above <see cref="BodyBytes"/>.</summary>
    public int ListBodyBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Largest body of any other command, bytes; not above <see cref="BodyBytes"/>.</summary>
    public int CommandBodyBytes { get; init; } = 512 * 1024;

    /// <summary>Bytes of bodies that are read or worked on at once on this node; further ones get 503 with Retry-After.</summary>
    public long BodyBytesUnderWay { get; init; } = 96 * 1024 * 1024;

    /// <summary>Of these, what one agency may have; beyond it 429 with Retry-After.</summary>
    public long BodyBytesUnderWayPerAgency { get; init; } = 32 * 1024 * 1024;

    /// <summary>Items of one report; a larger one is to be split.</summary>
    public int ItemsPerReport { get; init; } = ReportLimits.ItemsPerReport;

    /// <summary>Actions that come with one item.</summary>
    public int ActionsPerItem { get; init; } = 20;

    /// <summary>Memos and reasons in words.</summary>
    public int MemoLength { get; init; } = 10_000;

    /// <summary>A URL or referrer as received; not above <see cref="Domain.Routing.WebAddress.MaxLength"/>.</summary>
    public int UrlLength { get; init; } = Domain.Routing.WebAddress.MaxLength;

    /// <summary>Names: analysts, user names, passwords, providers, organisations.</summary>
    public int NameLength { get; init; } = 200;

    /// <summary>How far a sender's clock may be ahead before a date counts as being in the future.</summary>
    public TimeSpan ClockTolerance { get; init; } = ReportLimits.ClockTolerance;

    /// <summary>Errors listed for one report; the rest is not looked for.</summary>
    public int ErrorsPerReport { get; init; } = 50;

    /// <summary>Streams open at once on this node; further ones get 429 with Retry-After.</summary>
    public int ConcurrentStreams { get; init; } = 32;

    /// <summary>Imports of hash lists open at once on this node; further ones get 429 with Retry-After.</summary>
    public int ConcurrentImports { get; init; } = 32;

    /// <summary>Readers of feeds that wait on this node; further ones get 429 with Retry-After.</summary>
    public int ConcurrentFeeds { get; init; } = 256;

    /// <summary>Of each, what one agency may have open at most, its live and its training keys together; less when others have some open.</summary>
    public int StreamsPerAgency { get; init; } = 16;

    /// <summary>How long a stream may send no byte, or not read its answers, before it is ended.</summary>
    public TimeSpan StreamIdle { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one line may take from its first byte to its end: the least rate of a stream.</summary>
    public TimeSpan StreamLine { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Reports of one stream under way at once.</summary>
    public int InFlightPerStream { get; init; } = 64;

    /// <summary>Bytes of lines of one stream under way at once; a single longer line goes alone.</summary>
    public long BytesInFlightPerStream { get; init; } = 4 * 1024 * 1024;

    /// <summary>Outcomes written to the sender in one piece; fewer whenever the sender reads as fast as they come.</summary>
    public int OutcomesPerWrite { get; init; } = 256;

    /// <summary>Requests a second that one key may send, and ten times as many at once; beyond it 429 with Retry-After.</summary>
    public int RequestsPerSecond { get; init; } = 500;

    /// <summary>
    /// Rows of hash lists that a trusted agency may have stored; one of standard trust a tenth, an untrusted one, and each agency's exercises, a hundredth.
    /// </summary>
    public long HashRowsPerAgency { get; init; } = 20_000_000;

    /// <summary>Rejected lines kept for each agency, the oldest go first; and new ones kept a day and node, further ones are counted.</summary>
    public int RejectionsPerAgency { get; init; } = 10_000;
}
