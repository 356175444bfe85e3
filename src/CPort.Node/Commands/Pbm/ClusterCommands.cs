using System.CommandLine;
using CPort.Api.Operators;
using CPort.Node.Operator;
using static CPort.Node.Commands.Pbm.PbmCommands;

namespace CPort.Node.Commands.Pbm;

/// <summary>What <c>pbm</c> has too: the cluster, its shards, actors, logs.</summary>
internal static class ClusterCommands
{
    public static IEnumerable<Command> All(PbmCommands pbm)
    {
        var self = new Option<string?>("-a", "--address") { Description = "A member; without it the node that is asked." };
        var address = new Option<string>("-a", "--address")
            { Description = "A member: akka.tcp://cport@host:port, or host:port.", Required = true };
        yield return new Command("cluster", "Membership.")
        {
            pbm.Get<MembersAnswer>("show", "All members.", "cluster/members", a => [.. a.Members.Select(Member), $"Count: {a.Members.Count} nodes"]),
            pbm.Get<MemberView>("status", "The node that is asked.", "cluster/status", m => [Member(m)]),
            pbm.Get<LeaderAnswer>("leader", "The leader's address.", "cluster/leader", a => [a.Leader ?? "none"]),
            pbm.Follow<MemberEventAnswer>("tail", "What happens to members, as it happens.", "cluster/tail",
                e => $"{Time(e.At)} | {e.Event} | {(e.Member is { } member ? Member(member) : e.Address)}"),
            pbm.Change<DoneAnswer>("join", "Has the node that is asked join the cluster of a member; only when it is in none.",
                "cluster/join", Done,
                address: address),
            pbm.Change<DoneAnswer>("leave", "Has a member hand over its shards and leave; its process ends.", "cluster/leave", Done, address: self),
            pbm.Change<DoneAnswer>("down", "Declares a member dead, without a hand-over.", "cluster/down", Done, address: address),
            pbm.Change<DoneAnswer>("down-unreachable", "Declares all unreachable members dead.", "cluster/down-unreachable", Done),
        };

        var type = new Option<string?>("-t", "--type", "-r") { Description = "A region's type; without it all." };
        yield return new Command("cluster-sharding", "Where the entities are.")
        {
            pbm.Get<RegionsAnswer>("list-regions", "The regions, over all nodes.", "sharding/regions",
                a => [.. a.Regions.Select(Region), .. a.NoAnswer.Select(n => $"(not counted) {n}")]),
            pbm.Get<RegionNodeAnswer[]>("region-stats", "Shards and entities of each node.", "sharding/stats", a =>
                a.Select(RegionNode),
                query: ("type", type)),
            pbm.Get<ShardAnswer[]>("shard-distribution", "Each shard's node.", "sharding/distribution", Distribution, query: ("type", type)),
        };

        var depth = new Option<int?>("-d", "--depth") { Description = "Levels below the start (default 4)." };
        var start = new Option<string?>("-s", "--start")
            { Description = "Where to start: /user/…, or with another node's address before it." };
        yield return new Command("actor", "Actors.")
        {
            pbm.Get<ActorsAnswer>("hierarchy", "Actor paths, one a line.", "actors",
                a => a.Truncated ? [.. a.Paths, "… (there are more; give -s or a smaller -d)"] : a.Paths,
                null, ("depth", depth), ("start", start)),
            pbm.Get<SystemAnswer>("system", "The actor system's name.", "system", a => [a.System]),
        };

        var lines = new Option<int?>("-n", "--lines") { Description = "How many lines (default 50, at most 2000)." };
        yield return new Command("log", "The log of the node that is asked.")
        {
            pbm.Get<LogLine[]>("peek", "Its last lines.", "log", a => a.Select(Log), query: ("lines", lines)),
            pbm.Follow<LogLine>("tail", "Its lines as they come.", "log/tail", Log),
        };
        yield return new Command("keys", "The database's keys and the master keys that wrap them.")
        {
            pbm.Get<KeyRingAnswer>("show", "Which master key wraps what, by the node that is asked.", "keys", Keys),
        };
        yield return pbm.Get<SystemAnswer>("uptime", "Since when the node runs, and what.", "system", a => [Uptime(a)]);
    }

    private static IEnumerable<string> Keys(KeyRingAnswer a) =>
    [
        .. a.Keys.Select(k => $"{k.Purpose} {k.Generation} | wrapped under {k.MasterKey} | since {Time(k.MadeAt)}"
            + (k.Purpose == nameof(CPort.Actors.Confidential.KeyPurpose.Data) && k.Generation == a.Seals ? " | seals" : "")
            + (k.Amiss switch { "refused" => " | refused: its row was changed", "ahead" => " | dated in the future: the database's clock was set back", _ => "" })),
        $"Master keys of this node, newest first: {string.Join(", ", a.MasterKeys)}",
        .. a.Missing.Select(m => $"Missing here: {m}. Start the node again with it."),
        .. a.Unused.Select(u => $"Not needed any more: {u}, except for backups made before the change."),
    ];

    /// <summary><c>address | [roles] | status | unreachable | version</c>, as pbm since its fifth column.</summary>
    private static string Member(MemberView m) =>
        $"{m.Address} | [{string.Join(',', m.Roles)}] | {m.Status} | {(m.Reachable ? "" : "unreachable")} | {m.AppVersion}";

    private static IEnumerable<string> Done(DoneAnswer a) =>
        a.Addresses.Count == 0 ? ["Nothing to do."] : a.Addresses.Select(address => $"{address} | {a.Done}");

    private static string Region(RegionAnswer r) =>
        $"{r.Type} | nodes: {r.Nodes} | shards: {r.Shards} | entities: {r.Entities} | coordinator: {r.Coordinator ?? "unknown"}"
        + (r.FailedShards > 0 ? $" | failed: {r.FailedShards}" : "");

    private static string RegionNode(RegionNodeAnswer r) =>
        $"{Member(r.Node)} {(r.Coordinator ? "[coordinator]" : "")}({r.Type ?? "all"})"
        + (r.Failure is { } failure ? $" | {failure}" : $" | shards: {r.Shards} | entities: {r.Entities}"
            + (r.FailedShards.Count > 0 ? $" | failed: {string.Join(' ', r.FailedShards)}" : ""));

    private static IEnumerable<string> Distribution(ShardAnswer[] shards) =>
    [
        .. shards.Select(s => $"{s.Type} | {s.Shard} | {s.Address} | entities: {s.Entities}"),
        .. shards.GroupBy(s => (s.Type, s.Address))
            .OrderBy(g => g.Key.Type, StringComparer.Ordinal).ThenBy(g => g.Key.Address, StringComparer.Ordinal)
            .Select(g => $"{g.Key.Type} | {g.Key.Address} | shards: {g.Count()} | entities: {g.Sum(s => s.Entities)}"),
    ];

    private static string Uptime(SystemAnswer a)
    {
        var up = TimeSpan.FromSeconds(a.UptimeSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"up {(int)up.TotalDays} d {up:hh\\:mm\\:ss} since {Time(a.StartedAt)}")
            + $" | {a.Address ?? "no actor system"} | {a.Version} | {a.Runtime} | pid {a.ProcessId}"
            + $" | {a.MemoryBytes / 1024 / 1024} MB"
            + (a.WaitsFor is { } waits ? $" | waits: {waits}" : "");
    }

    private static string Log(LogLine line) => $"{Time(line.At)} {line.Level} {line.Category} {line.Text}";
}
