using CPort.Node.Readiness;

namespace CPort.Node.Composition;

/// <summary>From options to the node's one database.</summary>
public static class PersistenceSetup
{
    /// <summary>Makes the data folder (for its owner only) and the database object, and closes a SQLite file to others; opens no connection.</summary>
    public static Database OpenDatabase(NodeOptions options)
    {
        EnsureDataFolder(options.Data);
        var database = Database.Create(
            options.Database.Provider,
            string.IsNullOrWhiteSpace(options.Database.ConnectionString)
                ? Path.Combine(Path.GetFullPath(options.Data), "cport.db") : options.Database.ConnectionString,
            options.Database.Synchronous,
            Guid.NewGuid().ToString("N"));
        if (database.File is { } file)
        {
            FileModes.Close(file);
        }

        return database;
    }

    /// <summary>Database and the figures that must never change. Others add figures as singletons: <see cref="FixedFigure"/>.</summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, Database database)
    {
        services.AddSingleton(database);
        services.AddSingleton<SqliteOwner>();
        services.AddSingleton(p => DoubtLog.New(p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<DatabaseDoubts>>()));
        services.AddSingleton<IReadinessCheck, DoubtReadiness>().AddSingleton<ReadinessLog>();
        foreach (var figure in ClusterFigures.Fixed)
        {
            services.AddSingleton(figure);
        }

        return services;
    }

    private static void EnsureDataFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
