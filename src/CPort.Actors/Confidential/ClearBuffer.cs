using System.Buffers;

namespace CPort.Actors.Confidential;

/// <summary>
/// What is written in the clear before it is sealed: one buffer a thread, as secrets and rows are sealed all day; zeroed when it is given back. Who takes it
/// has it alone.
/// </summary>
internal static class ClearBuffer
{
    private const int First = 4_096;

    /// <summary>A larger one is not kept by its thread.</summary>
    private const int Kept = 256 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    /// <param name="sizeHint">How much will be written, where that is known.</param>
    public static ArrayBufferWriter<byte> Take(int sizeHint = 0)
    {
        if (sizeHint > Kept)
        {
            return new ArrayBufferWriter<byte>(sizeHint);
        }

        var buffer = _buffer ?? new ArrayBufferWriter<byte>(First);
        _buffer = null;
        return buffer;
    }

    public static void Return(ArrayBufferWriter<byte> buffer)
    {
        buffer.Clear(); // zeroes what was written
        if (buffer.Capacity <= Kept)
        {
            _buffer = buffer;
        }
    }
}
