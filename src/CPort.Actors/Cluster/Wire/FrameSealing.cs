using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CPort.Actors.Cluster.Wire;

/// <summary>Why a frame that reached a node is not taken. Never shown to who sent it.</summary>
public enum FrameRefusal
{
    /// <summary>Too short, or of another version: no frame of a node's.</summary>
    Malformed = 1,

    /// <summary>Sealed under a key that this node does not have.</summary>
    UnknownKey = 2,

    /// <summary>Not sealed by who holds the key, or changed since.</summary>
    Forged = 3,

    /// <summary>Older than it may be, or from a clock too far ahead.</summary>
    Expired = 4,

    /// <summary>Seen before.</summary>
    Replayed = 5,
}

/// <summary>
/// How nodes know that a frame comes from a node, whatever is in it: every frame, Akka's own as well, is sealed (AES-256-GCM) under a key that only nodes have,
/// and bears when it was sealed and until when it is good. So a caller in a message is one that a node has authenticated. One for all connections of a
/// node; thread-safe. What it seals is confidential too, though without the forward secrecy of TLS.
/// </summary>
/// <remarks>
/// A frame is: version (1 byte), key id (8), connection (16 random bytes, one for each direction of each connection), counter (8), sealed at and good until
/// (8 each, Unix milliseconds), then the sealed payload with its tag (16). Everything before the payload is authenticated with it. The key is derived for
/// the connection and direction, and the counter is the nonce; it only grows, so that a frame is taken once in its connection, and a connection's random
/// bytes are remembered until its first frame has expired, so that no connection is taken twice.
/// </remarks>
public sealed class FrameSealing(WireKey key, TimeSpan skew, TimeProvider time)
{
    /// <summary>By how much a frame is longer than what it carries.</summary>
    public const int Overhead = HeaderLength + TagLength;

    private const byte Version = 1;
    private const int KeyIdLength = 8;
    private const int ConnectionLength = 16;
    private const int ConnectionAt = 1 + KeyIdLength;
    private const int CounterAt = ConnectionAt + ConnectionLength;
    private const int HeaderLength = CounterAt + 3 * sizeof(long);
    private const int TagLength = 16;
    private const int NonceLength = 12;
    private const int ManySeen = 1_000;

    /// <summary>
    /// How long a frame is good: longer than it may wait in buffers between nodes that still count as reachable, and what somebody who records frames has
    /// to send them again.
    /// </summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly WireKey _key = key;
    private readonly TimeSpan _skew = skew;
    private readonly TimeProvider _time = time;
    private readonly Dictionary<UInt128, long> _seen = [];
    private readonly Lock _seenLock = new();

    /// <summary>For what one side of a new connection writes.</summary>
    /// <param name="asCaller">Whether that side made the connection.</param>
    public Sealer NewSealer(bool asCaller) => new(this, asCaller);

    /// <summary>For what one side of a new connection reads.</summary>
    /// <param name="asCaller">Whether the <em>other</em> side, which sealed it, made the connection.</param>
    public Opener NewOpener(bool asCaller) => new(this, asCaller);

    private static AesGcm Cipher(WireKey key, ReadOnlySpan<byte> connection, bool asCaller)
    {
        Span<byte> derived = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Bytes, derived, connection, asCaller ? "cport-frame-1 caller"u8 : "cport-frame-1 called"u8);
        var cipher = new AesGcm(derived, TagLength);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    private static void Nonce(ReadOnlySpan<byte> header, Span<byte> nonce)
    {
        nonce.Clear();
        header.Slice(CounterAt, sizeof(long)).CopyTo(nonce[^sizeof(long)..]);
    }

    private static long Read(ReadOnlySpan<byte> header, int field) => BinaryPrimitives.ReadInt64BigEndian(header[(CounterAt + (field * sizeof(long)))..]);

    private static void Write(Span<byte> header, int field, long value) =>
        BinaryPrimitives.WriteInt64BigEndian(header[(CounterAt + (field * sizeof(long)))..], value);

    /// <summary>False: a connection with these random bytes was there before.</summary>
    private bool IsNew(ReadOnlySpan<byte> connection, long goodUntil)
    {
        var id = BinaryPrimitives.ReadUInt128BigEndian(connection);
        lock (_seenLock)
        {
            if (_seen.Count >= ManySeen)
            {
                var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
                foreach (var gone in _seen.Where(s => s.Value < now).Select(s => s.Key).ToArray())
                {
                    _seen.Remove(gone);
                }
            }

            return _seen.TryAdd(id, goodUntil + (long)_skew.TotalMilliseconds);
        }
    }

