using System.Buffers;
using System.IO.Pipelines;
using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Reading;

/// <summary>
/// A request's JSON body, read strictly (<see cref="StrictJson"/>), as a parameter of endpoints. <see cref="Fields"/> reads its values; endpoints call
/// <see cref="Check"/> before they use what was read.
/// </summary>
public sealed class JsonBody<T> : IEndpointParameterMetadataProvider
    where T : class
{
    private JsonBody(T value, FieldReader fields) => (Value, Fields) = (value, fields);

    public T Value { get; }

    public FieldReader Fields { get; }

    /// <summary>Binds a parameter; throws <see cref="ApiProblemException"/> on anything that is not such a body.</summary>
    public static async ValueTask<JsonBody<T>?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var limits = http.RequestServices.GetRequiredService<IntakeLimits>();
        var utf8 = await RequestBody.ReadAsync(http, BodyLimits.Bytes<T>(limits));
        RequestDigest.Note(http, utf8);
        return StrictJson.TryRead<T>(utf8.Span, limits, out var value, out var problem)
            ? new JsonBody<T>(value, new FieldReader(limits, RequestBody.Codes(http), http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()))
            : throw ApiProblemException.Of(problem);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        builder.Metadata.Add(RequestBody.Accepts<T>("application/json"));
        builder.Metadata.Add(RequestBody.CodesParameter);
    }

    /// <inheritdoc cref="FieldReader.Check"/>
    public void Check() => Fields.Check();
}

/// <summary>What endpoints read of a request besides JSON.</summary>
public static class RequestBody
{
    private const int FirstRoom = 256 * 1024;

    /// <summary>
    /// The body's bytes; throws <see cref="ApiProblemException"/> (413) beyond <paramref name="maxBytes"/>, (415) when it is compressed, (429, 503) when too
    /// much is under way already (<see cref="BodiesUnderWay"/>).
    /// </summary>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpContext http, int maxBytes)
    {
        RefuseEncoding(http);
        if (http.Request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        var share = http.RequestServices.GetRequiredService<BodiesUnderWay>().Begin(http.Features.Get<Caller>()?.Agency);
        http.Response.RegisterForDispose(share);

        // A long body gets room as it comes: a length that is only claimed keeps nobody else's body out.
        var buffer = new ArrayBufferWriter<byte>((int)Math.Clamp(http.Request.ContentLength ?? 4096, 256, Math.Min(maxBytes, FirstRoom)));
        share.Grow(buffer.Capacity);
        var reader = http.Request.BodyReader;
        while (true)
        {
            var result = await NextAsync(reader, http);
            foreach (var segment in result.Buffer)
            {
                if (buffer.WrittenCount + segment.Length > maxBytes)
                {
                    throw TooLarge(maxBytes);
                }

                buffer.Write(segment.Span);
                share.Grow(buffer.Capacity);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return buffer.WrittenMemory;
            }
        }
    }

    /// <summary>A chunk that is none, or a body that ends early, fails as a database might; the fault is the sender's.</summary>
    private static async ValueTask<ReadResult> NextAsync(PipeReader reader, HttpContext http)
    {
        try
        {
            return await reader.ReadAsync(http.RequestAborted);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "The body cannot be read: it breaks off, or a chunk of it is malformed.");
        }
    }

    /// <summary>
    /// Documents the body's type and refuses none: a body that is no JSON gets an error that says so, and tools that send another Content-Type by default (curl
    /// does) need no option. The document leaves <c>*/*</c> out.
    /// </summary>
    public static IAcceptsMetadata Accepts<T>(params string[] types) => new AcceptsMetadata([.. types, "*/*"], typeof(T));

    /// <summary>Compressed bodies are not taken: a few bytes could unpack to any size.</summary>
    public static void RefuseEncoding(HttpContext http)
    {
        if (http.Request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            throw ApiProblemException.Of(ProblemCodes.UnsupportedMediaType, "Send the body without Content-Encoding.");
        }
    }

    /// <summary>Endpoints whose bodies have codes take it.</summary>
    public static readonly QueryParameter CodesParameter = new("codes");

    /// <summary>ICCAM v3's codes, or v2's when the query says <c>codes=v2</c>.</summary>
    public static CodeGeneration Codes(HttpContext http) => http.Request.Query["codes"].ToString() switch
    {
        "" or "v3" => CodeGeneration.V3,
        "v2" => CodeGeneration.V2,
        _ => throw ApiProblemException.OfField("codes", ProblemCodes.UnknownCode, "codes is v2 or v3."),
    };

    private static ApiProblemException TooLarge(int maxBytes) =>
        ApiProblemException.Of(ProblemCodes.TooLarge, $"The body is larger than {maxBytes} bytes (limit: body size).");
}
