using System.Security.Cryptography;

namespace CPort.Node.Client;

/// <summary>
/// A file that is read forwards, from its start or from where an earlier run stopped, and is known again by all that was read of it: a file that has grown
/// since is the same, one with anything else before that place is another.
/// </summary>
public sealed class SourceFile(Stream file) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Lock _lock = new();
    private long _hashed;

    /// <summary>Bytes read so far and their hash.</summary>
    public string Fingerprint
    {
        get
        {
            lock (_lock)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{_hashed}:{Convert.ToHexStringLower(_hash.GetCurrentHash())}");
            }
        }
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => file.Length;
    public override long Position { get => file.Position; set => throw new NotSupportedException(); }

    /// <summary>Whether the point belongs to this file, which then stands at <paramref name="offset"/>; only before anything was read.</summary>
    public async Task<bool> GoOnAsync(ResumePoint point, long offset, CancellationToken cancellation = default)
    {
        if (!long.TryParse(point.Source.Split(':')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || offset > length || length > file.Length)
        {
            return false;
        }

        var buffer = new byte[1 << 16];
        while (_hashed < length && await ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - _hashed)), cancellation) > 0)
        {
        }

        file.Position = offset;
        return point.Source == Fingerprint;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var at = file.Position;
        var read = await file.ReadAsync(buffer, cancellationToken);
        Note(at, buffer.Span[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var at = file.Position;
        var read = file.Read(buffer, offset, count);
        Note(at, buffer.AsSpan(offset, read));
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    // What an earlier run read beyond where it stopped comes a second time.
    private void Note(long at, ReadOnlySpan<byte> read)
    {
        lock (_lock)
        {
            var known = (int)Math.Min(_hashed - at, read.Length);
            _hash.AppendData(read[known..]);
            _hashed += read.Length - known;
        }
    }
}
