using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CPort.Api.Answers;

/// <summary>
/// A place in a list, opaque to callers: base64url of a typed position, the list's name and a checksum. The checksum finds cut or mixed-up cursors; it is no
/// secret, so a position must never grant what its reader could not ask for anyway.
/// </summary>
public static class Cursor
{
    private const int MaxLength = 1_000;
    private const int ChecksumBytes = 6;

    public static string Write<T>(string list, T position)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(position, ApiJson.Options);
        return Base64Url.EncodeToString([.. Checksum(list, json), .. json]);
    }

    public static bool TryRead<T>(string list, string? text, [NotNullWhen(true)] out T? position)
    {
        position = default;
        if (text is not { Length: > 0 and <= MaxLength } || !Base64Url.IsValid(text))
        {
            return false;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= ChecksumBytes || !bytes.AsSpan(0, ChecksumBytes).SequenceEqual(Checksum(list, bytes.AsSpan(ChecksumBytes))))
        {
            return false;
        }

        try
        {
            position = JsonSerializer.Deserialize<T>(bytes.AsSpan(ChecksumBytes), ApiJson.Options);
            return position is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The position, the start (<c>default</c>) without a cursor; throws <see cref="ApiProblemException"/> (400) on anything else.</summary>
    public static T? Read<T>(string list, string? text) =>
        string.IsNullOrEmpty(text) ? default
        : TryRead<T>(list, text, out var position) ? position
        : throw ApiProblemException.Of(ProblemCodes.MalformedCursor, "Use a cursor as the answer before gave it, with the same list and filters.");

    private static byte[] Checksum(string list, ReadOnlySpan<byte> json)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(list));
        hash.AppendData([0]);
        hash.AppendData(json);
        return hash.GetHashAndReset()[..ChecksumBytes];
    }
}
