using CPort.Domain.Groups;
using CPort.Domain.Hashes;
using CsCheck;

namespace CPort.Actors.Tests.Matching.Groups;

public sealed class LookAlikeGroupsTests
{
    /// <summary>Families of near values, chains, repeats, unrelated and flat values, in any order.</summary>
    private static readonly Gen<ContentHash[]> Sightings =
        from seed in Gen.Int
        from steps in Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3], Gen.Int[0, 31], Gen.Int[0, 255]).Array[0, 120]
        select Build(seed, steps);

    [Fact]
    public void Every_group_stays_in_the_ball_around_its_founder_and_below_its_size() => Sightings.Sample(values =>
    {
        var groups = After(values);
        foreach (var members in groups.Joined.Keys.GroupBy(v => groups.Of(v)!))
        {
            Assert.Null(members.Key.MergedInto);
            Assert.Equal(members.Count(), members.Key.Values);
            Assert.True(members.Count() <= LookAlikeGroups.MaxValues);
            Assert.True(members.Key.Reach <= LookAlikeGroups.Empty.FounderRadius);
            Assert.All(members, m => Assert.True(PdqValues.Distance(m, members.Key.Founder) <= members.Key.Reach));
            Assert.Equal(members.Key, groups.Of(members.Key.Founder));
            Assert.DoesNotContain(members, TrapValues.IsTrap);
        }
    });

    [Theory]
    [InlineData(10, 20, false)]
    [InlineData(PdqLimits.Radius, 20, true)]
    [InlineData(PdqLimits.Radius, 40, false)]
    [InlineData(40, 40, true)]
    public void The_configured_radius_decides_what_looks_alike(int radius, int distance, bool alike)
    {
        var value = PdqValues.Random(new Random(5));
        var groups = (LookAlikeGroups.Empty with { Radius = radius }).Seen(
            value, [new() { Hash = PdqValues.Flip(value, distance), Distance = distance, Items = 1 }], 1);
        Assert.Equal(alike, groups.Of(value) is not null);
        Assert.True(groups.FounderRadius <= PdqLimits.MaxRadius);
    }

    [Fact]
    public void The_same_sightings_give_the_same_groups_and_telling_the_last_again_adds_nothing() => Sightings.Sample(values =>
    {
        var groups = After(values);
        Assert.Equal(Partition(groups), Partition(After(values)));
        var seen = new PdqValues();
        var told = values.Select(v => seen.Sight(v)).LastOrDefault();
        if (told is not null)
        {
            Assert.Equal(groups.Joined.Count, groups.Seen(values[^1], [.. told], values.Length + 1).Joined.Count);
        }
    });

    [Fact]
    public void A_value_that_found_a_neighbour_or_its_equal_is_in_one_group_and_all_its_items_with_it() => Sightings.Sample(values =>
    {
        var seen = new PdqValues();
        var groups = LookAlikeGroups.Empty;
        foreach (var (value, at) in values.Select((v, i) => (v, i)))
        {
            var found = seen.Sight(value);
            groups = groups.Seen(value, [.. found], at);
            if (found.Any(f => f.Hash != value || f.Items > 1))
            {
                Assert.NotNull(groups.Of(value));
            }
        }
    });

    [Fact]
    public void Families_whose_members_are_within_the_radius_of_each_other_are_one_group_each() => Gen.Int.Sample(seed =>
    {
        var random = new Random(seed);
        var families = Enumerable.Range(0, 5).Select(_ => PdqValues.Random(random)).Where(v => !TrapValues.IsTrap(v)).ToArray();
        var values = Enumerable.Range(0, 100).Select(_ => families[random.Next(families.Length)])
            .Select(f => (Family: f, Value: PdqValues.Flip(f, random.Next(1, 16), random.Next(256)))).ToArray();
        var groups = After([.. families, .. values.Select(v => v.Value)]);
        Assert.All(values.GroupBy(v => v.Family), f => Assert.Single(f.Select(v => groups.Of(v.Value)!.Founder).Distinct()));
        Assert.True(Partition(groups).Split('\n').Length <= 5);
    }, iter: 50);

    [Theory]
    [InlineData(30)]
    [InlineData(10)]
    [InlineData(1)]
    public void A_chain_of_values_each_near_the_next_falls_into_groups_of_bounded_extent(int step)
    {
        // 256 bits hold a chain of so many steps in one direction.
        var start = PdqValues.Random(new Random(7));
        var chain = Enumerable.Range(0, 240 / step).Select(n => PdqValues.Flip(start, n * step)).ToArray();
        foreach (var order in new[] { chain, [.. chain.Reverse()], [.. chain.OrderBy(c => c.Bytes[5])] })
        {
            var groups = After(order);
            var extents = chain.GroupBy(v => groups.Of(v)!.Founder).Select(g => g.Max(a => g.Max(b => PdqValues.Distance(a, b)))).ToArray();
            Assert.True(extents.Length >= 2);
            Assert.All(extents, e => Assert.True(e <= 2 * LookAlikeGroups.Empty.FounderRadius));
        }
    }

    [Fact]
    public void A_full_group_takes_no_more_values_and_another_begins()
    {
        var start = PdqValues.Random(new Random(3));
        var values = Enumerable.Range(0, 700).Select(n => PdqValues.Flip(PdqValues.Flip(start, n % 15, n), 1, n * 7 % 256)).Distinct().ToArray();
        var groups = After(values);
        var sizes = groups.Joined.Keys.GroupBy(v => groups.Of(v)!.Founder).Select(g => g.Count()).ToArray();
        Assert.True(values.Length > LookAlikeGroups.MaxValues);
        Assert.All(sizes, s => Assert.True(s <= LookAlikeGroups.MaxValues));
        Assert.Equal(values.Length, sizes.Sum());
    }

    [Fact]
    public void Two_groups_become_one_when_a_value_between_them_comes_and_the_older_name_stays()
    {
        var a = PdqValues.Random(new Random(5));
        var b = PdqValues.Flip(a, 50);
        var between = PdqValues.Flip(a, 25);
        var groups = After([a, PdqValues.Flip(a, 4, 100), b, PdqValues.Flip(b, 4, 200)]);
        Assert.NotEqual(groups.Of(a)!.Founder, groups.Of(b)!.Founder);
        var joined = After([a, PdqValues.Flip(a, 4, 100), b, PdqValues.Flip(b, 4, 200), between]);
        Assert.Equal(groups.Of(a)!.Founder, joined.Of(b)!.Founder);
        Assert.Equal(5, joined.Of(between)!.Values);
    }

    [Fact]
    public void Flat_values_and_single_ones_are_in_no_group()
    {
        var flat = ContentHash.FromBytes(HashAlgorithm.Pdq, new byte[32]);
        var alone = PdqValues.Random(new Random(1));
        LookAlike[] claimed = [new() { Hash = flat, Distance = 0, Items = 900 }, new() { Hash = PdqValues.Flip(flat, 3), Distance = 3, Items = 4 }];
        Assert.Same(LookAlikeGroups.Empty, LookAlikeGroups.Empty.Seen(flat, [.. claimed], 1));
        Assert.Same(LookAlikeGroups.Empty, LookAlikeGroups.Empty.Seen(alone, [new() { Hash = alone, Distance = 0, Items = 1 }], 1));
        Assert.Same(LookAlikeGroups.Empty, LookAlikeGroups.Empty.Seen(alone, [new() { Hash = PdqValues.Flip(alone, 40), Distance = 1, Items = 1 }], 1));
        Assert.NotNull(LookAlikeGroups.Empty.Seen(alone, [new() { Hash = alone, Distance = 0, Items = 2 }], 1).Of(alone));
    }

    private static LookAlikeGroups After(IEnumerable<ContentHash> values)
    {
        var seen = new PdqValues();
        return values.Select((value, at) => (value, at)).Aggregate(LookAlikeGroups.Empty, (groups, s) => groups.Seen(s.value, [.. seen.Sight(s.value)], s.at));
    }

    private static string Partition(LookAlikeGroups groups) => string.Join('\n', groups.Joined.Keys.GroupBy(v => groups.Of(v)!.Founder)
        .Select(g => $"{g.Key.ToHex()}: {string.Join(' ', g.Select(v => v.ToHex()).Order())}").Order());

    private static ContentHash[] Build(int seed, (int Kind, int Family, int Bits, int First)[] steps)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, 4).Select(_ => PdqValues.Random(random)).ToList();
        var built = new List<ContentHash>();
        foreach (var (kind, family, bits, first) in steps)
        {
            built.Add(kind switch
            {
                0 => PdqValues.Random(random),
                1 => PdqValues.Flip(values[family], bits, first),
                2 => built.Count > 0 ? PdqValues.Flip(built[^1], bits, first) : values[family],
                3 => built.Count > 0 ? built[random.Next(built.Count)] : values[family],
                _ => PdqValues.Flip(ContentHash.FromBytes(HashAlgorithm.Pdq, new byte[32]), bits, first),
            });
        }

        return [.. built];
    }
}
