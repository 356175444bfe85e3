using CPort.Domain.Hashes.Near;

namespace CPort.Actors.Tests.Hashes;

public class PdqSnapshotTests
{
    private static byte[] Written(PdqIndex index)
    {
        using var stream = new MemoryStream();
        index.WriteTo(stream);
        return stream.ToArray();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000)]
    [InlineData(10_000)]
    public void A_snapshot_holds_what_is_alive_in_32_bytes_each(int count)
    {
        var values = PdqSamples.Of("balanced", count, 1);
        var index = PdqIndex.Build(values);
        foreach (var value in values.AsSpan(0, count / 5))
        {
            Assert.True(index.Remove(value));
        }

        var bytes = Written(index);
        Assert.Equal(48 + (32 * (count - (count / 5))), bytes.Length);
        using var stream = new MemoryStream([.. bytes, 1, 2, 3]);
        var read = PdqIndex.ReadFrom(stream);
        Assert.Equal(bytes.Length, stream.Position);
        Assert.Equal(values.AsSpan(count / 5).ToArray().Order(), read.ToArray().Order());
        Assert.All(values.AsSpan(count / 5).ToArray(), v => Assert.True(read.Contains(v)));
    }

    [Fact]
    public void A_snapshot_cut_off_anywhere_is_refused()
    {
        var bytes = Written(PdqIndex.Build(PdqSamples.Of("uniform", 40, 1)));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => PdqIndex.ReadFrom(new MemoryStream(bytes, 0, length)));
        }
    }

    [Fact]
    public void A_snapshot_with_any_byte_changed_is_refused()
    {
        var bytes = Written(PdqIndex.Build(PdqSamples.Of("uniform", 40, 1)));
        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = (byte[])bytes.Clone();
            changed[at] ^= 0x40;
            Assert.Throws<InvalidDataException>(() => PdqIndex.ReadFrom(new MemoryStream(changed)));
        }
    }
}
