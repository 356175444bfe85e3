namespace CPort.Api.Reports;

/// <summary>From a report's reply to an HTTP answer: the one place where outcomes become statuses.</summary>
public static class CommandAnswers
{
    /// <summary>
    /// The answer when the command took effect, for at least one item when it names items; else the problem of its rejection code, with what became of each
    /// item.
    /// </summary>
    public static CommandAnswer Answer(HttpContext http, CommandReply reply)
    {
        var items = reply.Items.IsEmpty ? null : reply.Items.Select(i => ItemOutcomeAnswer.Of(reply.ReportId, i)).ToArray();
        switch (reply.Outcome)
        {
            case CommandOutcome.Accepted or CommandOutcome.Duplicate:
                http.Response.Headers.ETag = reply.Items is [var only] ? EntityTags.OfItem(only.Version) : EntityTags.OfReport(reply.Version);
                return new CommandAnswer("accepted", reply.ReportId.ToString(), reply.ReportNumber, reply.Version, reply.Replayed ? true : null, items)
                {
                    HoldId = reply.Hold > 0 ? new HoldRef(reply.ReportId, reply.Hold).ToString() : null,
                    RequestId = reply.Question > 0 ? new QuestionRef(reply.ReportId, reply.Question).ToString() : null,
                };
            case CommandOutcome.Rejected:
                throw new ApiProblemException(ApiProblem.Of(reply.Code, reply.Detail) with { Items = items });
            default:
                throw ApiProblemException.Of(ProblemCodes.Unavailable);
        }
    }

    /// <summary>A submitted report: 201, 200 for a duplicate, else a problem.</summary>
    public static SubmissionAnswer Answer(HttpContext http, IntakeOutcome outcome)
    {
        if (outcome.Result is IntakeResult.Accepted or IntakeResult.Duplicate)
        {
            http.Response.Headers.Location = $"/v1/reports/{outcome.ReportId}";
            http.Response.StatusCode = outcome.Result == IntakeResult.Accepted ? StatusCodes.Status201Created : StatusCodes.Status200OK;
            return new SubmissionAnswer(
                outcome.Word, outcome.ReportId.ToString()!, outcome.Number, outcome.Version, outcome.Withdrawn ? true : null,
                outcome.LeftOut.IsEmpty ? null : outcome.LeftOut);
        }

        var problem = ApiProblem.Of(outcome.Problem!);
        throw new ApiProblemException(outcome.Result == IntakeResult.Conflict
            ? problem with { ReportId = outcome.ReportId?.ToString(), Fields = outcome.Fields.IsEmpty ? null : outcome.Fields }
            : problem);
    }
}
