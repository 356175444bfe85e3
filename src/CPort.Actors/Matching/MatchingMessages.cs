using System.Collections.Immutable;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;

namespace CPort.Actors.Matching;

/// <summary>
/// To this node's matching actor: record that the items carry these hashes and answer what is known of each. Local message.
/// Answered by <see cref="ReportMatched"/> once every bucket has answered durably, or by <see cref="MatchingUnavailable"/>.
/// </summary>
public sealed record MatchReport(ReportId ReportId, ImmutableArray<ItemHashes> Items)
{
    /// <summary>The recorded trace that the request belongs to.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>All buckets answered; a partial answer is never given.</summary>
public sealed record ReportMatched(ReportId ReportId, ImmutableArray<ItemVerdicts> Items);

/// <summary>At least one bucket did not answer in time; nothing is to be concluded; try again.</summary>
public sealed record MatchingUnavailable(ReportId ReportId, string Reason);

/// <summary>
/// To this node's matching actor: an agency's opinions of hashes, formed on a report's items. Local message. Answered by
/// <see cref="OpinionsRecorded"/> once durable in every bucket, or by <see cref="MatchingUnavailable"/>. Idempotent.
/// </summary>
public sealed record RecordOpinions(ReportId ReportId, ImmutableArray<OpinionOnHash> Opinions)
{
    /// <summary>The recorded trace that the request belongs to.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>All opinions of a <see cref="RecordOpinions"/> are durable.</summary>
public sealed record OpinionsRecorded(ReportId ReportId);
