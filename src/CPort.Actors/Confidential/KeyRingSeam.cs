using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Serialization;

namespace CPort.Actors.Confidential;

/// <summary>
/// Seals and opens under the database's <see cref="KeyRing"/>. A report's key is derived from the data key's generation and the report's id, and its secrets
/// are sealed by AES-256-GCM under it with a random nonce, bound to their place. Thread-safe. Failures are <see cref="SealBrokenException"/>: never a byte of
/// data or key, and no inner exception that could hold one.
/// </summary>
public sealed class KeyRingSeam : ConfidentialSeam
{
    private const int GenerationLength = 2;
    private const int HeadLength = GenerationLength + AesSeal.NonceLength;
    private const int MaxPurposes = 64;

    private readonly KeyRing _ring;
    private readonly DerivedKeys _reportKeys;
    private readonly ConcurrentDictionary<string, ThreadLocal<IncrementalHash>> _purposes = new(StringComparer.Ordinal);

    /// <param name="ring">The database's keys.</param>
    /// <param name="cachedKeys">How many reports' keys stay in memory at most, 32 bytes each; 3 or more.</param>
    public KeyRingSeam(KeyRing ring, int cachedKeys = 2_048)
    {
        _ring = ring;
        _reportKeys = new DerivedKeys(ring, "report 1 ", cachedKeys);
    }

    /// <inheritdoc/>
    public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false)
    {
        var buffer = ClearBuffer.Take();
        try
        {
            WireModel.Instance.Serialize(buffer, secret);
            return Seal(place, buffer.WrittenSpan, repeatable);
        }
        finally
        {
            ClearBuffer.Return(buffer);
        }
    }

    private Sealed Seal(SealedPlace place, ReadOnlySpan<byte> plain, bool repeatable)
    {
        var generation = _ring.Writing;
        var bytes = new byte[HeadLength + plain.Length + AesSeal.TagLength];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)generation));
        var nonce = bytes.AsSpan(GenerationLength, AesSeal.NonceLength);
        Span<byte> bound = stackalloc byte[BoundLength];
        Bind(place, generation, bound);
        var key = _reportKeys.Of(generation, place.Report.Value);
        if (repeatable)
        {
            NonceOf(key, bound, plain, nonce);
        }
        else
        {
            RandomNumberGenerator.Fill(nonce);
        }

        AesSeal.Encrypt(key, nonce, plain, bytes.AsSpan(HeadLength), bound);
        return new Sealed { Bytes = bytes };
    }

    /// <inheritdoc/>
    public override T Open<T>(SealedPlace place, Sealed secret)
    {
        ReadOnlySpan<byte> bytes = secret.Bytes;
        if (bytes.Length < HeadLength + AesSeal.TagLength)
        {
            throw Broken(place);
        }

        var generation = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        Span<byte> bound = stackalloc byte[BoundLength];
        Bind(place, generation, bound);
        var length = bytes.Length - HeadLength - AesSeal.TagLength;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        var key = _reportKeys.Of(generation, place.Report.Value);
        try
        {
            return AesSeal.TryDecrypt(key, bytes.Slice(GenerationLength, AesSeal.NonceLength), bytes[HeadLength..], rented.AsSpan(0, length), bound)
                ? WireModel.Instance.Deserialize<T>((ReadOnlyMemory<byte>)rented.AsMemory(0, length))
                : throw Broken(place);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or SealBrokenException))
        {
            throw new SealBrokenException($"{At(place)} holds no {typeof(T).Name}.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(rented.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <inheritdoc/>
    public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data)
    {
        var hash = new byte[HMACSHA256.HashSizeInBytes];
        Keyed(purpose, data, hash);
        return hash;
    }

    /// <inheritdoc/>
    public override ulong KeyedNumber(string purpose, ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Keyed(purpose, data, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }

    /// <summary>Some sixty are made a report: each thread keeps what the key was made into, which costs more than the hash.</summary>
    private void Keyed(string purpose, ReadOnlySpan<byte> data, Span<byte> into)
    {
        if (!_purposes.TryGetValue(purpose, out var keyed))
        {
            var key = _ring.DeriveIdentity("keyed hash 1 " + purpose);
            if (_purposes.Count >= MaxPurposes) // purposes are constants; a caller that makes them up must not fill the memory
            {
                HMACSHA256.HashData(key, data, into);
                return;
            }

            keyed = _purposes.GetOrAdd(purpose, new ThreadLocal<IncrementalHash>(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key)));
        }

        var hash = keyed.Value!;
        hash.AppendData(data);
        hash.GetHashAndReset(into);
    }

    /// <summary>A nonce that only the same content in the same place gets again (as AES-GCM-SIV's, RFC 8452, in spirit).</summary>
    private static void NonceOf(byte[] key, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> plain, Span<byte> nonce)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData("nonce"u8);
        hmac.AppendData(bound);
        hmac.AppendData(plain);
        Span<byte> hash = stackalloc byte[32];
        hmac.GetHashAndReset(hash);
        hash[..nonce.Length].CopyTo(nonce);
    }

    private const int BoundLength = 16 + 4 + 1 + GenerationLength;

    private static void Bind(SealedPlace place, int generation, Span<byte> into)
    {
        BinaryPrimitives.WriteUInt128BigEndian(into, place.Report.Value);
        BinaryPrimitives.WriteInt32BigEndian(into[16..], place.Ordinal);
        into[20] = checked((byte)place.Field);
        BinaryPrimitives.WriteUInt16BigEndian(into[21..], checked((ushort)generation));
    }

    private static string At(SealedPlace place) => $"{place.Field} of item {place.Ordinal} of report {place.Report}";

    private static SealBrokenException Broken(SealedPlace place) => new($"{At(place)} does not open: changed, or from another place.");
}
