using CPort.Api.Reports;
using CPort.Actors.Intake;

namespace CPort.Node.Composition;

/// <summary>Intake and the API.</summary>
internal static class ApiSetup
{
    public static IServiceCollection AddApi(this IServiceCollection services, NodeOptions options) => services
        .AddSingleton<IntakeDoor>()
        .AddPreparation<Database>(RejectionLog.EnsureTableAsync)
        .AddCPortApi(new CPortApiOptions
        {
            Gateway = ReportsSetup.GatewayOptions(options.Limits),
            ItemsPerBatch = options.Limits.ItemsPerBatch,
            Intake = new IntakeLimits
            {
                LineBytes = options.Limits.LineBytes,
                BodyBytes = options.Limits.BodyBytes,
                ItemsPerReport = options.Limits.ItemsPerReport,
                ConcurrentStreams = options.Limits.ConcurrentStreams,
                InFlightPerStream = options.Limits.InFlightPerStream,
            },
        });
}
