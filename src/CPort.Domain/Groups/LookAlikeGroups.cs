using System.Numerics;
using CPort.Domain.Hashes;

namespace CPort.Domain.Groups;

/// <summary>A group of PDQ values that look alike. It is named by its founder, the first value in it, for as long as it exists.</summary>
public sealed record LookAlikeGroup
{
    public required ContentHash Founder { get; init; }

    /// <summary>Where in the journal it was founded; the older of two groups has the smaller one.</summary>
    public required long Since { get; init; }

    /// <summary>Distinct values in it, 1 to <see cref="LookAlikeGroups.MaxValues"/>; how many items carry them is not bounded.</summary>
    public required int Values { get; init; }

    /// <summary>No value is farther from the founder than this; at most <see cref="LookAlikeGroups.FounderRadius"/>.</summary>
    public required int Reach { get; init; }

    /// <summary>The founder of the group it has become part of; null while it stands for itself.</summary>
    public ContentHash? MergedInto { get; init; }
}

/// <summary>
/// Which PDQ values look alike, as far as has been told: a picture of some groups and values, enough for the sightings at hand. Immutable; pure; the same
/// sightings in the same order with the same <see cref="Radius"/> give the same groups.
/// <para>
/// A value joins a group when it is within <see cref="Radius"/> of one of its members <em>and</em> within <see cref="FounderRadius"/> of its founder, and the
/// group has room. So likeness is passed on from member to member, but a group never leaves the ball around its founder: however long a chain of values each
/// near the next, its ends are in different groups, and any two members differ in at most twice <see cref="FounderRadius"/> bits, where unrelated pictures
/// differ in about 128. Two groups that turn out to touch become one only if the whole of the one fits into the ball of the other. Flat pictures (<see
/// cref="TrapValues"/>) are in no group.
/// </para>
/// </summary>
public sealed record LookAlikeGroups
{
    public const int MaxValues = 500;

    public static readonly LookAlikeGroups Empty = new();

    /// <summary>Values this near look alike.</summary>
    public int Radius { get; init; } = PdqLimits.Radius;

    /// <summary>No member is farther from the founder: two steps of <see cref="Radius"/>, as long as that keeps unrelated pictures apart.</summary>
    public int FounderRadius => FounderRadiusOf(Radius);

    public static int FounderRadiusOf(int radius) => Math.Min(2 * radius, PdqLimits.MaxRadius);

    /// <summary>By value, the founder of the group it joined; that group may have been merged since.</summary>
    public ImmutableDictionary<ContentHash, ContentHash> Joined { get; init; } = ImmutableDictionary<ContentHash,
        ContentHash>.Empty;

    /// <summary>By founder.</summary>
    public ImmutableDictionary<ContentHash, LookAlikeGroup> Groups { get; init; } = ImmutableDictionary<ContentHash,
        LookAlikeGroup>.Empty;

    /// <summary>Groups that became part of others, in this order: what of them is not in the picture has to follow.</summary>
    public ImmutableList<(ContentHash From, ContentHash Into)> Merges { get; init; } = [];

    /// <summary>The group the value is in now; null when it is in none.</summary>
    public LookAlikeGroup? Of(ContentHash value) => Joined.TryGetValue(value, out var founder) ? Now(founder) : null;

    /// <summary>The group that the one founded by this value is part of now, itself while it stands for itself. It must be in the picture.</summary>
    public LookAlikeGroup Now(ContentHash founder)
    {
        var group = Groups[founder];
        while (group.MergedInto is { } into)
        {
            group = Groups[into];
        }

        return group;
    }

