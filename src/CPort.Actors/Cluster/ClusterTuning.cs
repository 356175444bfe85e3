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

          # 5 s by default: so long after a failed connection everything sent to that address is thrown away. A node that is killed and started again at once
          # then gets no heartbeats from the others, is unreachable for longer than the failure detector accepts, and the cluster is torn apart (seen in tests).
          remote.retry-gate-closed-for = 500ms

          remote.dot-netty.tcp {
            # 15 s by default: an attempt made into a cut network lasts as long, also when the cut has healed meanwhile. It bounds the
            # handshake too, which takes seconds when both nodes are just started on a busy machine: at 3 s such nodes declared each other
            # down.
            connection-timeout = 8s
            log-frame-size-exceeding = 256000b
            send-buffer-size = {{2 * MaxFrameSize}}b
            receive-buffer-size = {{2 * MaxFrameSize}}b
          }

          cluster {
            # A node that is restarted finds its cluster by the database (JoinRules); Akka is only told whom to join, and is to say soon when that fails.
            seed-node-timeout = 2s
            retry-unsuccessful-join-after = 3s

            # Each adds to the time a crash costs, the first and the last twice: all must have seen that a node is down before the leader
            # removes it (0.9 to 1.0 s from one to the other with 500 ms). A few small messages a second between few nodes are nothing.
            leader-actions-interval = 200ms
            unreachable-nodes-reaper-interval = 200ms
            gossip-interval = 200ms

            # Reachability that keeps changing for so long past stable-after ends all nodes, as a last resort; their supervisors start them
            # anew. By default 4 s, which a flapping link or a stalled disk reaches.
            split-brain-resolver.down-all-when-unstable = 15s

            # A proxy warns at every start and stop, before and after its singleton is there.
            singleton-proxy.log-singleton-identification-failure = off

            sharding {
              state-store-mode = ddata
              remember-entities = off
              # 60 s by default. While a shard moves its reports wait. A node that dies then neither consents nor hands over, and what is told
              # of its removal (8 s) is not enough for shards that were leaving it (akka.net #8865): they wait for this. Seen with kill -9 and
              # 10 s: 20 shards began to move 1.7 s after the kill and were at home 11.7 s after it, and shards between two healthy nodes
              # stood still as long. It must be over before the dead node is removed; with 3 s it is (nothing begins to move once the node is
              # unreachable, 3.5 s). Hand-overs take 0.05 s in the median and 0.7 s at most (1,100 of them, two cores for five nodes); one
              # that is given up leaves the shard where it was and is tried again in the next round. An entity that has not ended after a
              # second is stopped: it waits for the database, and a write of it that still arrives is the journal's key's business.
              handoff-timeout = 3s
              # 2 s by default: how soon a region asks again for a shard's home after a coordinator's end.
              retry-interval = 1s
              # Of messages, while a shard's home is unknown, on one node. Callers bound what is under way long before (streams, questions);
              # this is the last limit.
              buffer-size = 20000
              # How many of the 128 shards move in one round (every 10 s), at most: 20, or a fifth. A new node has its share after two or three rounds, and
              # no round moves so much that readers notice. 0 would select the old one-shard-at-a-time algorithm.
              least-shard-allocation-strategy {
                rebalance-absolute-limit = 20
                rebalance-relative-limit = 0.2
              }
              # In clusters of five nodes and fewer the defaults ("plus" three, and never less than five) make every node answer, also one
              # that is leaving or just died: each step of a hand-over then waits out updating-state-timeout, and every report with it (seen:
              # 6 to 11 s in a rolling restart). A majority is enough: whoever takes over reads one too.
              coordinator-state {
                write-majority-plus = 0
                read-majority-plus = 0
              }
              distributed-data.majority-min-cap = 1
              # 5 s by default; the same update is sent again after it. After a fifth of it others are asked too: so long waits each decision
              # of a coordinator that happens to ask a node of which nobody knows yet that it is dead, and decisions come one after the other
              # (0.4 s each with 2 s).
              updating-state-timeout = 1s
            }
          }

          coordinated-shutdown {
            # The host decides when Akka stops (after Kestrel), and how the process ends.
            run-by-clr-shutdown-hook = off
            exit-clr = off
          }
        }
        """).WithFallback(TimesOf(new ClusterTimes())).WithFallback(StopWithin(TimeSpan.FromSeconds(20)));

    /// <summary>Settings of <paramref name="times"/>, to stand before <see cref="Hocon"/>.</summary>
    public static Config TimesOf(ClusterTimes times) => ConfigurationFactory.ParseString($$"""
        akka.cluster {
          failure-detector {
            heartbeat-interval = {{Milliseconds(times.Heartbeat)}}
            expected-response-after = {{Milliseconds(times.Heartbeat)}}
            acceptable-heartbeat-pause = {{Milliseconds(times.HeartbeatPause)}}
          }
          split-brain-resolver.stable-after = {{Milliseconds(times.StableAfter)}}
          down-removal-margin = {{Milliseconds(times.DownRemovalMargin)}}
        }
        """);

    /// <summary>Handing over shards may take half of the time a stop may take.</summary>
    public static Config StopWithin(TimeSpan time) => ConfigurationFactory.ParseString(
        $"akka.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = {Milliseconds(time / 2)}");

    /// <summary>Who goes on when the cluster splits.</summary>
    /// <param name="strategy">One of <see cref="SplitBrainStrategy"/>.</param>
    /// <param name="quorum">Nodes that must be together, for the static quorum only.</param>
    public static Config SplitBrain(SplitBrainStrategy strategy, int quorum) => ConfigurationFactory.ParseString(strategy switch
    {
        SplitBrainStrategy.StaticQuorum => string.Create(CultureInfo.InvariantCulture,
            $"akka.cluster.split-brain-resolver {{ active-strategy = static-quorum, static-quorum.quorum-size = {quorum} }}"),
        SplitBrainStrategy.LeaseMajority => $$"""
            akka.cluster.split-brain-resolver {
              active-strategy = lease-majority
              lease-majority {
                lease-implementation = {{DatabaseLease.ConfigPath}}
                lease-name = "cport-split-brain"
                # The larger side asks first.
                acquire-lease-delay-for-minority = 2s
                release-after = 20s
              }
            }
            {{DatabaseLease.ConfigPath}} {
              lease-class = "CPort.Actors.Cluster.DatabaseLease, CPort.Actors"
              # A crashed owner's lease is free after this.
              heartbeat-timeout = 20s
              heartbeat-interval = 4s
              lease-operation-timeout = 3s
            }
            """,
        _ => "akka.cluster.split-brain-resolver.active-strategy = keep-majority",
    });

    /// <summary>
    /// Settings in which all members must agree, because nodes that judge a split by different rules or at different times could go on on both sides, or on
    /// none. Asked of the members when a node joins and recorded nowhere: stop all nodes, and they start with others.
    /// </summary>
    public static ImmutableArray<FixedFigure> Agreed(SplitBrainStrategy strategy, int quorum, ClusterTimes times)
    {
        const string advice = "Members judge a split alike only with the same settings; to change one, stop all nodes first.";
        static FixedFigure Seconds(string name, TimeSpan time) =>
            new($"CPORT__Cluster__{name}Seconds", time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture), advice);
        var all = ImmutableArray.Create(
            new FixedFigure("CPORT__Cluster__SplitBrain", strategy.ToString(), advice), Seconds("Heartbeat", times.Heartbeat),
            Seconds("HeartbeatPause", times.HeartbeatPause), Seconds("StableAfter", times.StableAfter), Seconds("DownRemovalMargin", times.DownRemovalMargin));
        return strategy == SplitBrainStrategy.StaticQuorum
            ? all.Add(new FixedFigure("CPORT__Cluster__QuorumSize", quorum.ToString(CultureInfo.InvariantCulture), advice))
            : all;
    }

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0}ms");
}

/// <summary>
/// How fast a crash is healed. A killed node's shards answer again after about <c>HeartbeatPause + StableAfter + DownRemovalMargin</c> and two seconds
/// (measured: docs/cluster.md). All nodes need the same figures.
/// </summary>
public sealed record ClusterTimes
{
    /// <summary>How often nodes tell each other that they live.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a node may be silent (garbage collection, a busy machine) before it counts as unreachable. That alone does nothing yet.</summary>
    public TimeSpan HeartbeatPause { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// How long unreachability must stand unchanged before the split-brain resolver acts on it: with the pause, what a node may be silent unharmed.
    /// </summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// Time between a member's removal and the start of its shards elsewhere. It usually protects against two live writers of one entity; here the journal's
    /// unique key does that (<see cref="Persistence.FencedException"/>), so it only spares the two sides needless collisions.
    /// </summary>
    public TimeSpan DownRemovalMargin { get; init; } = TimeSpan.FromSeconds(0.5);
}

/// <summary>Which side goes on when nodes cannot reach each other.</summary>
public enum SplitBrainStrategy
{
    /// <summary>The larger one; of two equal ones that with the lowest address. Good for three nodes and more.</summary>
    KeepMajority = 1,

    /// <summary>The one with at least so many nodes; for a cluster whose size never changes.</summary>
    StaticQuorum = 2,

    /// <summary>The one that gets the row in the database, the larger one asking first; also safe for two nodes and even splits.</summary>
    LeaseMajority = 3,
}
