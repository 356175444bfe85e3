using CPort.Actors.Persistence;

namespace CPort.Bench.Load;

/// <summary>A database as measured: the product and how it waits for the disk.</summary>
internal sealed record DatabaseUnderTest(DatabaseProvider Provider, SqliteSynchronous Synchronous)
{
    /// <summary>For the table: <c>SQLite FULL</c>, <c>SQLite NORMAL</c> or <c>PostgreSQL</c> (always <c>fsync=on</c>, <c>synchronous_commit=on</c>).</summary>
    public string Name => Provider == DatabaseProvider.PostgreSql ? "PostgreSQL" : $"SQLite {Synchronous.ToString().ToUpperInvariant()}";
}

/// <summary>What one run does.</summary>
internal sealed record LoadOptions
{
    /// <summary>Reports of the synthetic day (about 3.4 items each); its duplicates, conflicts and malformed lines come on top.</summary>
    public required int Reports { get; init; }

    /// <summary>Duplex HTTP/2 streams open at once.</summary>
    public required int Connections { get; init; }

    /// <summary>Lines of a stream sent and not yet answered.</summary>
    public required int InFlight { get; init; }

    /// <summary>Lines a second over all streams; 0: as fast as they are answered.</summary>
    public required int Rate { get; init; }

    /// <summary>GET /v1/reports/{id} a second while the stream runs.</summary>
    public required int Probes { get; init; }

    /// <summary>Reports of another day sent before anything is measured, so that the program is compiled and the pools are filled.</summary>
    public required int WarmUp { get; init; }

    /// <summary>How long after the last answer to wait for the full flow, seconds.</summary>
    public required int Patience { get; init; }

    /// <summary>Keeps the data folder and the node's log for a look.</summary>
    public required bool Keep { get; init; }

    /// <summary>Where to write a trace of sampled stacks; null: none. Sampling slows the node.</summary>
    public required FileInfo? Profile { get; init; }
}
