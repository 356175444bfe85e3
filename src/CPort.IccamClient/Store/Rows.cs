using CPort.IccamClient.Planning;
using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Store;

/// <summary>How far a content has come.</summary>
public enum ContentState
{
    /// <summary>Written down before it is submitted: it may have been.</summary>
    Intended = 1,

    /// <summary>It is an item of ours.</summary>
    Done = 2,

    /// <summary>It stands in the error list.</summary>
    Failed = 3,

    /// <summary>A person wants it tried again.</summary>
    Again = 4,

    /// <summary>A person wants it left out.</summary>
    Dismissed = 5,
}

/// <summary>A content of ICCAM that we know of.</summary>
/// <param name="Batch">The first content of those that are submitted as one report.</param>
/// <param name="Item">Ours, once it is done.</param>
public sealed record ContentRow(ContentNumber Content, ReportNumber Report, ContentNumber Batch, ContentState State, ItemRef? Item);

/// <summary>How far a word has come.</summary>
public enum WordState
{
    Waiting = 1,

    /// <summary>Sent, or about to be: it may stand in ICCAM.</summary>
    Sending = 2,
    Done = 3,

    /// <summary>It stands in the error list and holds back what comes after it of the same content.</summary>
    Failed = 4,
    Dismissed = 5,
}

/// <summary>A word that ICCAM is to know.</summary>
/// <param name="Before">What was counted before it was sent first (<see cref="Standing.Count"/>).</param>
/// <param name="Tries">Failed ones in a row.</param>
public sealed record OutRow(long Number, ContentNumber Content, ReportNumber Report, ItemRef Item, string Key, WordState State, int? Before, int Tries);

/// <summary>A row of the error list.</summary>
/// <param name="Outbox">Of what goes out: the word's number.</param>
/// <param name="What"><c>import</c>, or the kind of word.</param>
public sealed record ErrorRow(
    long Number, DateTimeOffset At, string What, ReportNumber? Report, ContentNumber? Content, long? Outbox, Refusal Refusal, string State, string? Reason);

/// <summary>How much there is.</summary>
/// <param name="Contents">Imported.</param>
/// <param name="Intended">Being imported.</param>
/// <param name="Waiting">Words to send.</param>
/// <param name="Held">Words that wait for an error before them.</param>
/// <param name="Sent">Words that stand in ICCAM.</param>
/// <param name="Errors">Open ones.</param>
public sealed record StoreFigures(long Contents, long Intended, long Waiting, long Held, long Sent, long Errors, DateTimeOffset? Polled);
