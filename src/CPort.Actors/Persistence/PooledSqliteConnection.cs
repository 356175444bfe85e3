using Microsoft.Data.Sqlite;

namespace CPort.Actors.Persistence;

/// <summary>
/// A SQLite connection that opens and closes by turns with all others of the process. The provider's pool (10.0.1, and 10.0.11 by
/// https://github.com/dotnet/efcore/issues/39008) may take a connection that another thread is just taking out or putting back for a leaked one, and lend it to
/// two owners, from then on again and again: one begins a transaction inside the other's ("SQLite error 1"), or rolls the other's rows back. It can happen when
/// the pool grows: here once in some 10,000 times that 16 threads opened together, and once in a test run, whose node was of no use any more. With turns never;
/// an opening takes a microsecond or two of its turn.
/// </summary>
public sealed class PooledSqliteConnection(string connectionString) : SqliteConnection(connectionString)
{
    private static readonly Lock Turn = new();

    public override void Open()
    {
        lock (Turn)
        {
            base.Open();
        }
    }

    /// <summary>Also what disposing does; open transactions are rolled back.</summary>
    public override void Close()
    {
        lock (Turn)
        {
            base.Close();
        }
    }
}
