using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace CPort.Domain.Exchange;

/// <summary>Signatures of Standard Webhooks 1.0.0: <c>v1</c> by HMAC-SHA-256, <c>v1a</c> by Ed25519, both over <c>id.timestamp.body</c>.</summary>
public static class WebhookSignature
{
    /// <summary>The header <c>webhook-signature</c>: one for each secret, and <c>v1a</c> with a seed.</summary>
    public static string Of(string id, long timestamp, ReadOnlySpan<byte> body, IEnumerable<byte[]> secrets, byte[]? seed = null)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        var signatures = secrets.Select(s => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(s, signed))}");
        return string.Join(' ', seed is null ? signatures : signatures.Append($"v1a,{Convert.ToBase64String(Ed25519(seed, signed))}"));
    }

    /// <summary>A secret as people copy it.</summary>
    public static string TextOf(byte[] secret) => $"whsec_{Convert.ToBase64String(secret)}";

    /// <summary>The public key of a seed as people copy it.</summary>
    public static string PublicKeyOf(byte[] seed) =>
        $"whpk_{Convert.ToBase64String(new Ed25519PrivateKeyParameters(seed).GeneratePublicKey().GetEncoded())}";

    private static byte[] Ed25519(byte[] seed, byte[] signed)
    {
        var signer = new Ed25519Signer();
        signer.Init(true, new Ed25519PrivateKeyParameters(seed));
        signer.BlockUpdate(signed, 0, signed.Length);
        return signer.GenerateSignature();
    }
}
