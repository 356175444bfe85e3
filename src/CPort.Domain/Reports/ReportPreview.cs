using CPort.Domain.Hashes;
using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Reports;

/// <summary>
/// Asks what a withdrawal or correction would change, a page of items at a time; changes nothing. Answered by <see cref="ReportChangePreviewed"/>.
/// </summary>
[ProtoContract, Manifest("rq4")]
public sealed record PreviewReportChange : IReportMessage
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }

    /// <summary>This or the next.</summary>
    [ProtoMember(2)] public WithdrawReport? Withdraw { get; init; }
    [ProtoMember(3)] public CorrectAssessment? Correct { get; init; }

    /// <summary>First ordinal of the page, from 1.</summary>
    [ProtoMember(4)] public int FromOrdinal { get; init; } = 1;

    public IReportCommand? Command => (IReportCommand?)Withdraw ?? Correct;
}

/// <summary>What it would change.</summary>
[ProtoContract, Manifest("rr4")]
public sealed record ReportChangePreviewed : IWireReply
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }

    /// <summary>What the command would be answered; a refusal when it would be refused, the first answer when it was done before.</summary>
    [ProtoMember(2)] public required CommandReply Reply { get; init; }

    /// <summary>Items of the report that it changes and the caller sees.</summary>
    [ProtoMember(3, IsPacked = true)] public int[] Ordinals { get; init; } = [];

    /// <summary>What the hash buckets would be told.</summary>
    [ProtoMember(4)] public ImmutableArray<OpinionOnHash> Words { get; init; } = [];

    /// <summary>Where the next page starts; null on the last one.</summary>
    [ProtoMember(5)] public int? NextOrdinal { get; init; }
}

/// <summary>Decides without persisting, by the same rules as the command itself.</summary>
public static class ReportPreview
{
    /// <summary>Items a page: with all their words they fit in one message.</summary>
    private const int PageItems = 50;

    /// <summary>The answer; <paramref name="command"/> is the query's, sealed.</summary>
    public static ReportChangePreviewed Of(Report report, PreviewReportChange query, IReportVerb command, ReportEnvironment environment)
    {
        var decision = ReportRules.Decide(report, command, environment);
        var answer = new ReportChangePreviewed { ReportId = query.ReportId, Reply = decision.Reply };
        if (decision.Events.IsEmpty)
        {
            return answer;
        }

        var after = decision.Events.Aggregate(report, ReportRules.Apply);
        var changed = after.Items.Where((item, i) => item.Ordinal >= query.FromOrdinal && !ReferenceEquals(item, report.Items[i]))
            .Take(PageItems + 1).ToArray();
        var page = changed.Take(PageItems).ToArray();
        return answer with
        {
            Ordinals =
            [
                .. page.Where(i => AccessTable.For(command.Context.Caller, ReportViews.RelationFacts(after, i)).Exists).Select(i => i.Ordinal),
            ],
            Words = [.. page.SelectMany(i => WordsOf(report, i))],
            NextOrdinal = changed.Length > PageItems ? changed[PageItems].Ordinal : null,
        };
    }

    private static IEnumerable<OpinionOnHash> WordsOf(Report report, ContentItem item) =>
        from a in item.Unpropagated()
        where !report.Items[item.Ordinal - 1].Assessments.Contains(a)
        let word = a.ToWord(new ItemRef(report.Id, item.Ordinal))
        from hash in item.Hashes
        select new OpinionOnHash { Hash = hash, Opinion = word.Opinion, Retract = word.Retract };
}
