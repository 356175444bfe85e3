using System.Security.Cryptography;

namespace CPort.Actors.Confidential;

/// <summary>AES-256-GCM with the sizes that NIST SP 800-38D recommends.</summary>
internal static class AesSeal
{
    public const int NonceLength = 12;
    public const int TagLength = 16;

    // AesGcm keeps one cipher context per instance and is not safe for concurrent use; making one per call costs about two microseconds.

    /// <summary>Cipher text and tag into <paramref name="into"/>.</summary>
    public static void Encrypt(byte[] key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plain, Span<byte> into, ReadOnlySpan<byte> bound)
    {
        using var aes = new AesGcm(key, TagLength);
        Encrypt(aes, nonce, plain, into, bound);
    }

    /// <summary>As the other, by a cipher that the calling thread has to itself.</summary>
    public static void Encrypt(AesGcm aes, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plain, Span<byte> into, ReadOnlySpan<byte> bound) =>
        aes.Encrypt(nonce, plain, into[..plain.Length], into[plain.Length..], bound);

    /// <summary>False when key, nonce, bytes or what they are bound to are others; <paramref name="plain"/> holds nothing then.</summary>
    public static bool TryDecrypt(byte[] key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> bytes, Span<byte> plain, ReadOnlySpan<byte> bound)
    {
        try
        {
            using var aes = new AesGcm(key, TagLength);
            aes.Decrypt(nonce, bytes[..^TagLength], bytes[^TagLength..], plain, bound);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
