namespace CPort.Domain.Confidential;

/// <summary>The one place where confidential data is sealed and opened. Implemented over the database's key ring; thread-safe.</summary>
public abstract class ConfidentialSeam
{
    /// <summary>Seals a protobuf-net contract (one of the secrets) for its place, under the newest data key.</summary>
    /// <param name="place">Where alone it opens.</param>
    /// <param name="secret">What is sealed.</param>
    /// <param name="repeatable">
    /// The same secret in the same place gives the same bytes (until there is a newer data key), and so tells who sees both that it is the same: for tables
    /// that are rebuilt.
    /// </param>
    public abstract Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false)
        where T : class;

    /// <summary>
    /// Opens what <see cref="Seal{T}"/> made for this place; throws <see cref="System.Security.Cryptography.CryptographicException"/> when place, key or bytes
    /// are others.
    /// </summary>
    public abstract T Open<T>(SealedPlace place, Sealed secret)
        where T : class;

    /// <summary>
    /// HMAC-SHA-256 under a key of the database for <paramref name="purpose"/>, which no change of the master key changes: keyed hashes for search, digests,
    /// report ids. 32 bytes.
    /// </summary>
    public abstract byte[] Keyed(string purpose, ReadOnlySpan<byte> data);

    /// <summary>The first eight bytes of <see cref="Keyed"/>.</summary>
    public virtual ulong KeyedNumber(string purpose, ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt64BigEndian(Keyed(purpose, data));
}
