using System.Security.Cryptography;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;

namespace CPort.Actors.Tests.Cluster;

/// <summary>What a node takes from another, and what it refuses, frame by frame.</summary>
public sealed class FrameSealingTests
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(20);
    private static readonly byte[] Payload = "a message"u8.ToArray();

    private readonly WireKey _key = WireKey.Of(KeyRing.New());
    private readonly Clock _clock = new();

    [Fact]
    public void What_one_node_seals_another_opens_in_order_and_nobody_reads_it_on_the_way()
    {
        var sealer = Node().NewSealer(asCaller: true);
        var opener = Node().NewOpener(asCaller: true);
        for (var i = 0; i < 100; i++)
        {
            var payload = RandomNumberGenerator.GetBytes(i * 37);
            var frame = sealer.Seal(payload);
            Assert.Equal(payload.Length + FrameSealing.Overhead, frame.Length);
            Assert.Equal(payload, opener.Open(frame, out var refusal));
            Assert.Null(refusal);
        }

        Assert.True(sealer.Seal(Payload).AsSpan().IndexOf(Payload) < 0);
    }

    [Fact]
    public void A_frame_with_any_bit_changed_cut_or_made_longer_is_refused()
    {
        var frame = Node().NewSealer(asCaller: true).Seal(Payload);
        for (var at = 0; at < frame.Length; at++)
        {
            var changed = frame.ToArray();
            changed[at] ^= 0x10;
            Assert.Null(Node().NewOpener(asCaller: true).Open(changed, out var refusal));
            Assert.NotNull(refusal);
        }

        foreach (var length in Enumerable.Range(0, frame.Length))
        {
            Assert.Null(Node().NewOpener(asCaller: true).Open(frame.AsSpan(0, length), out _));
        }

        Assert.Null(Node().NewOpener(asCaller: true).Open([.. frame, 0], out _));
        Assert.Equal(Payload, Node().NewOpener(asCaller: true).Open(frame, out _));
    }

    [Fact]
    public void Another_key_is_told_from_a_forgery_under_the_name_of_this_one()
    {
        Assert.Equal(FrameRefusal.UnknownKey, RefusedOf(new FrameSealing(WireKey.Of(KeyRing.New()), Skew, _clock)));
        Assert.Equal(FrameRefusal.Forged, RefusedOf(new FrameSealing(_key with { Bytes = new byte[32] }, Skew, _clock)));

        FrameRefusal? RefusedOf(FrameSealing stranger)
        {
            Assert.Null(Node().NewOpener(asCaller: true).Open(stranger.NewSealer(asCaller: true).Seal(Payload), out var why));
            return why;
        }
    }

    [Fact]
    public void A_frame_is_good_for_half_a_minute_and_the_clocks_difference()
    {
        var frame = Node().NewSealer(asCaller: true).Seal(Payload);
        Assert.Equal(FrameRefusal.Expired, After(-Skew - TimeSpan.FromMilliseconds(1)));
        Assert.Null(After(-Skew));
        Assert.Null(After(FrameSealing.Lifetime + Skew));
        Assert.Equal(FrameRefusal.Expired, After(FrameSealing.Lifetime + Skew + TimeSpan.FromMilliseconds(1)));

        FrameRefusal? After(TimeSpan time)
        {
            _clock.Offset = time;
            var opened = Node().NewOpener(asCaller: true).Open(frame, out var refusal);
            Assert.Equal(refusal is null, opened is not null);
            return refusal;
        }
    }

    [Fact]
    public void A_frame_is_taken_once_in_its_own_connection_and_direction_only()
    {
        var node = Node();
        var sealer = Node().NewSealer(asCaller: true);
        var (first, second) = (sealer.Seal(Payload), sealer.Seal(Payload));
        var opener = node.NewOpener(asCaller: true);
        Assert.NotNull(opener.Open(first, out _));
        Assert.NotNull(opener.Open(second, out _));
        Assert.Equal(FrameRefusal.Replayed, Refusal(opener, second));
        Assert.Equal(FrameRefusal.Replayed, Refusal(opener, first));

        // The whole connection again.
        Assert.Equal(FrameRefusal.Replayed, Refusal(node.NewOpener(asCaller: true), first));

        // Sent back to who sealed it.
        Assert.Equal(FrameRefusal.Forged, Refusal(Node().NewOpener(asCaller: false), first));

        // Put into another connection.
        Assert.Equal(FrameRefusal.Forged, Refusal(opener, Node().NewSealer(asCaller: true).Seal(Payload)));

        // What was lost on the way is not waited for.
        sealer.Seal(Payload);
        Assert.Equal(Payload, opener.Open(sealer.Seal(Payload), out _));

        static FrameRefusal? Refusal(FrameSealing.Opener opener, byte[] frame)
        {
            Assert.Null(opener.Open(frame, out var refusal));
            return refusal;
        }
    }

    private FrameSealing Node() => new(_key, Skew, _clock);

    private sealed class Clock : TimeProvider
    {
        private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => Start + Offset;
    }
}
