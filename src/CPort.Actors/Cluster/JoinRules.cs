using CPort.Actors.Cluster.Wire;

namespace CPort.Actors.Cluster;

/// <summary>What a contacted node said.</summary>
/// <param name="Address">Of the contacted node.</param>
/// <param name="Incarnation">The cluster it is a member of; null while it looks for one itself.</param>
/// <param name="Figures">Its figures, which must be ours.</param>
public sealed record GateAnswer(string Address, string? Incarnation, ImmutableArray<FixedFigure> Figures)
{
    /// <summary>Time since the database last took that node's sign of life; null when it does not know.</summary>
    public TimeSpan? SinceDatabase { get; init; }

    /// <summary>Members that its cluster does not reach at the moment.</summary>
    public ImmutableArray<string> Unreachable { get; init; } = [];
}

/// <summary>Everything a node knows when it decides whether to join, to form a cluster or to wait.</summary>
public sealed record JoinSituation
{
    /// <summary>This node's own address.</summary>
    public required string Self { get; init; }

    /// <summary>This node's figures.</summary>
    public required ImmutableArray<FixedFigure> Figures { get; init; }

    /// <summary>
    /// This node's settings that must be those of the members it joins. Nodes that look for a cluster too are not compared: one of them decides.
    /// </summary>
    public ImmutableArray<FixedFigure> Agreed { get; init; } = [];

    public required ClusterView Record { get; init; }

    public required ImmutableArray<GateAnswer> Answers { get; init; }

    /// <summary>Contacted nodes (recorded members and seeds) that take connections and have not answered: they may be starting, or busy.</summary>
    public required ImmutableArray<string> Silent { get; init; }

    /// <summary>For how long this node has been watching the record without the database failing.</summary>
    public required TimeSpan Watched { get; init; }
}

/// <summary>What to do next.</summary>
public abstract record JoinStep
{
    /// <summary>Join the cluster that these nodes are members of.</summary>
    public sealed record Join(ImmutableArray<string> Members, string Incarnation) : JoinStep;

    /// <summary>Nobody lives: form a new cluster, if the database still agrees.</summary>
    public sealed record Form : JoinStep;

    /// <summary>Look again in a moment; the reason is for operators.</summary>
    public sealed record Wait(string Reason) : JoinStep;

    /// <summary>This node does not fit; it must not join.</summary>
    public sealed record Refuse(string Reason) : JoinStep;
}

/// <summary>
/// How a node finds its cluster. The database decides, because it is the one thing that all nodes share and that fences their writes anyway: a node joins
/// members that it records, and only when none of them shows signs of life, there or when asked, one node forms a new cluster. Akka's own rule, "the first seed
/// joins itself when nobody answers", makes a second cluster when that seed restarts during a partition (akka.md 2.8).
/// </summary>
public static class JoinRules
{
    /// <summary>
    /// Members beat every second; whoever has watched for so long and saw none alive can be sure. It matters after an outage of the database, when every record
    /// is stale and the cluster lives.
    /// </summary>
    public static readonly TimeSpan WatchFor = ClusterRecord.StaleAfter + TimeSpan.FromSeconds(1);

    /// <summary>For so long a cluster that just loses another member is given time: longer than it takes, shorter than a node's patience.</summary>
    public static readonly TimeSpan LetHealFor = TimeSpan.FromSeconds(15);

