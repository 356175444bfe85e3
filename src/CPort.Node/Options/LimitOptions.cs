namespace CPort.Node.Options;

/// <summary>Every limit of the node; what is beyond one gets an error that names it.</summary>
public sealed class LimitOptions
{
    /// <summary>Longest line of an NDJSON stream, bytes.</summary>
    [AtLeastOne]
    public int LineBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Largest body of an ordinary request, bytes.</summary>
    [AtLeastOne]
    public int BodyBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Items in one report; a larger report is to be split.</summary>
    [AtLeastOne]
    public int ItemsPerReport { get; set; } = 10_000;

    /// <summary>Streams open at once on this node; further ones get 429 with Retry-After.</summary>
    [AtLeastOne]
    public int ConcurrentStreams { get; set; } = 32;

    /// <summary>Reports of one stream in flight at once.</summary>
    [AtLeastOne]
    public int InFlightPerStream { get; set; } = 64;

    /// <summary>Items in one batch of assessments, actions or claims.</summary>
    [AtLeastOne]
    public int ItemsPerBatch { get; set; } = 1_000;

    /// <summary>How long an API call waits for an entity before it answers 503, seconds.</summary>
    [AtLeastOne]
    public int AskSeconds { get; set; } = 10;
}
