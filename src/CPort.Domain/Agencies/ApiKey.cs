using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CPort.Domain.Agencies;

/// <summary>The public part of a freshly made API key and the hash of its secret: all that rules, events and state ever see of it.</summary>
public sealed record KeyCandidate(string KeyId, string SecretHash);

/// <summary>
/// An API key's text, <c>cport_&lt;key id&gt;_&lt;secret&gt;</c>: 12 characters of lower-case Crockford base32 (public, 60 random bits) and 43 characters of
/// base64url (256 random bits). The text is shown once, when the key is made; afterwards only the hash of the secret exists.
/// </summary>
public sealed class ApiKey
{
    public const int KeyIdLength = 12;

    private const string Prefix = "cport_";
    private const int SecretLength = 43;
    private const int TextLength = 6 + KeyIdLength + 1 + SecretLength;
    private const string KeyIdAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private ApiKey(string keyId, string text, string secretHash) => (KeyId, Text, SecretHash) = (keyId, text, secretHash);

    public string KeyId { get; }

    /// <summary>The whole key with its secret. Goes into the one reply that shows it and nowhere else.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of the secret's 43 characters, 64 lower-case hex digits.</summary>
    public string SecretHash { get; }

    public KeyCandidate Candidate => new(KeyId, SecretHash);

    /// <summary>Makes a key from the operating system's random numbers.</summary>
    public static ApiKey Generate()
    {
        var keyId = RandomNumberGenerator.GetString(KeyIdAlphabet, KeyIdLength);
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return new ApiKey(keyId, $"{Prefix}{keyId}_{secret}", HashOf(secret));
    }

    /// <summary>Splits a key's text; says nothing about whether the key exists. By position, because base64url has underscores of its own.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ApiKey? key)
    {
        key = null;
        if (text is not { Length: TextLength } || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + KeyIdLength] != '_')
        {
            return false;
        }

        var keyId = text.Substring(Prefix.Length, KeyIdLength);
        var secret = text[^SecretLength..];
        if (keyId.Any(c => !KeyIdAlphabet.Contains(c)) || secret.Any(c => !(char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
        {
            return false;
        }

        key = new ApiKey(keyId, text, HashOf(secret));
        return true;
    }

    /// <summary>The public part only, so that a key in a log or an exception tells nothing.</summary>
    public override string ToString() => $"ApiKey({KeyId})";

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(secret)));
}
