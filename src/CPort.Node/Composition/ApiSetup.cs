using CPort.Actors.Intake;
using CPort.Actors.Personal;
using CPort.Api.Reading;
using CPort.Api.Reports;

namespace CPort.Node.Composition;

/// <summary>Intake and the API.</summary>
internal static class ApiSetup
{
    public static IServiceCollection AddApi(this IServiceCollection services, NodeOptions options) => services
        .AddSingleton<IntakeDoor>()
        .AddPreparation<Database>(RejectionLog.EnsureTableAsync)
        .AddPreparation<Database>(HashQuota.EnsureTableAsync)
        .AddPreparation<Database>(PersonalStore.EnsureTableAsync)
        .AddCPortApi(new CPortApiOptions
        {
            Gateway = ReportsSetup.GatewayOptions(options.Limits),
            PublicUrl = options.Http.PublicUrl ?? options.Http.Url.Replace("//0.0.0.0", "//localhost", StringComparison.Ordinal)
                .Replace("//[::]", "//localhost", StringComparison.Ordinal),
            PortalUrl = options.PortalUrl is { Port: 0 } ? null : options.PortalUrl.ToString().TrimEnd('/'),
            NetworkLooks = options.Policy.ToLooks(),
            ItemsPerBatch = options.Limits.ItemsPerBatch,
            Intake = new IntakeLimits
            {
                LineBytes = options.Limits.LineBytes,
                BodyBytes = options.Limits.BodyBytes,
                ItemsPerReport = options.Limits.ItemsPerReport,
                ListBodyBytes = options.Limits.ListBodyBytes,
                CommandBodyBytes = options.Limits.CommandBodyBytes,
                BodyBytesUnderWay = options.Limits.BodyBytesUnderWay,
                BodyBytesUnderWayPerAgency = options.Limits.BodyBytesUnderWayPerAgency,
                ConcurrentStreams = options.Limits.ConcurrentStreams,
                ConcurrentImports = options.Limits.ConcurrentImports,
                ConcurrentFeeds = options.Limits.ConcurrentFeeds,
                StreamsPerAgency = options.Limits.StreamsPerAgency,
                StreamIdle = TimeSpan.FromSeconds(options.Limits.StreamIdleSeconds),
                StreamLine = TimeSpan.FromSeconds(options.Limits.StreamLineSeconds),
                RequestsPerSecond = options.Limits.RequestsPerSecond,
                HashRowsPerAgency = options.Limits.HashRowsPerAgency,
                InFlightPerStream = options.Limits.InFlightPerStream,
            },
        });
}
