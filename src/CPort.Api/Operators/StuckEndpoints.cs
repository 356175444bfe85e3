using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Domain.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CPort.Api.Operators;

/// <summary>What cannot be read from the journal.</summary>
/// <param name="Id">The entity's name in the journal.</param>
/// <param name="AfterSequence">The last event that could be read.</param>
/// <param name="Reason">The kind of fault, without data.</param>
public sealed record StuckAnswer(string Id, long AfterSequence, string Reason, DateTimeOffset Since, int Attempts);

/// <summary>A row of the database that the node that answers found changed, and does not obey.</summary>
/// <param name="Place">Numbers, Keys, ReadTables or Rejections.</param>
/// <param name="What">Which row.</param>
/// <param name="Reason">The kind of fault, without data.</param>
/// <param name="Since">When it was first seen.</param>
/// <param name="Times">How often it was seen since the node's start.</param>
public sealed record DoubtAnswer(DoubtfulPlace Place, string What, string Reason, DateTimeOffset Since, int Times);

/// <summary>All of it.</summary>
/// <param name="Stuck">Entities that cannot be read, of the whole cluster.</param>
/// <param name="Changed">What this node found changed outside the journal, at most 1,000.</param>
public sealed record StuckListAnswer(IReadOnlyList<StuckAnswer> Stuck, IReadOnlyList<DoubtAnswer> Changed) : IShowsData
{
    Shown IShowsData.What() => new([.. Stuck.Select(s => new AuditObject(AuditObjectKind.Entity, s.Id))], [], Stuck.Count + Changed.Count);
}

/// <summary>What cannot be read from the journal; for operators. Others go on meanwhile.</summary>
public static class StuckEndpoints
{
    public static void MapStuck(this IEndpointRouteBuilder v1)
    {
        var group = v1.MapGroup("/stuck").WithTags("Operators");
        group.MapGet("", ListAsync).Needs(Deed.ReadStuck).WithName("ListStuck")
            .WithSummary("What cannot be read from the journal, and what else was found changed in the database").Problems(403, 503);
        group.MapPost("/{id}:retry", RetryAsync).Needs(Deed.RetryStuck).WithName("RetryStuck")
            .WithSummary("Read a stuck entity again; it leaves the list when it answers").Problems(403, 404, 503);
    }

    /// <summary>Also for the operators' port.</summary>
    public static async Task<StuckListAnswer> ListAsync(StuckEntities stuck, DatabaseDoubts doubts, CancellationToken cancellation) => new(
        [.. (await stuck.ListAsync(cancellation)).Select(s => new StuckAnswer(s.PersistenceId, s.AfterSequence, s.Reason, s.Since, s.Attempts))],
        [.. doubts.List().Select(d => new DoubtAnswer(d.Place, d.What, d.Reason, d.Since, d.Times))]);

    private static async Task<NoContent> RetryAsync(string id, StuckRetry retry, CancellationToken cancellation) =>
        !EntityName.TryParse(id, out var name) ? throw ApiProblemException.Of(ProblemCodes.NotFound)
        : await retry.RunAsync(name, cancellation) ? TypedResults.NoContent()
        : throw ApiProblemException.Of(ProblemCodes.Unavailable, "It still cannot be read.");
}
