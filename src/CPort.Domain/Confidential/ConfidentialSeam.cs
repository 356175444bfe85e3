namespace CPort.Domain.Confidential;

/// <summary>The one place where confidential data is sealed and opened. Implemented over the master key; thread-safe.</summary>
public abstract class ConfidentialSeam
{
    /// <summary>Makes a data key for a new report.</summary>
    public abstract WrappedKey NewDataKey();

    /// <summary>Seals a protobuf-net contract (one of the secrets above) under a report's data key.</summary>
    public abstract Sealed Seal<T>(WrappedKey dataKey, T secret)
        where T : class;

    /// <summary>
    /// Opens what <see cref="Seal{T}"/> made; throws <see cref="System.Security.Cryptography.CryptographicException"/> when key or bytes are wrong.
    /// </summary>
    public abstract T Open<T>(WrappedKey dataKey, Sealed secret)
        where T : class;

    /// <summary>HMAC-SHA-256 under a key derived from the master key for <paramref name="purpose"/>: keyed hashes for search and digests. 32 bytes.</summary>
    public abstract byte[] Keyed(string purpose, ReadOnlySpan<byte> data);
}
