namespace CPort.Domain.Agencies;

/// <summary>Which judgements count only once somebody else has come to the same. Stored as bits; never renumber.</summary>
[Flags]
public enum LookFor
{
    None = 0,

    /// <summary>Baseline of a media file that nobody knows: alone it would bind fifty countries.</summary>
    NewBaseline = 1,

    /// <summary>What could go to ICSE: an illegal media file with MD5 that nobody knows.</summary>
    Icse = 2,

    /// <summary>What could speak for putting a domain on INTERPOL's "worst of" list: every Baseline.</summary>
    Iwol = 4,
}

/// <summary>
/// What an agency (or all, by the network's policy) has looked at twice. A row of its agency with a version: what was said under one stays as it was said.
/// </summary>
[ProtoContract]
public sealed record SecondLookPolicy
{
    public const int LeastAgreeing = 2;
    public const int MostAgreeing = 5;

    /// <summary>Nothing is looked at twice.</summary>
    public static readonly SecondLookPolicy Off = new();

    [ProtoMember(1)] public LookFor For { get; init; }

    /// <summary>How many equal answers it takes, the first among them.</summary>
    [ProtoMember(2)] public int Agreeing { get; init; } = LeastAgreeing;

    /// <summary>
    /// Of a hundred other judgements so many are looked at twice as well. Without any, that an item waits would tell what was said of it, and nobody would ever
    /// find what was wrongly called not illegal.
    /// </summary>
    [ProtoMember(3)] public int Sample { get; init; }

    /// <summary>Rises with each change; 0: nobody has said anything yet.</summary>
    [ProtoMember(4)] public int Version { get; init; }

    /// <summary>Together with what everybody has to do: the stricter of each.</summary>
    public SecondLookPolicy And(SecondLookPolicy network) => this with
    {
        For = For | network.For, Agreeing = Math.Max(Agreeing, network.Agreeing), Sample = Math.Max(Sample, network.Sample),
    };
}
