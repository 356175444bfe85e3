using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Confidential;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;

namespace CPort.Actors.Tests.Confidential;

public sealed class KeyRingSeamTests
{
    private const string Marker = "https://marker.example/secret-path";

    private static readonly SealedPlace Place = new(new ReportId(7), SealedField.ItemSecrets, 3);

    private readonly KeyRing _ring = KeyRing.New(generations: 2);
    private readonly KeyRingSeam _seam;

    public KeyRingSeamTests() => _seam = new KeyRingSeam(_ring);

    [Fact]
    public void What_is_sealed_opens_again()
    {
        var secrets = new ReportSecrets { Referrer = Marker, UserName = "user", Password = "päss", Memo = "memo" };
        Assert.Equal(secrets, _seam.Open<ReportSecrets>(Place, _seam.Seal(Place, secrets)));
        Assert.Equal(new ReportSecrets(), _seam.Open<ReportSecrets>(Place, _seam.Seal(Place, new ReportSecrets())));
    }

    [Fact]
    public void Another_node_with_the_same_ring_opens_it()
    {
        var two = new KeyRingSeam(_ring);
        Assert.Equal(Marker, two.Open<SecretText>(Place, _seam.Seal(Place, new SecretText { Text = Marker })).Text);
        Assert.Equal(_seam.Keyed("url", "x"u8), two.Keyed("url", "x"u8));
    }

    [Fact]
    public void Sealed_bytes_hold_no_plain_text_and_never_repeat_unless_asked_to()
    {
        var text = new SecretText { Text = Marker };
        var first = _seam.Seal(Place, text);
        Assert.NotEqual(first, _seam.Seal(Place, text));
        Assert.Equal(-1, first.Bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("marker")));
        Assert.DoesNotContain("marker", first.ToString(), StringComparison.Ordinal);

        var again = _seam.Seal(Place, text, repeatable: true);
        Assert.Equal(again, _seam.Seal(Place, text, repeatable: true));
        Assert.Equal(Marker, _seam.Open<SecretText>(Place, again).Text);

        // Another text, or the same elsewhere, shares no nonce with it.
        Assert.NotEqual(Nonce(again), Nonce(_seam.Seal(Place, new SecretText { Text = Marker + "2" }, repeatable: true)));
        Assert.NotEqual(Nonce(again), Nonce(_seam.Seal(Place with { Ordinal = 4 }, text, repeatable: true)));

        static byte[] Nonce(Sealed value) => value.Bytes[2..14];
    }

    [Fact]
    public void Any_changed_bit_is_noticed()
    {
        var whole = _seam.Seal(Place, new SecretText { Text = Marker }).Bytes;
        for (var i = 0; i < whole.Length; i++)
        {
            var changed = whole.ToArray();
            changed[i] ^= 1;
            AssertClosed(() => _seam.Open<SecretText>(Place, new Sealed { Bytes = changed }));
        }

        AssertClosed(() => _seam.Open<SecretText>(Place, new Sealed { Bytes = whole[..^1] }));
        AssertClosed(() => _seam.Open<SecretText>(Place, new Sealed { Bytes = [] }));
    }

    public static TheoryData<SealedPlace> OtherPlaces =>
    [
        Place with { Report = new ReportId(8) }, Place with { Ordinal = 4 }, Place with { Ordinal = 0 },
        .. Enum.GetValues<SealedField>().Where(f => f != Place.Field).Select(f => Place with { Field = f }),
    ];

    [Theory]
    [MemberData(nameof(OtherPlaces))]
    public void A_value_opens_in_no_other_place_than_its_own(SealedPlace other)
    {
        var secret = _seam.Seal(Place, new SecretText { Text = Marker });
        Assert.Equal(Marker, _seam.Open<SecretText>(Place, secret).Text);
        AssertClosed(() => _seam.Open<SecretText>(other, secret));
    }

    [Fact]
    public void Another_ring_opens_nothing()
    {
        var secret = _seam.Seal(Place, new SecretText { Text = Marker });
        AssertClosed(() => new KeyRingSeam(KeyRing.New(generations: 2)).Open<SecretText>(Place, secret));
        AssertClosed(() => new KeyRingSeam(KeyRing.New()).Open<SecretText>(Place, secret));
    }

    [Fact]
    public void Keyed_hashes_differ_by_purpose_and_by_ring()
    {
        var hash = _seam.Keyed("url", "x"u8);
        Assert.Equal(32, hash.Length);
        Assert.Equal(hash, _seam.Keyed("url", "x"u8));
        Assert.NotEqual(hash, _seam.Keyed("host", "x"u8));
        Assert.NotEqual(hash, new KeyRingSeam(KeyRing.New()).Keyed("url", "x"u8));
        Assert.NotEqual(hash, SHA256.HashData("x"u8));
    }

    [Fact]
    public void Many_threads_seal_and_open_at_once_also_beyond_the_cache()
    {
        var seam = new KeyRingSeam(_ring, cachedKeys: 4);
        Parallel.For(0, 4_000, i =>
        {
            var place = Place with { Report = new ReportId((UInt128)(i % 40)) };
            var text = new SecretText { Text = $"text {i}" };
            Assert.Equal(text, seam.Open<SecretText>(place, seam.Seal(place, text)));
        });
    }

    private static void AssertClosed(Action open)
    {
        var refusal = Assert.Throws<SealBrokenException>(open);
        Assert.DoesNotContain("marker", refusal.ToString(), StringComparison.Ordinal);
        Assert.Null(refusal.InnerException);
    }
}
