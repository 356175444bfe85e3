using Microsoft.Data.Sqlite;
using Npgsql;

namespace CPort.Actors.Persistence;

/// <summary>
/// What failed, in words for logs and readiness reasons. A provider's message may quote data or the connection string, so its code is told and, for what an
/// operator can mend, what the code means.
/// </summary>
public static class DatabaseFault
{
    /// <summary>E.g. <c>SQLite error 13, disk full</c>; for what is no database's error the exception's type.</summary>
    public static string InWords(Exception fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var cause = fault;
        while (cause is not (SqliteException or PostgresException) && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause switch
        {
            SqliteException sqlite => string.Create(CultureInfo.InvariantCulture, $"SQLite error {sqlite.SqliteErrorCode}{Meaning(sqlite.SqliteErrorCode)}"),
            PostgresException postgres => $"PostgreSQL error {postgres.SqlState}{Meaning(postgres.SqlState)}",
            var other => other.GetType().Name,
        };
    }

    // https://www.sqlite.org/rescode.html
    private static string Meaning(int sqlite) => sqlite switch
    {
        5 => ", database locked",
        8 => ", database read-only",
        10 => ", disk error",
        11 => ", database file damaged",
        13 => ", disk full",
        14 => ", database file cannot be opened",
        _ => "",
    };

    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static string Meaning(string postgres) => postgres switch
    {
        PostgresErrorCodes.DiskFull => ", disk full",
        PostgresErrorCodes.OutOfMemory => ", out of memory",
        PostgresErrorCodes.TooManyConnections => ", too many connections",
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => ", server shuts down",
        PostgresErrorCodes.CannotConnectNow => ", server starts or stops",
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => ", login refused",
        PostgresErrorCodes.InsufficientPrivilege => ", permission missing",
        PostgresErrorCodes.ReadOnlySqlTransaction => ", database read-only",
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => ", data damaged",
        _ => "",
    };
}
