using CPort.Actors.Agencies;
using CPort.Actors.Projections;
using CPort.Api.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Api.Operators;

/// <summary>Empties training, or counts what it holds.</summary>
public sealed record EmptyTrainingBody
{
    /// <summary>The number of items that the answer before said. Left out: only count.</summary>
    public long? Confirm { get; init; }
}

/// <summary>What emptying training does or did. Words on hashes, groups, statistics and numbers begin anew with it.</summary>
/// <param name="Applied">False: only counted; send it again with <c>confirm</c> set to <paramref name="Items"/>.</param>
/// <param name="Reports">Reports that are gone.</param>
/// <param name="Items">Their items.</param>
/// <param name="Rejections">Rejected lines that are gone.</param>
public sealed record EmptyTrainingAnswer(bool Applied, long Reports, long Items, long Rejections)
{
    public static EmptyTrainingAnswer Of(TrainingHolds holds, bool applied) => new(applied, holds.Reports, holds.Items, holds.Rejections);
}

/// <summary><c>POST /v1/training:empty</c>, for operators with a live key.</summary>
public static class TrainingEndpoints
{
    public static void MapTraining(this IEndpointRouteBuilder v1) =>
        v1.MapPost("/training:empty", EmptyAsync).Needs(Deed.EmptyTraining).WithName("EmptyTraining").WithTags("Operators")
            .WithSummary("Empty training; says first what is in it")
            .WithDescription(
                "Reports, items, words on hashes, groups, rejected lines and statistics of training are gone for everybody, and its numbers begin again; keys "
                + "for training stay. Live work is not touched.")
            .Problems(400, 403, 409, 422, 503);

    private static async Task<EmptyTrainingAnswer> EmptyAsync(
        JsonBody<EmptyTrainingBody> body, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TrainingSize size,
        CancellationToken cancellation)
    {
        body.Check();
        var training = directory.Current.Training;
        var holds = await size.CountAsync(training, cancellation);
        if (body.Value.Confirm is not { } confirmed)
        {
            return EmptyTrainingAnswer.Of(holds, applied: false);
        }

        // Sent also when the number is another: it may be the repeat of what has been done.
        var answer = await gateway.SendAsync(
            new EmptyTraining
            {
                Context = me.Context(), Agency = me.Caller.Agency, Confirmed = confirmed == holds.Items, Training = training, Holds = holds,
            }, cancellation);
        return answer switch
        {
            // Of a repeat what was counted the first time.
            AgencyChanged { Emptied: { } emptied } => EmptyTrainingAnswer.Of(emptied, applied: true),
            AgencyCommandRejected { Reason: AgencyRejection.CountChanged } => throw ApiProblemException.Of(
                ProblemCodes.CountChanged, $"Training now holds {holds.Items} items in {holds.Reports} reports; confirm that number."),
            AgencyCommandRejected rejected => throw ApiProblemException.Of(ProblemCodes.Of(rejected.Reason), rejected.Text),
            _ => throw ApiProblemException.Of(ProblemCodes.Unavailable),
        };
    }
}
