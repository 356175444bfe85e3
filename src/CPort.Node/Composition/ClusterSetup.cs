using Akka.Cluster.Hosting;
using Akka.Remote.Hosting;
using Akka.Remote.Transport.DotNetty;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;
using CPort.Actors.Telemetry;
using ClusterOptions = CPort.Node.Options.ClusterOptions;

namespace CPort.Node.Composition;

/// <summary>The actor system, its cluster and its persistence: the ground everything else stands on.</summary>
public static class ClusterSetup
{
    /// <summary>This program's version, for rolling updates: shards go to the newest nodes first.</summary>
    public static string AppVersion { get; } = typeof(ClusterSetup).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>What joining needs; <see cref="NodeLifecycle"/> does it once the actor system runs.</summary>
    public static IServiceCollection AddClusterMembership(this IServiceCollection services, NodeOptions options)
    {
        var cluster = options.Cluster;
        services.AddSingleton(new FixedFigure("cluster-name", cluster.Name, "See CPORT__Cluster__Name."));
        services.AddSingleton(new ClusterJoiningOptions
        {
            Seeds = [.. cluster.Seeds.Select(s => ClusterSeed.Parse(s)!)],
            Patience = TimeSpan.FromSeconds(cluster.JoinSeconds),
            DatabasePatience = TimeSpan.FromSeconds(cluster.DatabasePatienceSeconds),
            Agreed = ClusterTuning.Agreed(cluster.SplitBrain, cluster.QuorumSize, cluster.Times),
            Roles = string.Join(',', cluster.EffectiveRoles),
            Version = AppVersion,
        });
        services.AddSingleton<ClusterJoining>();
        return services
            .AddPreparation<Database>(DatabaseLease.EnsureTableAsync)
            .AddPreparation<ClusterJoining>((joining, cancellation) => joining.PrepareAsync(cancellation));
    }

    /// <summary>Remoting, membership, sharding's settings, persistence and serialization of one node.</summary>
    public static AkkaConfigurationBuilder AddCluster(
        this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services, DotNettySslSetup? tls)
    {
        var (cluster, database) = (options.Cluster, services.GetRequiredService<Database>());
        akka
            .ConfigureLoggers(l =>
            {
                l.ClearLoggers();
                l.LogLevel = ToAkka(options.Logs.AkkaLevel);
                l.AddLoggerFactory();
            })
            .WithActorAskTimeout(TimeSpan.FromSeconds(options.Limits.AskSeconds))
            .WithClustering(new Akka.Cluster.Hosting.ClusterOptions
                { Roles = [.. cluster.EffectiveRoles], AppVersion = AppVersion })
            .AddWireSerialization()
            .AddSqlPersistence(database, services.GetRequiredService<JournalSeal>())
            .AddHocon(ClusterTuning.Hocon, HoconAddMode.Prepend)
            .AddHocon(ClusterTuning.TimesOf(cluster.Times), HoconAddMode.Prepend)
            .AddHocon(ClusterTuning.SplitBrain(cluster.SplitBrain, cluster.QuorumSize), HoconAddMode.Prepend)
            .AddHocon(ClusterTuning.StopWithin(TimeSpan.FromSeconds(cluster.StopSeconds)), HoconAddMode.Prepend)
            .AddDeadLetterCounter()
            .WithActors((system, _) =>
            {
                system.ActorOf(Props.Create<MembershipLog>(), "membership-log");
                system.ActorOf(Props.Create<QuarantineWatch>(), "quarantine-watch");
                system.ActorOf(Props.Create<HalfCutWatch>(), HalfCutWatch.ActorName);
                if (!database.IsSqlite)
                {
                    system.ActorOf(Props.Create(() => new DownedMark(new ClusterRecord(database))), "downed-mark");
                }
            });
        return options.IsAlone
            ? akka.AddHocon(NoTransport.Hocon, HoconAddMode.Prepend)
            : akka.AddRemoting(cluster, services.GetRequiredService<KeyRing>(), services.GetRequiredService<SteadyClock>().OfThisProcess, tls);
    }

    /// <summary>The port for other nodes. What comes there is a node's, or it is not read: see <see cref="FrameSealing"/>.</summary>
    private static AkkaConfigurationBuilder AddRemoting(
        this AkkaConfigurationBuilder akka, ClusterOptions cluster, KeyRing keys, TimeProvider time, DotNettySslSetup? tls)
    {
        akka
            .WithRemoting(new RemoteOptions
            {
                HostName = cluster.BindHost ?? cluster.Host,
                PublicHostName = cluster.Host,
                Port = cluster.Port,
                MaxFrameSize = ClusterTuning.MaxFrameSize + FrameSealing.Overhead,
            })
            .AddHocon(SealedTransportProvider.Hocon, HoconAddMode.Prepend)
            .AddSetup(new WireSealSetup(() => WireKey.Of(keys), TimeSpan.FromSeconds(cluster.ClockSkewSeconds), time));
        return tls is null ? akka : akka.AddSetup(tls).AddHocon("akka.remote.dot-netty.tcp.enable-ssl = true", HoconAddMode.Prepend);
    }

    private static Akka.Event.LogLevel ToAkka(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => Akka.Event.LogLevel.DebugLevel,
        LogLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };
}
