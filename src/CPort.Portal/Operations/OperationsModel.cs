using CPort.Actors.Cluster;
using CPort.Actors.Projections;
using CPort.Api.Hashes;
using CPort.Api.Operators;
using CPort.Domain.Audit;

namespace CPort.Portal.Operations;

/// <summary>Where the entities of one kind are.</summary>
public sealed record RegionFigures(string Type, int Nodes, string? Coordinator, int Shards, int Entities, int Failed);

/// <summary>
/// The operators' page: nodes and what runs on them, and nothing of any report. Each part is read by itself; one that does not answer in time is null, and the
/// page says so in its place (rule R12).
/// </summary>
public sealed record OperationsModel : IShowsData
{
    Shown IShowsData.What() => new(
        [.. (Stuck?.Stuck ?? []).Select(s => new AuditObject(AuditObjectKind.Entity, s.Id))], ["nodes", "shards", "projections", "stuck", "keys"],
        Stuck?.Stuck.Count ?? 0);

    public required IReadOnlyList<MemberView> Members { get; init; }
    public IReadOnlyList<RegionFigures>? Regions { get; init; }

    /// <summary>Nodes that did not say what they have.</summary>
    public IReadOnlyList<string> Silent { get; init; } = [];
    public ProjectionsAnswer? Projections { get; init; }
    public StuckListAnswer? Stuck { get; init; }
    public KeyRingAnswer? Keys { get; init; }

    /// <summary>The first page of the hashes in quarantine, without values.</summary>
    public QuarantineListAnswer? Quarantine { get; init; }

    /// <summary>Reports with automatic work to come.</summary>
    public UnfinishedReports? Unfinished { get; init; }

    /// <summary>Lines of streams that were not taken, of all agencies.</summary>
    public long? Rejected { get; init; }

    /// <summary>Entries of the audit log that are sealed in its tree; null: not available, or none yet.</summary>
    public long? Sealed { get; init; }

    /// <summary>What a comparison with the journal has just found.</summary>
    public ReconcileAnswer? Reconciled { get; init; }
    public required bool Proved { get; init; }
}
