using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace CPort.Domain.Agencies;

/// <summary>
/// Passwords of hotline systems: chosen by people, so that they are kept as PBKDF2 (SHA-512, as many rounds as OWASP asks for). What looks like a number is
/// one number, however it is written: PHP's numeric check, by which such systems write JSON, sends the password <c>007</c> as <c>7</c>.
/// </summary>
public static partial class IccamPassword
{
    public const int MinLength = 12;
    public const int MaxLength = 200;

    private const int Rounds = 210_000;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;
    private const string Scheme = "pbkdf2-sha512";

    /// <summary>Of no password: what an unknown name is compared with, so that it takes as long as a known one.</summary>
    public static string OfNobody { get; } = string.Create(
        CultureInfo.InvariantCulture, $"{Scheme}${Rounds}${Convert.ToBase64String(new byte[SaltBytes])}${Convert.ToBase64String(new byte[HashBytes])}");

    /// <summary>A hash under a salt of its own, with scheme and rounds.</summary>
    public static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Create(
            CultureInfo.InvariantCulture, $"{Scheme}${Rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(Of(password, salt, Rounds))}");
    }

    /// <summary>Whether it is the password of the hash; takes some tenths of a second of processor time, right or wrong.</summary>
    public static bool Fits(string password, string hash) => hash.Split('$') is [Scheme, var rounds, var salt, var value]
        && CryptographicOperations.FixedTimeEquals(
            Of(password, Convert.FromBase64String(salt), int.Parse(rounds, CultureInfo.InvariantCulture)), Convert.FromBase64String(value));

    /// <summary>A name or password as it is after PHP's numeric check, whether it went through it or not.</summary>
    public static string Plain(string text)
    {
        var trimmed = text.Trim();
        return !Numeric().IsMatch(trimmed) ? text
            : long.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                ? whole.ToString(CultureInfo.InvariantCulture)
            : double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number.ToString("R", CultureInfo.InvariantCulture)
            : text;
    }

    private static byte[] Of(string password, byte[] salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(Plain(password), salt, rounds, HashAlgorithmName.SHA512, HashBytes);

    [GeneratedRegex(@"\A[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Numeric();
}
