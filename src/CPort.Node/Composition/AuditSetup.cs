using CPort.Actors.Audit;
using CPort.Actors.Confidential;
using CPort.Domain.Confidential;
using CPort.Node.Adapters;

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
        .AddHostedService<AuditSequencing>()
        .AddSingleton(options.Audit.Read())
        .AddSingleton<WitnessStore>()
        .AddSingleton<IWitnessClient>(new WitnessClient(TimeSpan.FromSeconds(options.Audit.WitnessSeconds)))
        .AddPreparation<Database>(WitnessStore.EnsureTablesAsync)
        .AddHostedService<AuditWitnessed>();
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

/// <summary>Has this node bring checkpoints to the witnesses while it runs, unless another one does. Nothing, where none is configured.</summary>
internal sealed partial class AuditWitnessed(
    NodeState state, Database database, AuditReader reader, AuditTree tree, WitnessStore store, IWitnessClient client, IReadOnlyList<AuditWitness> witnesses,
    AuditNode node, NodeOptions options, TimeProvider time, ILogger<AuditWitnessed> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (witnesses.Count > 0 && await state.RunsAsync(stoppingToken))
        {
            var witnessing = new AuditWitnessing(
                reader, tree, store, client, witnesses, TimeSpan.FromSeconds(options.Audit.WitnessEverySeconds), time,
                (name, outcome) => Says(log, name, outcome));
            await new LeasedWork(database, "cport-witnesses", node.Name, time, fault => Waits(log, fault)).RunAsync(witnessing.RunAsync, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The witness {Name} of the audit log: {Outcome}")]
    private static partial void Says(ILogger logger, string name, WitnessOutcome outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit log's witnesses are not asked at the moment: {Fault}")]
    private static partial void Waits(ILogger logger, string fault);
}
