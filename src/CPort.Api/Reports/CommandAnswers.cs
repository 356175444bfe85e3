using CPort.Actors.Intake;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using Microsoft.AspNetCore.Http;

namespace CPort.Api.Reports;

/// <summary>From a report's reply to an HTTP answer: the one place where outcomes become statuses.</summary>
public static class CommandAnswers
{
    /// <summary>
    /// 200 (or <paramref name="success"/>) when the command took effect, for at least one item when it names items; else the problem of its
    /// rejection code, with what became of each item.
    /// </summary>
    public static IResult Answer(HttpContext http, CommandReply reply, int success = StatusCodes.Status200OK)
    {
        var items = reply.Items.IsEmpty ? null : reply.Items.Select(i => ItemAnswer.Of(reply.ReportId, i)).ToArray();
        switch (reply.Outcome)
        {
            case CommandOutcome.Accepted or CommandOutcome.Duplicate:
                http.Response.Headers.ETag = reply.Items is [var only] ? $"\"{only.Version}\"" : $"\"r{reply.Version}\"";
                return Results.Json(
                    new CommandAnswer("accepted", reply.ReportId.ToString(), reply.ReportNumber, reply.Version, reply.Replayed ? true : null, items),
                    ApiJson.Options, statusCode: success);
            case CommandOutcome.Rejected:
                return (ApiProblem.Of(reply.Code, reply.Detail) with { Items = items }).ToResult();
            default:
                return ApiProblem.Of(IntakeCodes.Unavailable).ToResult();
        }
    }

    /// <summary>A submitted report: 201, 200 for a duplicate, else a problem.</summary>
    public static IResult Answer(HttpContext http, IntakeOutcome outcome)
    {
        if (outcome.Result is IntakeResult.Accepted or IntakeResult.Duplicate)
        {
            http.Response.Headers.Location = $"/v1/reports/{outcome.ReportId}";
            return Results.Json(
                new SubmissionAnswer(outcome.Word, outcome.ReportId.ToString()!, outcome.Number, outcome.Version), ApiJson.Options,
                statusCode: outcome.Result == IntakeResult.Accepted ? StatusCodes.Status201Created : StatusCodes.Status200OK);
        }

        var problem = ApiProblem.Of(outcome.Problem!);
        return (outcome.Result == IntakeResult.Conflict
            ? problem with { ReportId = outcome.ReportId?.ToString(), Fields = outcome.Fields.IsEmpty ? null : outcome.Fields }
            : problem).ToResult();
    }
}
