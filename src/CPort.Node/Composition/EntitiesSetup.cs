using CPort.Actors.Entities;
using CPort.Node.Readiness;

namespace CPort.Node.Composition;

/// <summary>What entities of all kinds share.</summary>
internal static class EntitiesSetup
{
    public static IServiceCollection AddEntities(this IServiceCollection services) => services
        .AddSingleton<StuckEntities>()
        .AddSingleton<StuckRetry>()
        .AddPreparation<StuckEntities>((stuck, cancellation) => stuck.StartAsync(cancellation))
        .AddSingleton<IReadinessCheck, RegionReadiness>();

    /// <summary>For the entities of one kind.</summary>
    public static EntityShell NewShell(this IServiceProvider services) =>
        new(services.GetRequiredService<TimeProvider>(), services.GetRequiredService<StuckEntities>());
}
