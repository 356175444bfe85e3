using CPort.Actors.Matching;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;

namespace CPort.Bench.Imports;

/// <summary>Imports a list as the API does: so many rows are read, made durable and answered before the next are read.</summary>
internal static class ImportSteps
{
    /// <summary>Rows read, and what became of them.</summary>
    public static async Task<(long Read, long Added, long Unchanged)> RunAsync(
        this HashImport import, HashListSource source, IAsyncEnumerable<HashListRow> rows, int step, CancellationToken cancellation)
    {
        var (read, added, unchanged, held) = (0L, 0L, 0L, new List<HashListRow>(step));
        await foreach (var row in rows.WithCancellation(cancellation))
        {
            held.Add(row);
            if (held.Count == step)
            {
                await ImportAsync();
            }
        }

        await ImportAsync();
        return (read, added, unchanged);

        async Task ImportAsync()
        {
            var outcomes = await import.ImportAsync(source, held, cancellation);
            read += outcomes.Length;
            added += outcomes.Count(o => o == HashRowOutcome.Added);
            unchanged += outcomes.Count(o => o == HashRowOutcome.Unchanged);
            held.Clear();
        }
    }
}
