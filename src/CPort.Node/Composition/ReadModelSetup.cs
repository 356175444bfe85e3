using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Intake;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;
using CPort.Node.Readiness;

namespace CPort.Node.Composition;

/// <summary>The read tables: written on nodes of the role projection, read on every node.</summary>
internal static class ReadModelSetup
{
    public static IServiceCollection AddReadModel(this IServiceCollection services, PolicyOptions policy) => services
        .AddSingleton<ReadTables>()
        .AddPreparation<ReadTables>((tables, cancellation) => tables.PrepareAsync(cancellation))
        .AddSingleton(p => new JournalReader(p.GetRequiredService<Database>(), p.GetRequiredService<JournalSeal>()))
        .AddSingleton(p => new JournalTail(p.GetRequiredService<Database>(), p.GetRequiredService<JournalReader>(), p.GetRequiredService<TimeProvider>()))
        .AddSingleton<ReadModel>()
        .AddSingleton<QueueReader>()
        .AddSingleton<ReportSearch>()
        .AddSingleton<HoldReader>()
        .AddSingleton<LookReader>()
        .AddSingleton<QuestionReader>()
        .AddSingleton<ItemReader>()
        .AddSingleton(p => new GroupReader(
            p.GetRequiredService<ReadModel>(), p.GetRequiredService<ConfidentialSeam>(), new ProjectionOptions { PdqRadius = policy.PdqRadius }))
        .AddSingleton<IReportSight, ReportSight>()
        .AddSingleton<SeenItems>()
        .AddSingleton<TrainingSize>()
        .AddSingleton<StatisticsReader>()
        .AddSingleton<ProjectionStatusReader>()
        .AddSingleton<UnfinishedWork>()
        .AddSingleton<IHeldNumbers, HeldNumbers>()
        .AddSingleton<IReadinessCheck, ProjectionReadiness>()
        .AddHostedService<QueueGauge>();

    public static AkkaConfigurationBuilder AddReadModel(
        this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services) =>
        akka.AddProjections(options.Cluster.EffectiveRoles.Contains(ClusterRoles.Projection), () => new ProjectionServices
        {
            Directory = () => services.GetRequiredService<AgencyDirectoryFeed>().Current,
            Database = services.GetRequiredService<Database>(), Seam = services.GetRequiredService<ConfidentialSeam>(),
            Journal = services.GetRequiredService<JournalSeal>(), UrlKeys = services.GetRequiredService<UrlKeyMaker>(),
            Tail = services.GetRequiredService<JournalTail>(),
            Time = services.GetRequiredService<TimeProvider>(), Doubts = services.GetRequiredService<DatabaseDoubts>(),
            Options = new ProjectionOptions
            {
                OrphanDeadline = TimeSpan.FromHours(options.Policy.OrphanHours),
                PdqRadius = options.Policy.PdqRadius,

                // SQLite has one writer: while a batch of rows is written the journal waits, and with it everybody. On PostgreSQL nobody does, and of a backlog
                // more events of one report meet in a batch: its rows are written once.
                BatchSize = services.GetRequiredService<Database>().IsSqlite ? 150 : 2_000,
            },
        });
}
