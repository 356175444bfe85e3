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
        return CauseOf(fault) switch
        {
            SqliteException sqlite => string.Create(CultureInfo.InvariantCulture, $"SQLite error {sqlite.SqliteErrorCode}{Meaning(sqlite.SqliteErrorCode)}"),
            PostgresException postgres => $"PostgreSQL error {postgres.SqlState}{Meaning(postgres.SqlState)}",
            var other => other.GetType().Name,
        };
    }

    /// <summary>
    /// The database will never take what it was given, whenever it is given: a text that its encoding does not have, a value too large. Not a key that is
    /// there already, which says that somebody else has written.
    /// </summary>
    public static bool IsOfData(Exception fault) => CauseOf(fault) switch
    {
        // SQLITE_TOOBIG, SQLITE_MISMATCH
        SqliteException sqlite => sqlite.SqliteErrorCode is 18 or 20,

        // Data exceptions, violated constraints, limits of the program.
        PostgresException { SqlState: not PostgresErrorCodes.UniqueViolation } postgres => postgres.SqlState[..2] is "22" or "23" or "54",
        _ => false,
    };

    /// <summary>Pages of the file hold what was never written there: what stands in them cannot be read again.</summary>
    public static bool IsOfDamage(Exception fault) => CauseOf(fault) switch
    {
        // SQLITE_CORRUPT, SQLITE_NOTADB
        SqliteException sqlite => sqlite.SqliteErrorCode is 11 or 26,
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted,
        _ => false,
    };

    private static Exception CauseOf(Exception fault)
    {
        var cause = fault;
        while (cause is not (SqliteException or PostgresException) && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause;
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
        26 => ", not a database file",
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
