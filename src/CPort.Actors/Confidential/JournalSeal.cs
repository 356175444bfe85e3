using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Security.Cryptography;
using System.Text;
using Akka.Serialization;
using CPort.Actors.Serialization;
using CPort.Domain.Reports;
using CPort.Domain.Wire;

namespace CPort.Actors.Confidential;

/// <summary>An event or a snapshot as the database keeps it: sealed, with its manifest.</summary>
public sealed record SealedRow(string Manifest, byte[] Bytes);

/// <summary>Carries <see cref="SealedRow"/>s into journal rows and out of them, as they are.</summary>
public sealed class SealedRowSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>This serializer's number in journal rows.</summary>
    public const int SerializerId = 3102;

    public override int Identifier => SerializerId;

    public override string Manifest(object o) => ((SealedRow)o).Manifest;

    public override byte[] ToBinary(object obj) => ((SealedRow)obj).Bytes;

    public override object FromBinary(byte[] bytes, string manifest) => new SealedRow(manifest, bytes);
}

/// <summary>
/// Seals the journal's rows, each for its place: whose it is, which of its entity's events, of what kind. A row that somebody with access to the database
/// wrote, changed, moved or copied does not open, and its entity is stuck and named. That the newest rows of an entity are gone shows to nobody here
/// (docs/operations.md). Thread-safe.
/// <para>
/// A row: version (1 byte), data key's generation (2), writer (16), counter (8), then AES-256-GCM's cipher text and tag (16). Each process writes under a key
/// of its own, derived from the generation's and a random name, with a counter for nonce: however many rows there are, no nonce comes twice, and no row costs
/// a derivation.
/// </para>
/// </summary>
public sealed class JournalSeal(KeyRing ring)
{
    private const byte Version = 1;
    private const int WriterAt = 3;
    private const int CounterAt = WriterAt + 16;
    private const int HeadLength = CounterAt + 8;

    /// <summary>What sealing adds to an event.</summary>
    public const int Overhead = HeadLength + AesSeal.TagLength;

    /// <summary>Events of reports that are remembered until they are read back, the newest; a row of one that is larger is not.</summary>
    private const int Remembered = 4_096;

    private const int RememberedBytes = 4 * 1024;

    private readonly DerivedKeys _keys = new(ring, "journal 1 ", 1_024);

    // By the counter of its row. Who follows the journal meets what this process wrote a moment ago: a row that is byte for byte the one made of an event is
    // that event, and needs no opening.
    private readonly Made?[] _made = new Made?[Remembered];

    private volatile Writer? _writer;

    /// <summary>Seals the event with this number of an entity.</summary>
    public SealedRow SealEvent(string persistenceId, long sequence, object e)
    {
        var row = Seal(Event, persistenceId, sequence, e);
        if (e is IReportEvent && row.Bytes.Length <= RememberedBytes)
        {
            _made[SlotOf(row.Bytes)] = new Made(persistenceId, sequence, row, e);
        }

        return row;
    }

    /// <summary>Opens what <see cref="SealEvent"/> made for this place; throws <see cref="SealBrokenException"/> for anything else.</summary>
    public object OpenEvent(string persistenceId, long sequence, object? payload) =>
        Remember(persistenceId, sequence, payload as SealedRow) ?? Open(Event, persistenceId, sequence, payload);

    /// <summary>Seals an entity's state after its event with this number.</summary>
    public SealedRow SealSnapshot(string persistenceId, long sequence, object snapshot) => Seal(Snapshot, persistenceId, sequence, snapshot);

    /// <summary>As <see cref="OpenEvent"/>, of what <see cref="SealSnapshot"/> made.</summary>
    public object OpenSnapshot(string persistenceId, long sequence, object payload) => Open(Snapshot, persistenceId, sequence, payload);

    private static ReadOnlySpan<byte> Event => "cport-event-1"u8;

    private static ReadOnlySpan<byte> Snapshot => "cport-state-1"u8;