    public static JoinStep Decide(JoinSituation now)
    {
        foreach (var answer in now.Answers)
        {
            if (Difference(now.Figures, answer) is { } difference)
            {
                return new JoinStep.Refuse(difference);
            }
        }

        var members = now.Answers.Where(a => a.Incarnation is not null).ToArray();
        var current = members.Where(a => a.Incarnation == now.Record.Incarnation).ToImmutableArray();
        if (!current.IsEmpty)
        {
            if (current.Select(a => Difference(now.Agreed, a)).FirstOrDefault(d => d is not null) is { } other)
            {
                return new JoinStep.Refuse(other);
            }

            // A node that asks to join under its former life's address has that life declared down at once, and the split-brain resolver begins to count anew
            // for all others (seen: 1.7 s more for the reports of a frozen node). It would not become Up before those are removed anyway.
            var lost = current.SelectMany(a => a.Unreachable).Where(u => u != now.Self).Distinct().ToArray();
            return lost.Length > 0 && now.Watched < LetHealFor
                ? new JoinStep.Wait($"the cluster is just losing {Name(lost)}; this node joins when that is settled")
                : new JoinStep.Join([.. current.Select(a => a.Address)], now.Record.Incarnation!);
        }

        // What stands under this node's own address is its earlier life: it holds the port now.
        var others = now.Record.Members.Where(m => m.Address != now.Self).ToArray();
        var living = others.Where(m => m.Age <= ClusterRecord.StaleAfter).ToArray();
        if (living.Length > 0)
        {
            return new JoinStep.Wait(
                $"a cluster lives (signs of life of {Name(living.Select(m => m.Address))} in the database), but none of its members lets this node in yet. "
                + "Its address must be reachable from here and this node's from there" + Advice(now.Self, living.Select(m => m.Address)));
        }

        if (members.Length > 0)
        {
            return new JoinStep.Wait(
                $"{Name(members.Select(m => m.Address))} are members of a cluster that the database does not know any more, and will end soon");
        }

        // Nodes on another database have other keys and do not hear this one: on a database that never had a cluster, a second one beside theirs would be a
        // slip of the settings.
        var isNew = now.Record.Incarnation is null;
        if (!now.Silent.IsEmpty && (isNew || now.Watched < 2 * WatchFor))
        {
            return new JoinStep.Wait($"{Name(now.Silent)} take connections and have not answered yet"
                + (isNew ? "; nodes on another database never will (CPORT__Database__ConnectionString)" : ""));
        }

        return others.Length > 0 && now.Watched < WatchFor
            ? new JoinStep.Wait($"nodes are recorded that did not leave properly ({Name(others.Select(m => m.Address))}); watching whether they live")
            : new JoinStep.Form();
    }

    /// <summary>The first figure in which the two nodes differ, in words; null when they fit.</summary>
    private static string? Difference(ImmutableArray<FixedFigure> own, GateAnswer other)
    {
        var theirs = other.Figures.ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal);
        var wrong = own.Where(f => theirs.TryGetValue(f.Name, out var value) && value != f.Value)
            .Select(f => $"{f.Name}: {other.Address} has '{theirs[f.Name]}', this node has '{f.Value}'." + (f.Advice is null ? "" : " " + f.Advice)).ToArray();
        return wrong.Length == 0 ? null : $"This node does not fit {other.Address} and will not join its cluster. {string.Join(' ', wrong)}";
    }

    private static string Name(IEnumerable<string> addresses)
    {
        var all = addresses.ToArray();
        return string.Join(", ", all.Take(3)) + (all.Length > 3 ? string.Create(CultureInfo.InvariantCulture, $" and {all.Length - 3} more") : "");
    }

    private static string Advice(string self, IEnumerable<string> others)
    {
        static bool IsLoopback(string address) =>
            address.Contains("@127.", StringComparison.Ordinal) || address.Contains("@localhost", StringComparison.Ordinal);
        static string Protocol(string address) => address[..address.IndexOf(':', StringComparison.Ordinal)];
        var all = others.ToArray();
        return Protocol(self) == NoTransport.Protocol
                ? "; this node has its database to itself and opens no port for others: give it CPORT__Cluster__Seeds or CPORT__Cluster__Port"
            : all.All(o => Protocol(o) == NoTransport.Protocol)
                ? "; that one opens no port for others (no CPORT__Cluster__Seeds, no CPORT__Cluster__Port)"
            : all.All(o => Protocol(o) != Protocol(self)) ? "; one side speaks TLS and the other does not, see CPORT__Cluster__Tls__CertificatePath"
            : IsLoopback(self) != all.All(IsLoopback) ? "; one of them is a loopback address, see CPORT__Cluster__Host" : "";
    }
}
