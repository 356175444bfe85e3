using CPort.Actors.Intake;
using CPort.Api.Reading;

namespace CPort.Node.Options;

/// <summary>Every limit of the node; what is beyond one gets an error that names it.</summary>
public sealed class LimitOptions
{
    private static readonly IntakeLimits Intake = new();
    private static readonly CPortApiOptions Api = new();

    /// <summary>Longest line of an NDJSON stream, bytes.</summary>
    [AtLeastOne]
    public int LineBytes { get; set; } = Intake.LineBytes;

    /// <summary>Largest body of an ordinary request, bytes.</summary>
    [AtLeastOne]
    public int BodyBytes { get; set; } = Intake.BodyBytes;

    /// <summary>Largest body that brings a list of hashes, or of items to add, bytes; not above BodyBytes.</summary>
    [AtLeastOne]
    public int ListBodyBytes { get; set; } = Intake.ListBodyBytes;

    /// <summary>Largest body of any other command, bytes; not above BodyBytes.</summary>
    [AtLeastOne]
    public int CommandBodyBytes { get; set; } = Intake.CommandBodyBytes;

    /// <summary>Bytes of bodies read or worked on at once on this node; further ones get 503 with Retry-After.</summary>
    [Between(1_000_000, 1e12)]
    public long BodyBytesUnderWay { get; set; } = Intake.BodyBytesUnderWay;

    /// <summary>Of these, one agency's; beyond it 429 with Retry-After.</summary>
    [Between(1_000_000, 1e12)]
    public long BodyBytesUnderWayPerAgency { get; set; } = Intake.BodyBytesUnderWayPerAgency;

    /// <summary>Items in one report; a larger report is to be split.</summary>
    [AtLeastOne]
    public int ItemsPerReport { get; set; } = Intake.ItemsPerReport;

    /// <summary>Streams open at once on this node; further ones get 429 with Retry-After.</summary>
    [AtLeastOne]
    public int ConcurrentStreams { get; set; } = Intake.ConcurrentStreams;

    /// <summary>Imports of hash lists open at once on this node; further ones get 429 with Retry-After.</summary>
    [AtLeastOne]
    public int ConcurrentImports { get; set; } = Intake.ConcurrentImports;

    /// <summary>Readers of feeds that wait on this node; further ones get 429 with Retry-After.</summary>
    [AtLeastOne]
    public int ConcurrentFeeds { get; set; } = Intake.ConcurrentFeeds;

    /// <summary>Streams, imports and feeds that one agency may have open at once on this node.</summary>
    [AtLeastOne]
    public int StreamsPerAgency { get; set; } = Intake.StreamsPerAgency;

    /// <summary>How long a stream may send nothing, or not read its answers, before it is ended, seconds.</summary>
    [AtLeastOne]
    public int StreamIdleSeconds { get; set; } = (int)Intake.StreamIdle.TotalSeconds;

    /// <summary>How long one line of a stream may take to come, seconds.</summary>
    [AtLeastOne]
    public int StreamLineSeconds { get; set; } = (int)Intake.StreamLine.TotalSeconds;

    /// <summary>Requests a second that one key may send, and ten times as many at once; beyond it 429 with Retry-After.</summary>
    [Between(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = Intake.RequestsPerSecond;

    /// <summary>Rows of hash lists stored by a trusted agency at most; by one of standard trust a tenth; untrusted, and exercises, a hundredth.</summary>
    [Between(100, 1e12)]
    public long HashRowsPerAgency { get; set; } = Intake.HashRowsPerAgency;

    /// <summary>Reports of one stream in flight at once.</summary>
    [AtLeastOne]
    public int InFlightPerStream { get; set; } = Intake.InFlightPerStream;

    /// <summary>Items in one batch of assessments, actions or claims.</summary>
    [AtLeastOne]
    public int ItemsPerBatch { get; set; } = Api.ItemsPerBatch;

    /// <summary>How long an API call waits for an entity before it answers 503, seconds.</summary>
    [AtLeastOne]
    public int AskSeconds { get; set; } = 10;
}
