namespace CPort.Node.Hosting;

/// <summary>
/// Work that must be done once per start, after the database is there and before any actor runs: tables, keys. Run in order of registration, and again when the
/// database goes away in between.
/// </summary>
public sealed record NodePreparation(Func<CancellationToken, Task> RunAsync);

/// <summary>Waits for the database, compares its figures with this node's and runs the <see cref="NodePreparation"/>s.</summary>
internal sealed partial class NodePreparations(
    NodeState state,
    Database database,
    SqliteOwner owner,
    IEnumerable<FixedFigure> figures,
    IEnumerable<NodePreparation> preparations,
    TimeProvider time,
    ILogger<NodePreparations> log)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken stopping)
    {
        DateTimeOffset? said = null;
        while (true)
        {
            try
            {
                owner.Take();
                await DatabaseSchema.VerifyEncodingAsync(database, stopping);
                await DatabaseSchema.EnsureAsync(database, stopping);
                await FixedFigures.VerifyOrRecordAsync(database, figures, stopping);
                foreach (var preparation in preparations)
                {
                    await preparation.RunAsync(stopping);
                }

                if (said is not null)
                {
                    DatabaseIsBack(log, database.ToString());
                }

                return;
            }
            catch (Exception e) when (Faults.IsPassingFor(e, stopping))
            {
                state.Waits($"the database does not answer ({DatabaseFault.InWords(e)})");
                var now = time.GetUtcNow();
                if (said is null || now - said > Reminder)
                {
                    said = now;
                    DatabaseIsAway(log, database.ToString(), Explain(e));
                }

                await Task.Delay(Retry, time, stopping);
            }
        }
    }

    /// <summary>Codes and innermost causes say what is wrong ("connection refused", "disk full") and quote no data.</summary>
    private static string Explain(Exception e) => e switch
    {
        Npgsql.PostgresException postgres => $"PostgreSQL {postgres.SqlState}: {postgres.MessageText}",
        Microsoft.Data.Sqlite.SqliteException sqlite => $"SQLite error {sqlite.SqliteExtendedErrorCode}: {sqlite.Message}",
        _ => e.GetBaseException().Message,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database {Database} does not answer, the node waits for it: {Why}")]
    private static partial void DatabaseIsAway(ILogger logger, string database, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "The database {Database} answers")]
    private static partial void DatabaseIsBack(ILogger logger, string database);
}

internal static class NodePreparationRegistration
{
    /// <summary>Adds work of a service's, by which it is ready to be used.</summary>
    public static IServiceCollection AddPreparation<TService>(this IServiceCollection services, Func<TService, CancellationToken,
        Task> run)
        where TService : notnull =>
        services.AddSingleton(p => new NodePreparation(cancellation => run(p.GetRequiredService<TService>(), cancellation)));
}
