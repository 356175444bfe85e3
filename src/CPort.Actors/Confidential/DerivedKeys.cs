using System.Buffers.Binary;
using System.Text;
using BitFaster.Caching.Lru;

namespace CPort.Actors.Confidential;

/// <summary>Keys under the ring's data keys, one for each name of a purpose (a report, a writer); those used lately stay in memory. Thread-safe.</summary>
/// <param name="ring">The database's keys.</param>
/// <param name="purpose">What they are for.</param>
/// <param name="cached">How many stay in memory at most, 32 bytes each; 3 or more.</param>
internal sealed class DerivedKeys(KeyRing ring, string purpose, int cached)
{
    private readonly byte[] _purpose = [.. Encoding.UTF8.GetBytes(purpose), .. new byte[16]];

    private readonly ConcurrentLru<(int Generation, UInt128 Name), byte[]> _keys = new(Environment.ProcessorCount, cached,
        EqualityComparer<(int, UInt128)>.Default);

    public byte[] Of(int generation, UInt128 name)
    {
        if (_keys.TryGet((generation, name), out var key))
        {
            return key;
        }

        Span<byte> named = stackalloc byte[_purpose.Length];
        _purpose.CopyTo(named);
        BinaryPrimitives.WriteUInt128BigEndian(named[^16..], name);
        key = ring.Derive(generation, named);
        _keys.AddOrUpdate((generation, name), key);
        return key;
    }
}
