using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using BitFaster.Caching.Lru;
using CPort.Actors.Serialization;

namespace CPort.Actors.Confidential;

/// <summary>
/// Seals and opens under the node's <see cref="MasterKey"/>. Data keys are random, one per report, wrapped by AES-256-GCM under a key derived from the master
/// key; secrets are sealed by AES-256-GCM under the data key with a random nonce. Thread-safe. Failures are <see cref="CryptographicException"/> with a fixed
/// text: never a byte of data or key, and no inner exception that could hold one.
/// </summary>
public sealed class MasterKeySeam : ConfidentialSeam
{
    /// <summary>Nonce 12 bytes, tag 16 bytes: the sizes NIST SP 800-38D recommends.</summary>
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int KeyLength = 32;

    private const int MaxPurposes = 64;

    private readonly string _masterKeyId;
    private readonly byte[] _wrappingKey;
    private readonly MasterKey _master;
    private readonly ConcurrentLru<byte[], byte[]> _dataKeys;
    private readonly ConcurrentDictionary<string, byte[]> _purposeKeys = new(StringComparer.Ordinal);

    /// <param name="master">The node's master key.</param>
    /// <param name="cachedDataKeys">How many unwrapped data keys stay in memory at most, 32 bytes each; 3 or more.</param>
    public MasterKeySeam(MasterKey master, int cachedDataKeys = 2_048)
    {
        _master = master;
        _masterKeyId = master.KeyId;
        _wrappingKey = master.Derive("wrap data keys 1");
        _dataKeys = new ConcurrentLru<byte[], byte[]>(Environment.ProcessorCount, cachedDataKeys, ByContent.Instance);
    }

    /// <inheritdoc/>
    public override WrappedKey NewDataKey()
    {
        var dataKey = RandomNumberGenerator.GetBytes(KeyLength);
        var wrapped = Encrypt(_wrappingKey, dataKey, "cport-wrapped-1"u8);
        Remember(wrapped, dataKey);
        return new WrappedKey { MasterKeyId = _masterKeyId, Bytes = wrapped };
    }

    /// <inheritdoc/>
    public override Sealed Seal<T>(WrappedKey dataKey, T secret)
    {
        var key = Unwrap(dataKey);
        var buffer = new ArrayBufferWriter<byte>(256);
        WireModel.Instance.Serialize(buffer, secret);
        var bytes = Encrypt(key, buffer.WrittenSpan, "cport-sealed-1"u8);
        buffer.Clear(); // zeroes the written part: clear text should not linger on the heap
        return new Sealed { Bytes = bytes };
    }

    /// <inheritdoc/>
    public override T Open<T>(WrappedKey dataKey, Sealed secret)
    {
        var plain = Decrypt(Unwrap(dataKey), secret.Bytes, "cport-sealed-1"u8);
        try
        {
            return WireModel.Instance.Deserialize<T>((ReadOnlyMemory<byte>)plain);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new CryptographicException($"A sealed value holds no {typeof(T).Name}.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <inheritdoc/>
    public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data)
    {
        if (!_purposeKeys.TryGetValue(purpose, out var key))
        {
            key = _master.Derive("keyed hash 1 " + purpose);
            if (_purposeKeys.Count < MaxPurposes) // purposes are constants; a caller that makes them up must not fill the memory
            {
                _purposeKeys.TryAdd(purpose, key);
            }
        }

        return HMACSHA256.HashData(key, data);
    }

    private byte[] Unwrap(WrappedKey wrapped)
    {
        if (wrapped.MasterKeyId != _masterKeyId)
        {
            throw new CryptographicException($"This data was sealed under another master key than this node's ({_masterKeyId}).");
        }

        if (_dataKeys.TryGet(wrapped.Bytes, out var dataKey))
        {
            return dataKey;
        }

        dataKey = Decrypt(_wrappingKey, wrapped.Bytes, "cport-wrapped-1"u8);
        if (dataKey.Length != KeyLength)
        {
            throw new CryptographicException("A wrapped data key has the wrong length.");
        }

        Remember(wrapped.Bytes, dataKey);
        return dataKey;
    }

    /// <summary>Under a copy of the wrapped bytes: it stays true to what was authenticated, should the caller's array change.</summary>
    private void Remember(byte[] wrapped, byte[] dataKey) => _dataKeys.AddOrUpdate([.. wrapped], dataKey);

    // AesGcm keeps one cipher context per instance and is not safe for concurrent use; making one per call costs about a microsecond.
    private static byte[] Encrypt(byte[] key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context)
    {
        var result = new byte[NonceLength + plain.Length + TagLength];
        var nonce = result.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, plain, result.AsSpan(NonceLength, plain.Length), result.AsSpan(NonceLength + plain.Length), context);
        return result;
    }

    private static byte[] Decrypt(byte[] key, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> context)
    {
        var length = bytes.Length - NonceLength - TagLength;
        if (length >= 0)
        {
            var plain = new byte[length];
            try
            {
                using var aes = new AesGcm(key, TagLength);
                aes.Decrypt(bytes[..NonceLength], bytes.Slice(NonceLength, length), bytes[^TagLength..], plain, context);
                return plain;
            }
            catch (CryptographicException)
            {
                // falls through to the one text that a caller sees
            }
        }

        throw new CryptographicException("Confidential data could not be opened: wrong key or changed bytes.");
    }

    private sealed class ByContent : IEqualityComparer<byte[]>
    {
        public static readonly ByContent Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        // The first bytes are the random nonce: uniform already.
        public int GetHashCode(byte[] bytes) => bytes.Length >= 4 ? BitConverter.ToInt32(bytes) : bytes.Length;
    }
}