    private SealedRow Seal(ReadOnlySpan<byte> kind, string persistenceId, long sequence, object e)
    {
        var manifest = WireContracts.ManifestOf(e.GetType());
        var buffer = ClearBuffer.Take(e is ISizedWireMessage sized ? sized.SizeHint : 0);
        try
        {
            WireModel.Instance.Serialize(buffer, e);
            var writer = WriterNow();
            var bytes = new byte[Overhead + buffer.WrittenCount];
            bytes[0] = Version;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), checked((ushort)writer.Generation));
            BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(WriterAt), writer.Name);
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(CounterAt), writer.Next());
            Span<byte> nonce = stackalloc byte[AesSeal.NonceLength];
            Span<byte> bound = stackalloc byte[BoundLength(persistenceId)];
            AesSeal.Encrypt(writer.Cipher, Nonce(bytes, nonce), buffer.WrittenSpan, bytes.AsSpan(HeadLength),
                Bind(kind, bytes, persistenceId, sequence, manifest, bound));
            return new SealedRow(manifest, bytes);
        }
        finally
        {
            ClearBuffer.Return(buffer);
        }
    }

    private object Open(ReadOnlySpan<byte> kind, string persistenceId, long sequence, object? payload)
    {
        if (payload is not SealedRow { Bytes: { Length: >= Overhead } bytes } row || bytes[0] != Version || row.Manifest.Length > MaxManifest)
        {
            throw new SealBrokenException($"Row {sequence} of {persistenceId} is not sealed.");
        }

        var generation = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(1));
        var key = _keys.Of(generation, BinaryPrimitives.ReadUInt128BigEndian(bytes.AsSpan(WriterAt)));
        var length = bytes.Length - Overhead;
        var plain = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Span<byte> nonce = stackalloc byte[AesSeal.NonceLength];
            Span<byte> bound = stackalloc byte[BoundLength(persistenceId)];
            if (!AesSeal.TryDecrypt(key, Nonce(bytes, nonce), bytes.AsSpan(HeadLength), plain.AsSpan(0, length),
                Bind(kind, bytes, persistenceId, sequence, row.Manifest, bound)))
            {
                throw new SealBrokenException($"Row {sequence} of {persistenceId} does not open: changed, or from another place.");
            }

            return WireModel.Instance.Deserialize(WireContracts.TypeOf(row.Manifest), new ReadOnlyMemory<byte>(plain, 0, length));
        }
        catch (Exception e) when (e is not (SealBrokenException or SerializationException or OutOfMemoryException))
        {
            // The cause may quote values: only its type goes further.
            throw new SerializationException($"Row {sequence} of {persistenceId} holds no readable '{row.Manifest}' ({e.GetType().Name}).");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    /// <summary>The event of which this process made exactly this row for this place; null: it is not known any more, and the row is to be opened.</summary>
    private object? Remember(string persistenceId, long sequence, SealedRow? row)
    {
        if (row is not { Bytes: { Length: >= Overhead } bytes })
        {
            return null;
        }

        ref var slot = ref _made[SlotOf(bytes)];
        if (slot is not { } made || made.Sequence != sequence || made.PersistenceId != persistenceId || made.Row.Manifest != row.Manifest
            || !bytes.AsSpan().SequenceEqual(made.Row.Bytes))
        {
            return null;
        }

        slot = null;
        return made.Event;
    }

    private static int SlotOf(ReadOnlySpan<byte> row) => (int)(BinaryPrimitives.ReadUInt64BigEndian(row[CounterAt..]) % Remembered);

    private sealed record Made(string PersistenceId, long Sequence, SealedRow Row, object Event);

    private const int MaxManifest = 16;

    private static int BoundLength(string persistenceId) => 13 + 3 + 8 + 4 + Encoding.UTF8.GetMaxByteCount(persistenceId.Length) + (4 * MaxManifest);

    /// <summary>What a row is authenticated with besides its bytes.</summary>
    private static ReadOnlySpan<byte> Bind(
        ReadOnlySpan<byte> kind, ReadOnlySpan<byte> head, string persistenceId, long sequence, string manifest, Span<byte> into)
    {
        kind.CopyTo(into);
        var at = kind.Length;
        head[..WriterAt].CopyTo(into[at..]);
        at += WriterAt;
        BinaryPrimitives.WriteInt64BigEndian(into[at..], sequence);
        at += 8;
        var length = Encoding.UTF8.GetBytes(persistenceId, into[(at + 4)..]);
        BinaryPrimitives.WriteInt32BigEndian(into[at..], length);
        at += 4 + length;
        return into[..(at + Encoding.UTF8.GetBytes(manifest, into[at..]))];
    }

    private static ReadOnlySpan<byte> Nonce(ReadOnlySpan<byte> row, Span<byte> into)
    {
        into.Clear();
        row.Slice(CounterAt, 8).CopyTo(into[^8..]);
        return into;
    }

    private Writer WriterNow()
    {
        var (writer, generation) = (_writer, ring.Writing);
        if (writer?.Generation == generation)
        {
            return writer;
        }

        // Two threads may make one each: both are good.
        var name = BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16));
        return _writer = new Writer(generation, name, _keys.Of(generation, name));
    }

    private sealed class Writer(int generation, UInt128 name, byte[] key)
    {
        private readonly ThreadLocal<AesGcm> _ciphers = new(() => new AesGcm(key, AesSeal.TagLength));
        private long _count;

        public int Generation => generation;

        public UInt128 Name => name;

        /// <summary>The calling thread's own.</summary>
        public AesGcm Cipher => _ciphers.Value!;

        public long Next() => Interlocked.Increment(ref _count);
    }
}
