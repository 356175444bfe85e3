using CPort.Actors.Audit;
using CPort.Actors.Confidential;
using CPort.Domain.Confidential;

namespace CPort.Node.Composition;

/// <summary>The audit log: written and read on every node, taken into its tree on one.</summary>
internal static class AuditSetup
{
    /// <summary>After the keys, which its own are sealed under.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services, NodeOptions options) => services
        .AddSingleton(new AuditNode(string.Create(CultureInfo.InvariantCulture, $"{options.Cluster.Host}:{options.Cluster.Port}")))
        .AddSingleton<AuditPeriods>()
        .AddSingleton<AuditTree>()
        .AddSingleton<JournalAudit>()
        .AddSingleton<IAuditLog, AuditLog>()
        .AddSingleton<AuditReader>()
        .AddSingleton<AuditVerification>()
        .AddPreparation<AuditTree>((tree, cancellation) => tree.PrepareAsync(options.Audit.Origin, cancellation))
        .AddHostedService<AuditSequencing>();
}

/// <summary>Runs this node's sequencer while the node runs.</summary>
internal sealed partial class AuditSequencing(
    NodeState state, Database database, AuditTree tree, JournalAudit journal, AuditNode node, DatabaseDoubts doubts, TimeProvider time,
    ILogger<AuditSequencing> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await state.RunsAsync(stoppingToken))
        {
            await new AuditSequencer(database, tree, journal, time, node.Name, doubts, fault => Waits(log, fault)).RunAsync(stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit log is not taken further at the moment; what is written waits: {Fault}")]
    private static partial void Waits(ILogger logger, string fault);
}
