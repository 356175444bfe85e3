using CPort.Actors.Projections;
using CPort.Iccam;

namespace CPort.Node.Composition;

/// <summary>The façade for systems that speak ICCAM's API v3. The table of numbers is there on every node: another one's listener may need it.</summary>
internal static class IccamSetup
{
    public static IServiceCollection AddIccam(this IServiceCollection services, NodeOptions options) => services
        .AddCPortIccam(options.Iccam.ToSettings())
        .AddPreparation<Database>(ReportNumbers.EnsureTableAsync);
}
