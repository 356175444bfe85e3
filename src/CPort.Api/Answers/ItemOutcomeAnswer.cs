namespace CPort.Api.Answers;

/// <summary>What became of one item of a command.</summary>
/// <param name="Outcome"><c>accepted</c>, <c>rejected</c>, or <c>unavailable</c>: send it again.</param>
/// <param name="Version">The item's version now.</param>
/// <param name="Code">Why not.</param>
/// <param name="Status">The status this item alone would have got.</param>
public sealed record ItemOutcomeAnswer(string ItemId, int Item, long? Number, int Version, string Outcome, string? Code, string? Detail, int? Status)
{
    public static ItemOutcomeAnswer Of(ReportId report, ItemOutcome o)
    {
        var code = o.Accepted ? null : ProblemCodes.Of(o.Code);
        return new ItemOutcomeAnswer(
            new ItemRef(report, o.Ordinal).ToString(), o.Ordinal, o.Number > 0 ? o.Number : null, o.Version, o.Accepted ? "accepted" : "rejected", code,
            o.Accepted ? null : o.Detail, code is null ? null : ProblemCodes.Find(code).Status);
    }
}
