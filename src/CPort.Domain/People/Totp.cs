using System.Security.Cryptography;

namespace CPort.Domain.People;

/// <summary>
/// Codes by time (RFC 6238): HMAC-SHA-1, 30 s, 6 digits, as every authenticator app makes them. Identity's own takes a code twice and reads the machine's
/// clock;
/// RFC 6238 5.2 wants each taken once, so that the step which a code belongs to is told here and remembered by the caller.
/// </summary>
public static class Totp
{
    public const int SecretLength = 20;
    public const int Digits = 6;

    /// <summary>Length of a step, seconds.</summary>
    public const int StepSeconds = 30;

    /// <summary>A clock may be off by so many steps, and typing takes its time.</summary>
    private const int Skew = 1;

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretLength);

    public static long StepOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    public static string CodeAt(byte[] secret, long step)
    {
        Span<byte> message = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(message, step);
        Span<byte> mac = stackalloc byte[20];
#pragma warning disable CA5350 // RFC 6238 as authenticator apps have it; HMAC-SHA-1 is not broken
        HMACSHA1.HashData(secret, message, mac);
#pragma warning restore CA5350
        var at = mac[^1] & 15;
        var number = (BinaryPrimitives.ReadUInt32BigEndian(mac[at..]) & 0x7fff_ffff) % 1_000_000;
        return number.ToString("000000", CultureInfo.InvariantCulture);
    }

    /// <summary>The step that the code belongs to, not older than one step; null: to none near. Every candidate costs the same.</summary>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now)
    {
        var given = Encoding.ASCII.GetBytes(code.Length == Digits ? code : "------");
        long? found = null;
        for (var step = StepOf(now) - Skew; step <= StepOf(now) + Skew; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(CodeAt(secret, step))))
            {
                found = step;
            }
        }

        return found;
    }

    /// <summary>RFC 4648 base32 without padding, as apps take it.</summary>
    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        int held = 0, bits = 0;
        foreach (var b in bytes)
        {
            (held, bits) = (held << 8 | b, bits + 8);
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Alphabet[held >> bits & 31]);
            }

            held &= (1 << bits) - 1;
        }

        return bits > 0 ? text.Append(Alphabet[held << (5 - bits) & 31]).ToString() : text.ToString();
    }

    /// <summary>What an app reads from a picture: <c>otpauth://totp/…</c>.</summary>
    public static string Uri(byte[] secret, string issuer, string account) =>
        $"otpauth://totp/{System.Uri.EscapeDataString(issuer)}:{System.Uri.EscapeDataString(account)}?secret={Base32(secret)}"
        + $"&issuer={System.Uri.EscapeDataString(issuer)}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";
}

/// <summary>
/// Secrets that CPort makes for people to keep: 80 random bits as 16 characters of Crockford base32 in fours, taken in either case and with anything between.
/// Made by the machine, so that none is weak, used elsewhere or guessed.
/// </summary>
public static class KeptSecret
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string New()
    {
        var text = RandomNumberGenerator.GetString(Alphabet, 16);
        return $"{text[..4]}-{text[4..8]}-{text[8..12]}-{text[12..]}";
    }

    /// <summary>The 16 characters as they are hashed; null: not of the form.</summary>
    public static string? Read(string? text)
    {
        if (text is null or { Length: > 60 })
        {
            return null;
        }

        var kept = string.Concat(text.ToUpperInvariant().Where(char.IsAsciiLetterOrDigit).Select(c => c switch { 'I' or 'L' => '1', 'O' => '0', _ => c }));
        return kept.Length == 16 && kept.All(Alphabet.Contains) ? kept : null;
    }
}
