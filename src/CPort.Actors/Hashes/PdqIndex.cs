using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;

namespace CPort.Actors.Hashes;

/// <summary>A value found near a query and its Hamming distance (0 to 256).</summary>
public readonly record struct PdqHit(ContentHash Hash, int Distance);

/// <summary>Hits by distance, then by value; <see cref="Truncated"/> when more were within the radius than asked for.</summary>
public readonly record struct PdqHits(ImmutableArray<PdqHit> Hits, bool Truncated);

/// <summary>
/// Exact Hamming radius search over 256-bit PDQ values: a scan over contiguous memory that gives a value up as soon as its distance passes the
/// radius. Never misses a value and never lists one twice. Mutable and not thread-safe: it belongs to one bucket actor, as an index over the
/// bucket's state that is rebuilt on recovery.
/// </summary>
public sealed class PdqIndex
{
    /// <summary>Largest radius that a search takes; two random values are about 128 apart.</summary>
    public const int MaxRadius = 64;

    private const int Words = 4;

    private readonly Dictionary<ContentHash, int> _positions = [];
    private readonly List<ContentHash> _hashes = [];
    private ulong[] _words = new ulong[Words * 64];

    public int Count => _hashes.Count;

    /// <summary>Adds a PDQ value; false when it was there.</summary>
    public bool Add(ContentHash hash)
    {
        Require(hash);
        if (!_positions.TryAdd(hash, _hashes.Count))
        {
            return false;
        }

        if (_words.Length < (_hashes.Count + 1) * Words)
        {
            Array.Resize(ref _words, _words.Length * 2);
        }

        Read(hash, _words.AsSpan(_hashes.Count * Words, Words));
        _hashes.Add(hash);
        return true;
    }

    /// <summary>Removes a PDQ value; false when it was not there.</summary>
    public bool Remove(ContentHash hash)
    {
        Require(hash);
        if (!_positions.Remove(hash, out var at))
        {
            return false;
        }

        var last = _hashes.Count - 1;
        if (at != last)
        {
            _hashes[at] = _hashes[last];
            _positions[_hashes[at]] = at;
            _words.AsSpan(last * Words, Words).CopyTo(_words.AsSpan(at * Words, Words));
        }

        _hashes.RemoveAt(last);
        return true;
    }

    /// <summary>All values within <paramref name="radius"/> (0 to 64), nearest first, at most <paramref name="maxResults"/> (1 or more).</summary>
    public PdqHits Search(ContentHash query, int radius, int maxResults)
    {
        Require(query);
        ArgumentOutOfRangeException.ThrowIfNegative(radius);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(radius, MaxRadius);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxResults, 1);

        Span<ulong> q = stackalloc ulong[Words];
        Read(query, q);
        var (q0, q1, q2, q3) = (q[0], q[1], q[2], q[3]);
        var words = _words.AsSpan(0, _hashes.Count * Words);
        List<PdqHit>? hits = null;
        for (var at = 0; at <= words.Length - Words; at += Words)
        {
            var distance = BitOperations.PopCount(words[at] ^ q0) + BitOperations.PopCount(words[at + 1] ^ q1);
            if (distance > radius)
            {
                continue;
            }

            distance += BitOperations.PopCount(words[at + 2] ^ q2) + BitOperations.PopCount(words[at + 3] ^ q3);
            if (distance <= radius)
            {
                (hits ??= []).Add(new PdqHit(_hashes[at / Words], distance));
            }
        }

        if (hits is null)
        {
            return new PdqHits([], false);
        }

        hits.Sort(Order);
        return new PdqHits([.. hits.Take(maxResults)], hits.Count > maxResults);
    }

    /// <summary>By distance, then by value: the same order whichever bucket a hit comes from.</summary>
    internal static int Order(PdqHit a, PdqHit b) =>
        a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : a.Hash.Bytes.SequenceCompareTo(b.Hash.Bytes);

    private static void Read(ContentHash hash, Span<ulong> words)
    {
        for (var i = 0; i < Words; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64BigEndian(hash.Bytes[(8 * i)..]);
        }
    }

    private static void Require(ContentHash hash)
    {
        if (hash.Algorithm != HashAlgorithm.Pdq)
        {
            throw new ArgumentException("The index holds PDQ values only.", nameof(hash));
        }
    }
}