    /// <summary>Seals one direction of one connection. Not thread-safe: frames must be written in the order they were sealed in anyway.</summary>
    public sealed class Sealer
    {
        private readonly FrameSealing _sealing;
        private readonly byte[] _start = new byte[CounterAt];
        private readonly AesGcm _cipher;
        private long _counter;

        internal Sealer(FrameSealing sealing, bool asCaller)
        {
            _sealing = sealing;
            var key = sealing._key;
            _start[0] = Version;
            System.Text.Encoding.ASCII.GetBytes(key.Id, _start.AsSpan(1, KeyIdLength));
            RandomNumberGenerator.Fill(_start.AsSpan(ConnectionAt));
            _cipher = Cipher(key, _start.AsSpan(ConnectionAt), asCaller);
        }

        public byte[] Seal(ReadOnlySpan<byte> payload)
        {
            var frame = new byte[payload.Length + Overhead];
            var header = frame.AsSpan(0, HeaderLength);
            var now = _sealing._time.GetUtcNow().ToUnixTimeMilliseconds();
            _start.CopyTo(header);
            Write(header, 0, ++_counter);
            Write(header, 1, now);
            Write(header, 2, now + (long)Lifetime.TotalMilliseconds);
            Span<byte> nonce = stackalloc byte[NonceLength];
            Nonce(header, nonce);
            _cipher.Encrypt(nonce, payload, frame.AsSpan(HeaderLength, payload.Length), frame.AsSpan(^TagLength..), header);
            return frame;
        }
    }

    /// <summary>Opens one direction of one connection, frame by frame. Not thread-safe.</summary>
    public sealed class Opener
    {
        private readonly FrameSealing _sealing;
        private readonly bool _asCaller;
        private byte[] _start = [];
        private AesGcm? _cipher;
        private long _counter;

        internal Opener(FrameSealing sealing, bool asCaller) => (_sealing, _asCaller) = (sealing, asCaller);

        /// <summary>By how much the last frame's clock was ahead of this node's, its way included; for the log.</summary>
        public TimeSpan Ahead { get; private set; }

        /// <summary>What the frame carries, or why it is refused; after a refusal the connection is to be closed.</summary>
        public byte[]? Open(ReadOnlySpan<byte> frame, out FrameRefusal? refusal)
        {
            if (frame.Length < Overhead || frame[0] != Version)
            {
                refusal = FrameRefusal.Malformed;
                return null;
            }

            var header = frame[..HeaderLength];
            var connection = header.Slice(ConnectionAt, ConnectionLength);
            var key = _sealing._key;
            if (!System.Text.Ascii.Equals(header.Slice(1, KeyIdLength), key.Id))
            {
                refusal = FrameRefusal.UnknownKey;
                return null;
            }

            var first = _cipher is null;
            if (!first && !header[..CounterAt].SequenceEqual(_start))
            {
                // Of another connection: who has no key can do no better.
                refusal = FrameRefusal.Forged;
                return null;
            }

            _cipher ??= Cipher(key, connection, _asCaller);
            var payload = new byte[frame.Length - Overhead];
            Span<byte> nonce = stackalloc byte[NonceLength];
            Nonce(header, nonce);
            try
            {
                _cipher.Decrypt(nonce, frame[HeaderLength..^TagLength], frame[^TagLength..], payload, header);
            }
            catch (AuthenticationTagMismatchException)
            {
                refusal = FrameRefusal.Forged;
                return null;
            }

            var (counter, sealedAt, goodUntil) = (Read(header, 0), Read(header, 1), Read(header, 2));
            var now = _sealing._time.GetUtcNow().ToUnixTimeMilliseconds();
            var skew = (long)_sealing._skew.TotalMilliseconds;
            Ahead = TimeSpan.FromMilliseconds(sealedAt - now);
            refusal = sealedAt - skew > now || goodUntil + skew < now ? FrameRefusal.Expired
                : counter <= _counter || (first && !_sealing.IsNew(connection, goodUntil)) ? FrameRefusal.Replayed
                : null;
            if (refusal is not null)
            {
                return null;
            }

            if (first)
            {
                _start = header[..CounterAt].ToArray();
            }

            _counter = counter;
            return payload;
        }
    }
}