    /// <summary>
    /// An item with this value was seen, and these values were found near it. Told again, it adds no value. Distances are worked out from the values; what is
    /// too far or a trap is left out.
    /// </summary>
    /// <param name="value">The item's own PDQ value.</param>
    /// <param name="found">What other items carry near it; the value itself among them says how many items carry it.</param>
    /// <param name="at">The sighting's place in the journal.</param>
    public LookAlikeGroups Seen(ContentHash value, ImmutableArray<LookAlike> found, long at)
    {
        if (!CanGroup(value))
        {
            return this;
        }

        var near = found.Where(f => f.Hash != value && CanGroup(f.Hash)).DistinctBy(f => f.Hash)
            .Select(f => (f.Hash, Distance: Distance(f.Hash, value))).Where(n => n.Distance <= Radius)
            .OrderBy(n => n.Distance).ThenBy(n => n.Hash, ByBytes.Instance).ToArray();
        if (near.Length == 0 && !found.Any(f => f.Hash == value && f.Items > 1))
        {
            return this;
        }

        // The nearest neighbour that is in a group with room decides; of equally near ones the oldest group, so that groups do not multiply.
        var home = Joined.ContainsKey(value) ? null : near.Select(n => (n.Distance, Group: Of(n.Hash))).Where(n =>
            n.Group is not null && Admits(n.Group, value))
            .OrderBy(n => n.Distance).ThenBy(n => n.Group!.Since).ThenBy(n => n.Group!.Founder, ByBytes.Instance).FirstOrDefault().Group;
        var next = Joined.ContainsKey(value) ? this : home is null ? Found(value, at) : Join(home, value);
        foreach (var (neighbour, _) in near)
        {
            var mine = next.Of(value)!;
            next = next.Of(neighbour) is { } theirs ? theirs.Founder == mine.Founder ? next : next.Merge(mine, theirs)
                : Admits(mine, neighbour) ? next.Join(mine, neighbour)
                : next.Found(neighbour, at);
        }

        return next;
    }

    /// <summary>Differing bits of two PDQ values, 0 to 256.</summary>
    public static int Distance(ContentHash a, ContentHash b)
    {
        var bits = 0;
        for (var i = 0; i < 32; i += 8)
        {
            bits += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(
                a.Bytes[i..]) ^ BinaryPrimitives.ReadUInt64LittleEndian(b.Bytes[i..]));
        }

        return bits;
    }

    /// <summary>Other kinds of values, and flat pictures, are in no group.</summary>
    public static bool CanGroup(ContentHash value) => value.Algorithm == HashAlgorithm.Pdq && !TrapValues.IsTrap(value);

    private bool Admits(LookAlikeGroup group, ContentHash value) => group.Values < MaxValues && Distance(group.Founder, value) <= FounderRadius;

    private LookAlikeGroups Found(ContentHash value, long at) => this with
    {
        Joined = Joined.SetItem(value, value), Groups = Groups.SetItem(value, new LookAlikeGroup
            { Founder = value, Since = at, Values = 1, Reach = 0 }),
    };

    private LookAlikeGroups Join(LookAlikeGroup group, ContentHash value) => this with
    {
        Joined = Joined.SetItem(value, group.Founder),
        Groups = Groups.SetItem(group.Founder, group with
            { Values = group.Values + 1, Reach = Math.Max(group.Reach, Distance(group.Founder, value)) }),
    };

    private LookAlikeGroups Merge(LookAlikeGroup a, LookAlikeGroup b)
    {
        var (older, younger) = a.Since < b.Since || (a.Since == b.Since && ByBytes.Instance.Compare(a.Founder, b.Founder) <= 0) ? (a, b) : (b, a);
        return Fits(younger, older) ? Into(younger, older) : Fits(older, younger) ? Into(older, younger) : this;

        // By the triangle inequality, without looking at the members.
        bool Fits(LookAlikeGroup part, LookAlikeGroup whole) =>
            part.Values + whole.Values <= MaxValues && Distance(part.Founder, whole.Founder) + part.Reach <= FounderRadius;
    }

    private LookAlikeGroups Into(LookAlikeGroup part, LookAlikeGroup whole) => this with
    {
        Groups = Groups
            .SetItem(part.Founder, part with { MergedInto = whole.Founder })
            .SetItem(whole.Founder, whole with
            {
                Values = whole.Values + part.Values, Reach = Math.Max(whole.Reach, Distance(part.Founder, whole.Founder) + part.Reach),
            }),
        Merges = Merges.Add((part.Founder, whole.Founder)),
    };

    private sealed class ByBytes : IComparer<ContentHash>
    {
        public static readonly ByBytes Instance = new();

        public int Compare(ContentHash x, ContentHash y) => x.Bytes.SequenceCompareTo(y.Bytes);
    }
}
