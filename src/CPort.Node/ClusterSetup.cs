using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Actors.Serialization;
using CPort.Actors.Telemetry;

namespace CPort.Node;

/// <summary>The ground the rooms stand on; what runs on it is listed in <see cref="Rooms"/>.</summary>
public static class ClusterSetup
{
    /// <summary>The actor system's name, part of every node's address.</summary>
    public const string SystemName = "cport";

    /// <summary>Remoting, membership, sharding's settings, persistence and serialization of one node.</summary>
    public static AkkaConfigurationBuilder AddNodeFoundation(this AkkaConfigurationBuilder akka, NodeOptions options, Database database)
    {
        var cluster = options.Cluster;
        akka
            .ConfigureLoggers(l =>
            {
                l.ClearLoggers();
                l.LogLevel = ToAkka(options.Logs.AkkaLevel);
                l.AddLoggerFactory();
            })
            .WithActorAskTimeout(TimeSpan.FromSeconds(options.Limits.AskSeconds))
            .WithRemoting(new RemoteOptions
            {
                HostName = cluster.Host,
                PublicHostName = cluster.Host,
                Port = cluster.Port,
                MaxFrameSize = ClusterTuning.MaxFrameSize,
            })
            .WithClustering(new Akka.Cluster.Hosting.ClusterOptions
            {
                Roles = cluster.Roles.Length == 0 ? [.. ClusterRoles.All] : cluster.Roles,
                SeedNodes = cluster.Seeds.Length == 0
                    ? null
                    : [.. cluster.Seeds.Select(s => s.StartsWith("akka", StringComparison.Ordinal) ? s : $"akka.tcp://{SystemName}@{s}")],
                SplitBrainResolver = new KeepMajorityOption(),
            })
            .AddWireSerialization()
            .AddSqlPersistence(database)
            .AddHocon(ClusterTuning.Hocon, HoconAddMode.Prepend)
            .AddDeadLetterCounter();
        if (cluster.Seeds.Length == 0)
        {
            akka.AddStartup((system, _) =>
            {
                var self = Akka.Cluster.Cluster.Get(system);
                self.Join(self.SelfAddress);
            });
        }

        return akka;
    }

    private static Akka.Event.LogLevel ToAkka(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => Akka.Event.LogLevel.DebugLevel,
        LogLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };
}
