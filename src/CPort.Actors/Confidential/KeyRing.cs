using System.Security.Cryptography;
using System.Text;

namespace CPort.Actors.Confidential;

/// <summary>
/// Sealed data does not open: it was changed, moved, copied, or written by somebody without the keys. The message names the place and never a byte of data.
/// </summary>
public sealed class SealBrokenException(string message) : CryptographicException(message);

/// <summary>This node lacks a key that others have by now; it is not the data's fault. Passes with a restart that gives it the key.</summary>
public sealed class KeyNotHereException(string message) : Exception(message);

/// <summary>What the database's own keys are for.</summary>
public enum KeyPurpose
{
    /// <summary>One for ever: keyed hashes for search, digests and report ids are made under it, and must not change.</summary>
    Identity = 1,

    /// <summary>Generations 1, 2, 3, …: data is sealed under the newest and names it.</summary>
    Data = 2,
}

/// <summary>
/// The database's own keys in the clear, as this node has them in memory: random, made once per database, kept there wrapped under a master key
/// (<c>KeyRingStore</c>). Everything sealed is sealed under keys derived from these, so that a change of the master key re-wraps a few rows and touches no
/// data. Thread-safe.
/// </summary>
public sealed class KeyRing
{
    public const int KeyLength = 32;

    /// <summary>A key this node has heard of so lately can be one that it has not read yet; after that it is nobody's.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(45);

    private readonly TimeProvider _time;
    private volatile Held? _held;

    public KeyRing(TimeProvider time) => _time = time;

    /// <summary>What was read of the ring.</summary>
    /// <param name="Identity">The identity key.</param>
    /// <param name="Data">Data keys by generation.</param>
    /// <param name="Locked">Generations that are there and do not open here, with the reason.</param>
    /// <param name="Writing">The generation under which this node seals.</param>
    internal sealed record Held(
        byte[] Identity, ImmutableSortedDictionary<int, byte[]> Data, ImmutableSortedDictionary<int, string> Locked, int Writing)
    {
        /// <summary>When it was read; null: it never gets old.</summary>
        public long? ReadAt { get; init; }
    }

    /// <summary>A ring that is kept nowhere, of one generation or more; for tests and benchmarks.</summary>
    public static KeyRing New(int generations = 1)
    {
        var ring = new KeyRing(TimeProvider.System);
        var data = Enumerable.Range(1, generations).ToImmutableSortedDictionary(n => n, _ => RandomNumberGenerator.GetBytes(KeyLength));
        ring.Take(new Held(RandomNumberGenerator.GetBytes(KeyLength), data, ImmutableSortedDictionary<int, string>.Empty, generations));
        return ring;
    }

    /// <summary>The keys are there.</summary>
    public bool IsOpen => _held is not null;

    internal Held? Current => _held;

    /// <summary>The generation under which new data is sealed.</summary>
    public int Writing => Keys.Writing;

    /// <summary>A 32-byte key for one purpose under the identity key.</summary>
    internal byte[] DeriveIdentity(string purpose) => Derive(Keys.Identity, Encoding.UTF8.GetBytes(purpose));

    /// <summary>A 32-byte key for one purpose under a generation's data key; knowing it tells nothing of that key or of other purposes'.</summary>
    internal byte[] Derive(int generation, ReadOnlySpan<byte> purpose)
    {
        var keys = Keys;
        if (keys.Data.TryGetValue(generation, out var key))
        {
            return Derive(key, purpose);
        }

        if (keys.Locked.TryGetValue(generation, out var reason))
        {
            throw new KeyNotHereException($"Data key {generation} {reason}.");
        }

        // A new generation is used only when every node has had time to read it.
        throw keys.ReadAt is { } at && _time.GetElapsedTime(at) > FreshFor
            ? new KeyNotHereException($"Data key {generation} is not known here; the ring was read {_time.GetElapsedTime(at).TotalSeconds:0} s ago.")
            : new SealBrokenException($"There is no data key {generation}.");
    }

    internal void Take(Held held) => _held = held;

    private Held Keys => _held ?? throw new InvalidOperationException("The database's keys are not loaded yet.");

    // The keys are uniformly random: the extracting half of HKDF has nothing to do.
    private static byte[] Derive(byte[] key, ReadOnlySpan<byte> purpose)
    {
        var derived = new byte[KeyLength];
        HKDF.Expand(HashAlgorithmName.SHA256, key, derived, purpose);
        return derived;
    }
}
