using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Confidential;
using CPort.Domain.Confidential;

namespace CPort.Actors.Tests.Confidential;

public sealed class MasterKeySeamTests
{
    private const string Marker = "https://marker.example/secret-path";

    private readonly MasterKeySeam _seam = new(MasterKey.New());

    [Fact]
    public void What_is_sealed_opens_again()
    {
        var key = _seam.NewDataKey();
        var secrets = new ReportSecrets { Referrer = Marker, UserName = "user", Password = "päss", Memo = "memo" };
        Assert.Equal(secrets, _seam.Open<ReportSecrets>(key, _seam.Seal(key, secrets)));
        Assert.Equal(new ReportSecrets(), _seam.Open<ReportSecrets>(key, _seam.Seal(key, new ReportSecrets())));
    }

    [Fact]
    public void Another_node_with_the_same_master_key_opens_it()
    {
        var master = MasterKey.New();
        var (one, two) = (new MasterKeySeam(master), new MasterKeySeam(master));
        var key = one.NewDataKey();
        Assert.Equal(Marker, two.Open<SecretText>(key, one.Seal(key, new SecretText { Text = Marker })).Text);
        Assert.Equal(one.Keyed("url", "x"u8), two.Keyed("url", "x"u8));
    }

    [Fact]
    public void Sealed_bytes_hold_no_plain_text_and_never_repeat()
    {
        var key = _seam.NewDataKey();
        var first = _seam.Seal(key, new SecretText { Text = Marker });
        var second = _seam.Seal(key, new SecretText { Text = Marker });
        Assert.NotEqual(first, second);
        Assert.Equal(-1, first.Bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("marker")));
        Assert.DoesNotContain("marker", first.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_changed_bit_is_noticed()
    {
        var key = _seam.NewDataKey();
        var whole = _seam.Seal(key, new SecretText { Text = Marker }).Bytes;
        for (var i = 0; i < whole.Length; i++)
        {
            var changed = whole.ToArray();
            changed[i] ^= 1;
            AssertClosed(() => _seam.Open<SecretText>(key, new Sealed { Bytes = changed }));
        }

        AssertClosed(() => _seam.Open<SecretText>(key, new Sealed { Bytes = whole[..^1] }));
        AssertClosed(() => _seam.Open<SecretText>(key, new Sealed { Bytes = [] }));

        var wrapped = key.Bytes.ToArray();
        wrapped[^1] ^= 1; // same nonce as the cached key: the cache must not answer for it
        AssertClosed(() => _seam.Open<SecretText>(key with { Bytes = wrapped }, new Sealed { Bytes = whole }));
    }

    [Fact]
    public void Wrong_keys_open_nothing()
    {
        var key = _seam.NewDataKey();
        var secret = _seam.Seal(key, new SecretText { Text = Marker });
        AssertClosed(() => _seam.Open<SecretText>(_seam.NewDataKey(), secret));

        var stranger = MasterKey.New();
        AssertClosed(() => new MasterKeySeam(stranger).Open<SecretText>(key, secret));
        AssertClosed(() => new MasterKeySeam(stranger).Open<SecretText>(key with { MasterKeyId = stranger.KeyId }, secret));
    }

    [Fact]
    public void Keyed_hashes_differ_by_purpose_and_by_master_key()
    {
        var hash = _seam.Keyed("url", "x"u8);
        Assert.Equal(32, hash.Length);
        Assert.Equal(hash, _seam.Keyed("url", "x"u8));
        Assert.NotEqual(hash, _seam.Keyed("host", "x"u8));
        Assert.NotEqual(hash, new MasterKeySeam(MasterKey.New()).Keyed("url", "x"u8));
        Assert.NotEqual(hash, SHA256.HashData("x"u8));
    }

    [Fact]
    public void Many_threads_seal_and_open_at_once_also_beyond_the_cache()
    {
        var seam = new MasterKeySeam(MasterKey.New(), cachedDataKeys: 4);
        var keys = Enumerable.Range(0, 40).Select(_ => seam.NewDataKey()).ToArray();
        Parallel.For(0, 4_000, i =>
        {
            var key = keys[i % keys.Length];
            var text = new SecretText { Text = $"text {i}" };
            Assert.Equal(text, seam.Open<SecretText>(key, seam.Seal(key, text)));
        });
    }

    private static void AssertClosed(Action open)
    {
        var refusal = Assert.ThrowsAny<CryptographicException>(open);
        Assert.DoesNotContain("marker", refusal.ToString(), StringComparison.Ordinal);
        Assert.Null(refusal.InnerException);
    }
}
