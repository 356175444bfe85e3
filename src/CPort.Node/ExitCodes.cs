namespace CPort.Node;

/// <summary>What the program ends with, the same for every command. <see cref="All"/> is the table that help and docs show.</summary>
public static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Refused = 3;
    public const int NotJoined = 4;
    public const int Downed = 5;
    public const int NoDatabase = 6;
    public const int NoConnection = 7;
    public const int NotAllowed = 8;
    public const int SomeRejected = 9;
    public const int SomeUnavailable = 10;

    /// <summary>Each code with its meaning; 3 to 6 are a node's ends, 7 to 10 those of commands that talk to one.</summary>
    public static ImmutableArray<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "done; of a node: stopped in order"),
        (Failed, "an error, or the node was asked and could or would not"),
        (Usage, "the command line or a setting is wrong, or `--yes` is missing where nobody can be asked"),
        (Refused, "the node does not fit the database or the cluster: name, counts, version, master key, how splits are judged; or another has its file"),
        (NotJoined, "no cluster let the node in within `CPORT__Cluster__JoinSeconds`; to be started again"),
        (Downed, "the cluster went on without the node, after a crash or a cut; to be started again, and it joins by itself"),
        (NoDatabase, "the node alone lost the database while other members reached it; to be started again, and it waits for the database"),
        (NoConnection, "no node answers at the address, or none has for `--retry-for`"),
        (NotAllowed, "no key, an unknown key, or one that does not allow this"),
        (SomeRejected, "done, but some lines were not taken"),
        (SomeUnavailable, "done, but some lines stayed without a final answer (a report that cannot be read): to be sent again later"),
    ];

    /// <summary>For <c>cport --help</c>.</summary>
    public static string Help =>
        "Exit codes:\n" + string.Concat(All.Select(c =>
        $"  {c.Code,2}  {c.Meaning.Replace("`", "", StringComparison.Ordinal)}\n"));

    /// <summary>The rows of the table in docs/operations.md.</summary>
    public static string Markdown => string.Concat(All.Select(c => $"| {c.Code} | {c.Meaning} |\n"));
}
