using CPort.Api.Exchange;

namespace CPort.Portal.Police;

/// <summary>A referral's score and what it lacks, in the reader's language.</summary>
internal static class ScoreWords
{
    /// <summary>The sum: <c>Urgent +30, Judged Baseline +25 = 55</c>.</summary>
    public static string Of(Words words, PriorityAnswer priority) => priority.Terms.Count == 0 ? words["referral.noTerms"]
        : $"{string.Join(", ", priority.Terms.Select(t => $"{words.Name("prioritySignal", t.Signal)} {t.Weight.ToString("+0;-0", CultureInfo.InvariantCulture)}"))}"
            + $" = {words.Number(priority.Score)}";

    /// <summary>The names of what is missing; empty: nothing is.</summary>
    public static string Missing(Words words, CompletenessAnswer complete) => complete.Missing.Count == 0 ? words["referral.complete"]
        : words.Of("referral.lacks", ("fields", string.Join(", ", complete.Missing.Select(f => words.Name("dataField", f)))));
}
