using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CsCheck;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>The compact parts of a bucket against dictionaries and sorted sets.</summary>
public class HashTableTests
{
    [Fact]
    public void Every_value_keeps_the_row_it_got_first_whatever_comes_later() =>
        Gen.Select(Gen.OneOfConst(16, 20, 32, 144), Gen.Int[0, 300].Array[0, 500]).Sample((length, numbers) =>
        {
            var table = new HashTable(length);
            var model = new Dictionary<int, int>();
            foreach (var n in numbers)
            {
                Assert.Equal(model.GetValueOrDefault(n, -1), table.Find(Value(n, length)));
                var row = table.FindOrAdd(Value(n, length));
                Assert.Equal(model.TryAdd(n, model.Count) ? model.Count - 1 : model[n], row);
            }

            var loaded = new HashTable(length, table.Values.ToArray());
            foreach (var (n, row) in model)
            {
                Assert.Equal(row, table.Find(Value(n, length)));
                Assert.Equal(row, loaded.FindOrAdd(Value(n, length)));
                Assert.True(table[row].SequenceEqual(Value(n, length)));
            }

            Assert.Equal(model.Count, loaded.Count);
        });

    [Fact]
    public void A_hundred_thousand_values_cost_under_50_bytes_each_and_two_equal_ones_are_refused()
    {
        var table = new HashTable(32);
        for (var n = 0; n < 100_000; n++)
        {
            Assert.Equal(n, table.FindOrAdd(Value(n, 32)));
        }

        Assert.InRange(table.Bytes / 100_000.0, 32, 50);
        Assert.Throws<InvalidDataException>(() => new HashTable(16, new byte[32]));
        Assert.Throws<InvalidDataException>(() => new HashTable(16, new byte[17]));
    }

    [Fact]
    public void Sightings_are_those_of_a_sorted_set_in_whatever_batches_they_come() =>
        Gen.Select(Gen.Int[0, 3], Gen.Select(Gen.Int[0, 6], Gen.Int[1, 6]).Array[1, 8]).Array[1, 30].Sample(batches =>
        {
            var sightings = new HashSightings();
            var model = new Dictionary<int, SortedSet<ItemRef>>();
            foreach (var (row, items) in batches)
            {
                sightings.Add(row, [.. items.Select(i => Item(i.Item1, i.Item2))], told: 1);
                model.TryAdd(row, []);
                model[row].UnionWith(items.Select(i => Item(i.Item1, i.Item2)));
                Assert.Equal(model[row], sightings.Of(row).ToArray().Select(s => s.Item));
                Assert.Equal(model[row].Select(i => i.Report).Distinct().Count(), sightings.ReportsOf(row));
            }

            Assert.Equal(model.Values.Sum(s => s.Count), sightings.Total);
        });

    private static byte[] Value(int n, int length)
    {
        var value = new byte[length];
        new Random(n).NextBytes(value);
        BitConverter.TryWriteBytes(value, n);
        return value;
    }
}
