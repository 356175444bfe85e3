using System.Data.Common;
using System.Diagnostics;
using LinqToDB.Common;
using LinqToDB.Interceptors;

namespace CPort.Actors.Persistence;

/// <summary>Measures how many rows the journal writes at once and how long the database takes for them. Reads no values.</summary>
internal sealed class JournalWriteMeter : CommandInterceptor
{
    public override async Task<Option<int>> ExecuteNonQueryAsync(
        CommandEventData eventData, DbCommand command, Option<int> result, CancellationToken cancellationToken)
    {
        if (result.HasValue || !IsJournalInsert(command.CommandText))
        {
            return result;
        }

        var start = Stopwatch.GetTimestamp();
        var rows = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        CPortMetrics.JournalWrote(rows, Stopwatch.GetElapsedTime(start));
        return Option<int>.Some(rows);
    }

    private static bool IsJournalInsert(string sql)
    {
        var head = sql.AsSpan(0, Math.Min(sql.Length, 60)).TrimStart();
        return head.StartsWith("INSERT", StringComparison.OrdinalIgnoreCase) && head.Contains("journal", StringComparison.OrdinalIgnoreCase);
    }
}
