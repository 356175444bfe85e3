using CPort.Actors.Entities;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CPort.Api.Operators;

/// <summary>What cannot be read from the journal.</summary>
/// <param name="Id">The entity's name in the journal.</param>
/// <param name="AfterSequence">The last event that could be read.</param>
/// <param name="Reason">The kind of fault, without data.</param>
public sealed record StuckAnswer(string Id, long AfterSequence, string Reason, DateTimeOffset Since, int Attempts);

/// <summary>All of it.</summary>
public sealed record StuckListAnswer(IReadOnlyList<StuckAnswer> Stuck);

/// <summary>What cannot be read from the journal; for operators. Others go on meanwhile.</summary>
public static class StuckEndpoints
{
    public static void MapStuck(this IEndpointRouteBuilder v1)
    {
        var group = v1.MapGroup("/stuck").WithTags("Operators");
        group.MapGet("", ListAsync).Needs(Deed.ReadStuck).WithName("ListStuck")
            .WithSummary("Reports and hash buckets that cannot be read from the journal").Problems(403, 503);
        group.MapPost("/{id}:retry", RetryAsync).Needs(Deed.RetryStuck).WithName("RetryStuck")
            .WithSummary("Read a stuck entity again; it leaves the list when it answers").Problems(403, 404, 503);
    }

    /// <summary>Also for the operators' port.</summary>
    public static async Task<StuckListAnswer> ListAsync(StuckEntities stuck, CancellationToken cancellation) => new(
        [.. (await stuck.ListAsync(cancellation)).Select(s => new StuckAnswer(s.PersistenceId, s.AfterSequence, s.Reason, s.Since, s.Attempts))]);

    private static async Task<NoContent> RetryAsync(string id, StuckRetry retry, CancellationToken cancellation) =>
        !EntityName.TryParse(id, out var name) ? throw ApiProblemException.Of(ProblemCodes.NotFound)
        : await retry.RunAsync(name, cancellation) ? TypedResults.NoContent()
        : throw ApiProblemException.Of(ProblemCodes.Unavailable, "It still cannot be read.");
}
