namespace CPort.Node.Options;

/// <summary>Where everything durable is.</summary>
public sealed class DatabaseOptions
{
    public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

    /// <summary>SQLite: a file, default <c>cport.db</c> in the data folder. PostgreSQL: <c>Host=…;Username=…;Password=…;Database=…</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>SQLite only: Full waits for the disk at each commit; Normal may lose the last commits at a power loss.</summary>
    public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Full;
}
