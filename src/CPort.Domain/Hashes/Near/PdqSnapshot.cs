using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// The stored form of an index: "CPORTPDQ", version (2 bytes, 1), reserved (2 bytes, 0), number of values (4 bytes; both little-endian), the raw
/// values, SHA-256 over all of it. The chunks and postings are not stored: building them again is faster than reading four times as many bytes.
/// </summary>
internal static class PdqSnapshot
{
    private const int HeaderSize = 16;
    private const ushort Version = 1;
    private const int BlockValues = 2048;

    private static ReadOnlySpan<byte> Magic => "CPORTPDQ"u8;

    public static void Write(Stream target, ReadOnlySpan<PdqValue> values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], values.Length);
        Put(header);
        var block = new byte[BlockValues * PdqValue.Size];
        for (var from = 0; from < values.Length; from += BlockValues)
        {
            var count = Math.Min(BlockValues, values.Length - from);
            for (var i = 0; i < count; i++)
            {
                values[from + i].CopyTo(block.AsSpan(i * PdqValue.Size));
            }

            Put(block.AsSpan(0, count * PdqValue.Size));
        }

        target.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            target.Write(bytes);
        }
    }

    /// <exception cref="InvalidDataException">No snapshot, of an unknown version, cut off or damaged.</exception>
    public static PdqValue[] Read(Stream source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> header = stackalloc byte[HeaderSize];
        Take(header);
        if (!header[..8].SequenceEqual(Magic))
        {
            throw new InvalidDataException("Not a snapshot of a PDQ index.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) is var version and not Version)
        {
            throw new InvalidDataException($"A PDQ snapshot of version {version} cannot be read, only of version {Version}.");
        }

        var total = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        if (total is < 0 or > PdqSegment.MaxCount || header[10] != 0 || header[11] != 0)
        {
            throw new InvalidDataException("The header of the PDQ snapshot is damaged.");
        }

        // Not all at once on the word of a header that may be damaged.
        var values = new PdqValue[Math.Min(total, 1 << 20)];
        var block = new byte[BlockValues * PdqValue.Size];
        for (var from = 0; from < total; from += BlockValues)
        {
            var count = Math.Min(BlockValues, total - from);
            Take(block.AsSpan(0, count * PdqValue.Size));
            if (from + count > values.Length)
            {
                Array.Resize(ref values, (int)Math.Min(total, 4L * values.Length));
            }

            for (var i = 0; i < count; i++)
            {
                values[from + i] = PdqValue.FromBytes(block.AsSpan(i * PdqValue.Size, PdqValue.Size));
            }
        }

        Span<byte> stored = stackalloc byte[SHA256.HashSizeInBytes];
        if (source.ReadAtLeast(stored, stored.Length, throwOnEndOfStream: false) < stored.Length || !stored.SequenceEqual(hash.GetHashAndReset()))
        {
            throw new InvalidDataException("The PDQ snapshot is cut off or damaged.");
        }

        return values;

        void Take(Span<byte> bytes)
        {
            if (source.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            {
                throw new InvalidDataException("The PDQ snapshot is cut off.");
            }

            hash.AppendData(bytes);
        }
    }
}
