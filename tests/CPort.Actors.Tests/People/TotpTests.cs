using System.Diagnostics;
using System.Globalization;
using System.Text;
using CPort.Domain.People;

namespace CPort.Actors.Tests.People;

public sealed class TotpTests
{
    private static readonly byte[] Rfc = Encoding.ASCII.GetBytes("12345678901234567890");

    /// <summary>RFC 6238, appendix B, the last six of eight digits.</summary>
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_RFC(long seconds, string code) =>
        Assert.Equal(code, Totp.CodeAt(Rfc, Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds))));

    [Fact]
    public void A_code_is_of_its_step_and_taken_one_step_early_or_late()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var step = Totp.StepOf(now);
        foreach (var off in new[] { -1L, 0, 1 })
        {
            Assert.Equal(step + off, Totp.StepOf(Rfc, Totp.CodeAt(Rfc, step + off), now));
        }

        Assert.Null(Totp.StepOf(Rfc, Totp.CodeAt(Rfc, step + 2), now));
        Assert.Null(Totp.StepOf(Rfc, Totp.CodeAt(Rfc, step - 2), now));
        Assert.Null(Totp.StepOf(Rfc, "", now));
        Assert.Null(Totp.StepOf(Rfc, "12345", now));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Base32_is_that_of_RFC_4648(string text, string base32) => Assert.Equal(base32, Totp.Base32(Encoding.ASCII.GetBytes(text)));

    /// <summary>Another program, Debian's oathtool, makes the same codes of the same secrets.</summary>
    [SkippableFact]
    public void A_foreign_program_makes_the_same_codes()
    {
        Skip.IfNot(File.Exists("/usr/bin/oathtool"), "oathtool is not installed (apt install oathtool)");
        for (var i = 0; i < 20; i++)
        {
            var secret = Totp.NewSecret();
            var at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000 + (i * 7_919));
            using var foreign = Process.Start(new ProcessStartInfo("/usr/bin/oathtool",
            [
                "--totp", "--base32", $"--now={at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC", Totp.Base32(secret),
            ])
            { RedirectStandardOutput = true })!;
            var code = foreign.StandardOutput.ReadToEnd().Trim();
            foreign.WaitForExit();
            Assert.Equal(Totp.CodeAt(secret, Totp.StepOf(at)), code);
        }
    }

    [Fact]
    public void A_kept_secret_is_read_as_people_type_it()
    {
        var secret = KeptSecret.New();
        var kept = KeptSecret.Read(secret);
        Assert.Equal(16, kept!.Length);
        Assert.Equal(kept, KeptSecret.Read($" {secret.ToLowerInvariant().Replace('-', ' ')} "));
        Assert.Equal(KeptSecret.Read("0000-1111-2222-3333"), KeptSecret.Read("oooo iIlL 2222 3333"));
        Assert.Null(KeptSecret.Read("0000-1111-2222-333"));
        Assert.Null(KeptSecret.Read(null));
    }
}
