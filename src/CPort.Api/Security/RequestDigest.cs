using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CPort.Domain.Confidential;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Security;

/// <summary>
/// A keyed digest of a request as it came: method, path, query, If-Match and body. Tells a command that is sent again from another one under the same command
/// id. Keyed, because a plain hash of a short body could be guessed.
/// </summary>
internal static class RequestDigest
{
    private const string Purpose = "request-digest-1";
    private static readonly object BodyKey = new();

    /// <summary>Notes the body, once it is read.</summary>
    public static void Note(HttpContext http, ReadOnlyMemory<byte> body) => http.Items[BodyKey] = body;

    /// <summary>Never 0.</summary>
    public static ulong Of(HttpContext http)
    {
        var mac = http.RequestServices.GetRequiredService<ConfidentialSeam>().Keyed(Purpose, Whole(http));
        return Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(mac));
    }
    /// <summary>What is digested: to be kept nowhere, a short body could be guessed from its hash.</summary>
    public static byte[] Whole(HttpContext http)
    {
        var request = http.Request;
        var body = http.Items[BodyKey] is ReadOnlyMemory<byte> noted ? noted : default;
        return
        [
            .. Encoding.UTF8.GetBytes($"{request.Method}\0{request.Path}\0{request.QueryString}\0{request.Headers.IfMatch}\0"), .. SHA256.HashData(body.Span),
        ];
    }
}
