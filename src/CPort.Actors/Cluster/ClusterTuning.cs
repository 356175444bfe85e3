using Akka.Configuration;

namespace CPort.Actors.Cluster;

/// <summary>Every Akka setting that differs from its default, in one place, each with its reason.</summary>
public static class ClusterTuning
{
    /// <summary>Largest message between nodes, bytes; a larger one is an error that is logged and counted.</summary>
    public const int MaxFrameSize = 1_000_000;

    public static readonly Config Hocon = ConfigurationFactory.ParseString($$"""
        akka {
          # Akka logs a dead letter with its content; DeadLetterCounter counts it by type instead.
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          # Restarts are counted (ClusterMetrics); starts and stops have no subscriber and so cost nothing.
          actor.telemetry.enabled = on

          remote.dot-netty.tcp {
            log-frame-size-exceeding = 256000b
            send-buffer-size = {{2 * MaxFrameSize}}b
            receive-buffer-size = {{2 * MaxFrameSize}}b
          }

          cluster {
            # 5 s suits 3 nodes, 7 s up to 5; both sides of a split must use the same figure.
            split-brain-resolver {
              active-strategy = keep-majority
              stable-after = 7s
            }
            failure-detector.acceptable-heartbeat-pause = 3s

            # A proxy warns at every start and stop, before and after its singleton is there.
            singleton-proxy.log-singleton-identification-failure = off

            sharding {
              state-store-mode = ddata
              remember-entities = off
              # 60 s by default; the owner of a shard dying in mid-rebalance stalls that shard for so long (akka.net #8865).
              handoff-timeout = 20s
              # 0 selects the old one-shard-at-a-time algorithm.
              least-shard-allocation-strategy {
                rebalance-absolute-limit = 20
                rebalance-relative-limit = 0.2
              }
              # In clusters of fewer than five nodes the default "plus" makes every node answer, also one that is leaving.
              coordinator-state {
                write-majority-plus = 0
                read-majority-plus = 0
              }
            }
          }

          coordinated-shutdown {
            # The host decides when Akka stops (after Kestrel), and how the process ends.
            run-by-clr-shutdown-hook = off
            exit-clr = off
            phases.cluster-sharding-shutdown-region.timeout = 20s
          }
        }
        """);
}
