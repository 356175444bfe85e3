using System.Globalization;
using CPort.Actors.Confidential;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Confidential;

public sealed class MasterKeyTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "cport-key-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            TestFolders.Remove(_folder);
        }
    }

    private string KeyFile => Path.Combine(_folder, "keys", "master.key");

    [SkippableFact]
    public void First_start_makes_a_key_that_only_the_owner_can_read()
    {
        Skip.If(OperatingSystem.IsWindows(), "Unix file modes");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var made = MasterKeys.LoadOrCreate(KeyFile, out var created);
        Assert.True(created);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(KeyFile)!));
        Assert.Equal([KeyFile], Directory.GetFiles(Path.GetDirectoryName(KeyFile)!)); // no temporary file stays

        var loaded = MasterKeys.LoadOrCreate(KeyFile, out created);
        Assert.False(created);
        Assert.Equal(made.Ids.AsEnumerable(), loaded.Ids);
        Assert.Equal(made.Newest.ToText(), loaded.Newest.ToText());
    }

    [SkippableTheory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_open_to_others_is_refused(UnixFileMode extra)
    {
        Skip.If(OperatingSystem.IsWindows(), "Unix file modes");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        MasterKeys.LoadOrCreate(KeyFile, out _);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
        var refusal = Assert.Throws<MasterKeyException>(() => MasterKeys.LoadOrCreate(KeyFile, out _));
        Assert.Contains("chmod 600", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_that_start_together_end_up_with_one_key()
    {
        // Many starts: which of two nodes finds the name free is a matter of microseconds.
        for (var start = 0; start < 200; start++)
        {
            var file = Path.Combine(_folder, start.ToString(CultureInfo.InvariantCulture), "master.key");
            var keys = new string[4];
            var made = new bool[keys.Length];
            using var together = new Barrier(keys.Length);
            var nodes = Enumerable.Range(0, keys.Length).Select(i => new Thread(() =>
            {
                together.SignalAndWait();
                keys[i] = MasterKeys.LoadOrCreate(file, out made[i]).Newest.KeyId;
            })).ToList();
            nodes.ForEach(n => n.Start());
            nodes.ForEach(n => n.Join());
            Assert.Single(keys.Distinct());
            Assert.Single(made, true);
            Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
        }
    }

    [Fact]
    public void A_missing_file_is_not_replaced_by_load() =>
        Assert.Contains("does not exist", Assert.Throws<MasterKeyException>(() => MasterKeys.Load(KeyFile)).Message, StringComparison.Ordinal);

    [Fact]
    public void Hex_and_base64_read_as_the_same_key()
    {
        var bytes = Enumerable.Range(1, 32).Select(i => (byte)i).ToArray();
        var hex = MasterKey.FromText(Convert.ToHexString(bytes) + "\n", "test");
        Assert.Equal(hex.KeyId, MasterKey.FromText("  " + Convert.ToBase64String(bytes), "test").KeyId);
        Assert.Matches("^[0-9a-f]{8}$", hex.KeyId);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("secret-marker")]
    [InlineData("c2VjcmV0LW1hcmtlcg==")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public void What_is_no_key_is_refused_with_the_setting_and_without_the_value(string? text)
    {
        var refusal = Assert.Throws<MasterKeyException>(() => MasterKey.FromText(text, "CPORT__Confidential__MasterKey"));
        Assert.Contains("CPORT__Confidential__MasterKey", refusal.Message, StringComparison.Ordinal);
        if (!string.IsNullOrEmpty(text))
        {
            Assert.DoesNotContain(text, refusal.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Several_keys_are_read_newest_first_and_twice_the_same_is_refused()
    {
        var (old, now) = (MasterKey.New(), MasterKey.New());
        Assert.Equal([now.KeyId, old.KeyId], MasterKeys.FromText($"{now.ToText()}\n{old.ToText()}\n", "test").Ids.AsEnumerable());
        Assert.Equal(now.KeyId, MasterKeys.FromText($"{now.ToText()},{old.ToText()}", "test").Newest.KeyId);
        var refusal = Assert.Throws<MasterKeyException>(() => MasterKeys.FromText($"{now.ToText()}, {now.ToText()}", "CPORT__Keys__MasterKey"));
        Assert.Contains("CPORT__Keys__MasterKey", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<MasterKeyException>(() => MasterKeys.FromText($"{now.ToText()} rubbish", "test"));
    }
}
