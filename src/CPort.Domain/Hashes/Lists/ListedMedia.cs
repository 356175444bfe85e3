using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes.Lists;

/// <summary>One media file as a hash list file names it (what a bucket is sent is <see cref="Verbs.HashListRow"/>).</summary>
public sealed record ListedMedia
{
    /// <summary>At least one hash, at most one an algorithm, all of the same media file.</summary>
    public required ImmutableArray<ContentHash> Hashes { get; init; }

    /// <summary>What the list says of the media; null when it says nothing that CPort may act on (see <see cref="VicsCategory"/>).</summary>
    public Classification? Classification { get; init; }

    /// <summary>The country whose law the classification applies; null for Baseline and when the list does not say.</summary>
    public Country? Country { get; init; }
    public bool VictimIdentified { get; init; }

    /// <summary>The media belongs to a named series.</summary>
    public bool SeriesKnown { get; init; }

    /// <summary>The list takes these hashes back.</summary>
    public bool Retract { get; init; }

    /// <summary>How much the PDQ value says, 0 to 100, when the list says.</summary>
    public int? PdqQuality { get; init; }

    /// <summary>Bytes of the media file, when the list says.</summary>
    public long? MediaSize { get; init; }
    public string? MimeType { get; init; }

    /// <summary>When the list's owner last changed the row, UTC, when it says so readably.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>The VICS category as found, with the scheme that gives it meaning; null for other formats.</summary>
    public VicsCategory? Category { get; init; }

    /// <summary>The row with an operator's classification and country where the file gives none.</summary>
    public ListedMedia WithDefaults(Classification? classification, Country? country) => this with
    {
        Classification = Classification ?? classification,
        Country = Country ?? ((Classification ?? classification) is Domain.CodeLists.Classification.Baseline ? null : country),
    };
}

/// <summary>What became of one row.</summary>
public enum HashListRowOutcome
{
    Row,

    /// <summary>The row is broken; the reason says what was expected, never the value.</summary>
    Rejected,

    /// <summary>The row is sound but does not speak of abuse material (VICS "non-pertinent", "comparison").</summary>
    Skipped,

    /// <summary>No row: something about the list as a whole that its reader should know.</summary>
    Note,
}

/// <summary>One row of a file: the row, or why there is none.</summary>
public readonly record struct HashListRowResult
{
    private HashListRowResult(long number, HashListRowOutcome outcome, ListedMedia? row, string? reason)
    {
        Number = number;
        Outcome = outcome;
        Row = row;
        Reason = reason;
    }

    /// <summary>From 1: the line of a CSV file (the header is line 1), the record of a VICS file, the entry of NCMEC pages (counted over all).</summary>
    public long Number { get; }
    public HashListRowOutcome Outcome { get; }
    public ListedMedia? Row { get; }

    /// <summary>Why the row was rejected or skipped, or what of it was left out, without any value of it.</summary>
    public string? Reason { get; }

    /// <summary>A row; <paramref name="leftOut"/>: what of it could not be read, a hash among others or a courtesy.</summary>
    public static HashListRowResult Of(long number, ListedMedia row, string? leftOut = null) => new(number, HashListRowOutcome.Row, row, leftOut);

    /// <summary>What is to be said of the list as a whole.</summary>
    public static HashListRowResult Note(string text) => new(0, HashListRowOutcome.Note, null, text);

    public static HashListRowResult Rejected(long number, string reason) => new(number, HashListRowOutcome.Rejected, null, reason);

    public static HashListRowResult Skipped(long number, string reason) => new(number, HashListRowOutcome.Skipped, null, reason);
}

/// <summary>The file as a whole is no hash list that CPort knows; the message says what was looked for.</summary>
public sealed class HashListFormatException(string message) : Exception(message);
